"""Pruning: a value without the members that its schema does not know. Pure but for the value, which it changes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from itertools import islice
from typing import Any, Final

import jsonschema_rs

from tillway.contracts.validators import shown, validator

# Errors looked at in one value: an order of 500 lines with one strange member each. What has more is of another
# contract, keeps them, and is found to break this one.
ERRORS_MAX: Final = 1_000

Prune = Callable[[Any], tuple[str, ...]]
"""Takes what no contract knows out of a value, and tells the pointers of it."""


def pruner(content: Mapping[str, Any], pointer: str) -> Prune:
    """The pruning by the schema at a JSON pointer of a document.

    Only what a closed object (`additionalProperties: false`) does not know is taken out: exactly what `checker` would
    name by the rule `additionalProperties`. What stands inside a choice of schemas is left: which one is meant is open.
    """
    errors = validator(content, pointer).iter_errors

    def prune(value: Any) -> tuple[str, ...]:
        found = [strange for error in islice(errors(value), ERRORS_MAX) for strange in _strange(error)]
        # The innermost first: what stands around it may go as well.
        for tokens, name, _ in sorted(found, key=lambda each: -len(each[0])):
            _object(value, tokens).pop(name, None)
        return tuple(pointer for _, _, pointer in found)

    return prune


def _strange(error: jsonschema_rs.ValidationError) -> Iterator[tuple[list[str | int], str, str]]:
    kind = error.kind
    if isinstance(kind, jsonschema_rs.ValidationErrorKind.AdditionalProperties):
        place = "".join(f"/{shown(str(token))}" for token in error.instance_path)
        for name in kind.unexpected:
            yield error.instance_path, name, f"{place}/{shown(name)}"


def _object(value: Any, tokens: list[str | int]) -> dict[str, Any]:
    for token in tokens:
        value = value[token]
    found: dict[str, Any] = value
    return found
