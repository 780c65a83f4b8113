"""Fields that no contract knows: refused, kept for a person with their fact, or dropped and counted. Pure.

Whatever the verdict, none of them reaches a handler: a field that is added to a record one day must not have been
settable by whoever happened to send it before.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, Final
from urllib.parse import quote

from tillway.contracts import Operation, OperationChecks, escaped
from tillway.landscape import Landscape, UnknownFields
from tillway.masking import scrub

IGNORED: Final = b"x-ignored-fields"
"""The header that tells what was dropped, by JSON pointer."""

# Pointers told in that header; the census has them all.
IGNORED_MAX: Final = 10

# Bytes of a pointer that is told.
_POINTER_MAX: Final = 120

# Acts are refused for a misspelt field, however little the interface matters: without it they would be other acts.
_ACTS: Final = "operations"

_STRICT: Final = frozenset({"critical", "high"})

_ELEMENT: Final = re.compile(r"/[0-9]+(?=/|\Z)")


def verdict(operation: Operation, landscape: Landscape) -> UnknownFields:
    """What becomes of a body with fields that no contract knows.

    As the interface declares; else by its criticality. A fact is never refused: it is kept for a person. A request is
    never kept: whoever asks waits for an answer.
    """
    api = landscape.apis.get(operation.api)
    said = None if api is None else api.unknown_fields
    if said is None:
        strict = api is None or operation.api == _ACTS or api.criticality in _STRICT
        said = "reject" if strict else "flag"
    if said == "flag":
        return "flag"
    return "quarantine" if operation.fact else "reject"


def dropped(checks: OperationChecks, body: Any, landscape: Landscape) -> tuple[str, ...]:
    """Take out of a body what is to be dropped, and tell the pointers of it.

    Of a fact that is the envelope, which only carries: the single facts are judged by the handler.
    """
    if checks.body is None:
        return ()
    if checks.operation.fact:
        return _envelope(checks, body)
    return checks.prune(body) if verdict(checks.operation, landscape) == "flag" and checks.body(body) else ()


def told(pointers: Iterable[str]) -> bytes:
    """The value of the header."""
    shown = [quote(pointer[:_POINTER_MAX], safe="/*~") for pointer in pointers]
    return ", ".join(shown[:IGNORED_MAX] + ["..."] * (len(shown) > IGNORED_MAX)).encode()


def places(pointers: Iterable[str]) -> frozenset[str]:
    """The pointers as they are counted: each element of a list is `*`."""
    return frozenset(_ELEMENT.sub("/*", pointer) for pointer in pointers)


def _envelope(checks: OperationChecks, body: Any) -> tuple[str, ...]:
    if not isinstance(body, dict):
        return ()
    unknown = [name for name in body if name not in checks.members]
    for name in unknown:
        del body[name]
    return tuple(f"/{escaped(scrub(name))}" for name in unknown)
