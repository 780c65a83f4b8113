"""Whom a comparison breaks: its changes against what each consumer may use, or was seen to use. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import msgspec

from tillway.contracts.compatibility.change import Change, Comparison
from tillway.contracts.compatibility.nodes import Dialect, Source
from tillway.contracts.compatibility.operations import operations


class Use(msgspec.Struct, frozen=True, kw_only=True):
    """What one consumer uses: the operations its scopes open and any field, or what the census saw of it.

    `fields` are the pointers that it sends or reads, by operation; None, and an operation that is not named, mean all.
    """

    operations: frozenset[str]
    fields: Mapping[str, frozenset[str]] | None = None


def opened(document: Mapping[str, Any], scopes: Collection[str]) -> Use:
    """What somebody with these scopes is declared to use of an OpenAPI document: operations, and any field of them."""
    found = operations(Source(document, Dialect())).values()
    asked = {each.name: each.node.raw.get("x-tillway-scope") for each in found}
    return Use(operations=frozenset(name for name, scope in asked.items() if scope is None or scope in scopes))


def broken(comparison: Comparison, uses: Mapping[str, Use]) -> Mapping[str, tuple[Change, ...]]:
    """The consumers that break, each with the changes that break it.

    A change of the whole document hits everybody who uses anything. Of a field that is gone from a response, or whose
    values widened there, only who reads it or something around it breaks; what a request must keep hits all who ask.
    """
    breaking = [each for each in comparison.changes if each.verdict == "breaking"]
    found = {name: tuple(each for each in breaking if _hits(each, use)) for name, use in uses.items()}
    return {name: changes for name, changes in found.items() if changes}


def _hits(change: Change, use: Use) -> bool:
    if change.operation is None:
        return bool(use.operations)
    if change.operation not in use.operations:
        return False
    known = None if use.fields is None else use.fields.get(change.operation)
    if known is None or change.field is None or change.rule in ASKED_OF_ALL:
        return True
    return any(_touches(pointer, change.field) for pointer in known)


# What hits also those who never sent the field: it is asked of everybody now.
ASKED_OF_ALL = frozenset({"field-required", "not-proven"})


def _touches(used: str, changed: str) -> bool:
    """Whether a field that is used is the one that changed, stands around it, or inside it."""
    return used == changed or used.startswith(f"{changed}/") or changed.startswith(f"{used}/")
