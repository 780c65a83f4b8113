"""Which field has which class: read off a schema once, in the form that masking asks for. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from tillway.contracts.operation import resolve

_CLASS: Final = "x-data-class"
_ANY: Final = "*"

# A schema that contains itself is followed no deeper; fields below have no class and so count as most sensitive.
DEPTH_MAX: Final = 16


def classes_of(schema: Mapping[str, Any], under: str = "") -> dict[str, str]:
    """Dotted path to class, list positions left out, `*` for any member; `under` is put before every path."""
    return dict(_walk(schema, schema, under.split(".") if under else [], 0))


def _walk(root: Mapping[str, Any], node: Mapping[str, Any], path: list[str], depth: int) -> Iterator[tuple[str, str]]:
    if depth > DEPTH_MAX:
        return
    if "$ref" in node:
        yield from _walk(root, resolve(root, node["$ref"].removeprefix("#")), path, depth + 1)
    members = dict(node.get("properties", {}))
    if isinstance(node.get("additionalProperties"), Mapping):
        members[_ANY] = node["additionalProperties"]
    for name, member in members.items():
        here = [*path, name]
        if _CLASS in member:
            yield ".".join(here), member[_CLASS]
        yield from _walk(root, member, here, depth + 1)
    for inside in (node.get("items"), *node.get("anyOf", ()), *node.get("allOf", ()), *node.get("oneOf", ())):
        if isinstance(inside, Mapping):
            yield from _walk(root, inside, path, depth + 1)
