"""Walking a document: nodes with their places, references, and what a schema holds. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

Path = tuple[str | int, ...]

# References that lead to references; more lead in a circle.
HOPS_MAX: Final = 32
# Schemas within schemas; no document that people read comes near it.
DEPTH_MAX: Final = 64

_MAPS: Final = ("properties", "patternProperties", "$defs", "dependentSchemas")
_LISTS: Final = ("allOf", "anyOf", "oneOf", "prefixItems")
_SINGLE: Final = ("items", "additionalProperties", "unevaluatedProperties", "contains", "not", "if", "then", "else")


@dataclass(frozen=True, slots=True)
class Node:
    """Something in a document and where it stands."""

    path: Path
    value: Mapping[str, Any]


def step(content: Any, path: Path) -> Any:
    """What stands at a path; None when nothing does."""
    for key in path:
        if isinstance(content, Mapping):
            content = content.get(key)
        elif isinstance(content, list) and isinstance(key, int) and key < len(content):
            content = content[key]
        else:
            return None
    return content


def target(reference: str) -> Path:
    """The path that a reference within the document names."""
    return tuple(
        int(token) if token.isdigit() else token.replace("~1", "/").replace("~0", "~")
        for token in reference.removeprefix("#").split("/")[1:]
    )


def referred(content: Any, reference: str) -> tuple[Path, Any]:
    """Where a reference leads, and what stands there; None when nothing does. Numbers may be keys, e.g. statuses."""
    path = target(reference)
    found = step(content, path)
    if found is None:
        path = tuple(str(token) for token in path)
        found = step(content, path)
    return path, found


def dereferenced(content: Any, node: Node) -> Node:
    """The node itself, or where its reference leads in the end."""
    for _ in range(HOPS_MAX):
        reference = _reference(node.value)
        if reference is None:
            break
        path, value = referred(content, reference)
        if not isinstance(value, Mapping):
            break
        node = Node(path, value)
    return node


def _reference(value: Any) -> str | None:
    found = value.get("$ref") if isinstance(value, Mapping) else None
    return found if isinstance(found, str) else None


def nested(schema: Node, depth: int = 0) -> Iterator[Node]:
    """A schema and every schema inside; references are not followed."""
    yield schema
    for path, inside in _inside(schema.value):
        if isinstance(inside, Mapping) and depth < DEPTH_MAX:
            yield from nested(Node((*schema.path, *path), inside), depth + 1)


def _inside(value: Mapping[str, Any]) -> Iterator[tuple[Path, Any]]:
    for word in _MAPS:
        found = value.get(word)
        if isinstance(found, Mapping):
            yield from (((word, name), inside) for name, inside in found.items())
    for word in _LISTS:
        for index, inside in enumerate(value.get(word, ())):
            yield (word, index), inside
    yield from (((word,), value[word]) for word in _SINGLE if word in value)
