"""Validators: the schemas of the contracts, compiled once, and what is wrong with a value as `Violation`s. Pure.

A message never quotes the value: it may be personal, and messages travel to logs and parked work.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from itertools import islice
from typing import Any, Final
from urllib.parse import quote

import jsonschema_rs

from tillway.contracts.operation import escaped, resolve
from tillway.errors import Violation
from tillway.masking import scrub

# Violations told at most: enough to mend a request by, small enough for an answer and a log line.
VIOLATIONS_MAX: Final = 50

# Characters of a message: a list of unexpected members is cut here.
DETAIL_MAX: Final = 300

_MASK: Final = "this value"

Check = Callable[[Any], tuple[Violation, ...]]


def checker(content: Mapping[str, Any], pointer: str) -> Check:
    """The check of values against the schema at a JSON pointer of a document (`""`: the document is the schema).

    The answer is empty for a value that keeps the schema, otherwise every violation found, up to VIOLATIONS_MAX.
    """
    compiled = validator(content, pointer)
    is_valid, errors = compiled.is_valid, compiled.iter_errors

    def check(value: Any) -> tuple[Violation, ...]:
        if is_valid(value):
            return ()
        found = (violation for error in errors(value) for violation in _violations(error))
        return tuple(islice(found, VIOLATIONS_MAX))

    return check


def validator(content: Mapping[str, Any], pointer: str) -> jsonschema_rs.Draft202012Validator:
    """The schema at a JSON pointer of a document, compiled."""
    schema = resolve(content, pointer)
    # Most refer to nothing; with a whole document around each a door would take seconds to start.
    if pointer and _refers(schema):
        # A pointer in a reference is a URI fragment, where the braces of path templates have to be escaped.
        schema = {**content, "$ref": f"#{quote(pointer, safe='/~')}"}
    return jsonschema_rs.Draft202012Validator(
        schema, validate_formats=True, mask=_MASK, pattern_options=jsonschema_rs.RegexOptions(), offline=True
    )


def _refers(node: Any) -> bool:
    """Whether a schema refers to another place."""
    if isinstance(node, Mapping):
        return "$ref" in node or any(_refers(each) for each in node.values())
    return isinstance(node, list) and any(_refers(each) for each in node)


def _violations(error: jsonschema_rs.ValidationError) -> Iterator[Violation]:
    place = "".join(f"/{shown(str(token))}" for token in error.instance_path)
    kind = error.kind
    if isinstance(kind, jsonschema_rs.ValidationErrorKind.Required):
        yield Violation(pointer=f"{place}/{escaped(kind.property)}", detail="is required", rule="required")
    elif isinstance(kind, jsonschema_rs.ValidationErrorKind.AdditionalProperties):
        for name in kind.unexpected:
            pointer = f"{place}/{shown(name)}"[:DETAIL_MAX]
            yield Violation(pointer=pointer, detail="is not known here", rule="additionalProperties")
    else:
        yield Violation(pointer=place, detail=error.message[:DETAIL_MAX], rule=kind.name)


def shown(name: str) -> str:
    """A member's name in a pointer; what was sent as a name may be anything."""
    return escaped(scrub(name))
