"""Outlines: the fields that a schema knows, so that a value's fields can be named without naming its data. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any, Final

import msgspec

from tillway.contracts.documents import Documents
from tillway.contracts.operation import Document, Operation, escaped, resolve

# Schemas nested deeper are cut there; it also ends those that contain themselves.
DEPTH_MAX: Final = 12

# Elements of a list that are looked at: they are alike, and a page may have hundreds.
ELEMENTS_MAX: Final = 8

_PARTS: Final = ("allOf", "anyOf", "oneOf")


class Outline(msgspec.Struct, frozen=True):
    """Known members of an object, what the elements of a list are, and what further members of a map are."""

    members: Mapping[str, Outline] = {}
    elements: Outline | None = None
    further: Outline | None = None


NOTHING: Final = Outline()


def outline(content: Mapping[str, Any], pointer: str | None) -> Outline:
    """The outline of the schema at a pointer of a document; of nothing without one."""
    return NOTHING if pointer is None else _outline(content, resolve(content, pointer), 0)


def pointers(known: Outline, value: Any, at: str = "") -> Iterator[str]:
    """The pointers of a value's fields that its schema knows; positions in lists and names in maps are `*`."""
    if isinstance(value, Mapping):
        for name, inside in value.items():
            member = known.members.get(name)
            if member is not None:
                here = f"{at}/{escaped(name)}"
                yield here
                yield from pointers(member, inside, here)
            elif known.further is not None:
                yield from pointers(known.further, inside, f"{at}/*")
    elif isinstance(value, list) and known.elements is not None:
        for inside in islice(value, ELEMENTS_MAX):
            yield from pointers(known.elements, inside, f"{at}/*")


class Outlines:
    """The outlines of all operations, made when first asked for."""

    def __init__(self, documents: Documents) -> None:
        self._documents: dict[str, Document] = {
            operation.id: document for document, operation in documents.operations()
        }
        self._made: dict[tuple[str, int], Outline] = {}

    def sent(self, operation: Operation) -> Outline:
        """What a request of this operation may hold."""
        return self._outline(operation, 0, operation.body)

    def read(self, operation: Operation, status: int) -> Outline:
        """What an answer of this status may hold; nothing for one that is not promised."""
        try:
            pointer = operation.response(status)
        except KeyError:
            return NOTHING
        return self._outline(operation, status, pointer)

    def _outline(self, operation: Operation, status: int, pointer: str | None) -> Outline:
        key = (operation.id, status)
        made = self._made.get(key)
        if made is None:
            made = self._made[key] = outline(self._documents[operation.id].content, pointer)
        return made


def _outline(content: Mapping[str, Any], node: Any, depth: int) -> Outline:
    if depth > DEPTH_MAX or not isinstance(node, Mapping):
        return NOTHING
    if "$ref" in node:
        return _outline(content, resolve(content, node["$ref"].removeprefix("#")), depth + 1)
    own = Outline(
        members={name: _outline(content, each, depth + 1) for name, each in node.get("properties", {}).items()},
        elements=_outline(content, node["items"], depth + 1) if "items" in node else None,
        further=_further(content, node.get("additionalProperties"), depth),
    )
    for part in _PARTS:
        for each in node.get(part, ()):
            own = _merged(own, _outline(content, each, depth + 1))
    return own


def _further(content: Mapping[str, Any], node: Any, depth: int) -> Outline | None:
    return _outline(content, node, depth + 1) if isinstance(node, Mapping) else None


def _merged(one: Outline, two: Outline) -> Outline:
    return Outline({**one.members, **two.members}, one.elements or two.elements, one.further or two.further)
