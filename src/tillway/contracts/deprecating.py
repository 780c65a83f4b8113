"""Members that are on their way out, marked in a document as it is served. Pure: the document itself stays as it is.

A schema that stands in many places may be deprecated in one: what leads to the member is copied into the operation,
and only there it is marked.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from tillway.contracts.operation import METHODS, followed, resolve

# Where a schema may be made of parts.
_PARTS: Final = ("allOf", "anyOf", "oneOf")

_SUCCESS: Final = "2"

# Schemas nested deeper are left alone; it also ends those that contain themselves.
DEPTH_MAX: Final = 32


@dataclass(frozen=True, kw_only=True, slots=True)
class Ending:
    """What is told of something on its way out: since when, until when at least, and what to use instead."""

    since: date | None = None
    sunset: date | None = None
    successor: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class EndingMember:
    """A member of what an operation takes or answers, by its dotted path; lists are passed through."""

    operation: str
    path: str
    ending: Ending


def steps(path: str) -> tuple[str, ...]:
    """The names on a dotted path: `lines[].note` and `lines.note` are the same."""
    return tuple(step for step in path.replace("[]", "").split(".") if step)


def marked(
    content: Mapping[str, Any], lifecycle: str, ending: Ending, members: Iterable[EndingMember]
) -> Mapping[str, Any]:
    """The document with its lifecycle told, and `deprecated: true` with `x-sunset` wherever something ends."""
    wanted: dict[str, list[EndingMember]] = {}
    for member in members:
        wanted.setdefault(member.operation, []).append(member)
    told = _told(ending)
    info = {**content["info"], "x-tillway-lifecycle": {"state": lifecycle, **told}}
    paths = {}
    for path, item in content["paths"].items():
        paths[path] = {
            name: _operation(content, node, wanted.get(node["operationId"], ()), all_of_it=lifecycle == "deprecated")
            if name in METHODS
            else node
            for name, node in item.items()
        }
    return {**content, "info": info, "paths": paths}


def absent(content: Mapping[str, Any], members: Iterable[EndingMember]) -> tuple[EndingMember, ...]:
    """Those members that the document does not know, so that a wrong name is no silent deprecation."""
    operations = {
        node["operationId"]: node
        for item in content["paths"].values()
        for name, node in item.items()
        if name in METHODS
    }
    return tuple(
        member
        for member in members
        if member.operation not in operations
        or _operation(content, operations[member.operation], (member,), all_of_it=False) == operations[member.operation]
    )


def _operation(
    content: Mapping[str, Any], node: Mapping[str, Any], members: Iterable[EndingMember], *, all_of_it: bool
) -> Mapping[str, Any]:
    if all_of_it:
        node = {**node, "deprecated": True}
    for member in members:
        names = steps(member.path)
        if "requestBody" in node:
            body = _media(content, node["requestBody"], names, member.ending)
            node = node if body is None else {**node, "requestBody": body}
        responses = dict(node["responses"])
        for status, response in node["responses"].items():
            answer = _media(content, response, names, member.ending) if str(status).startswith(_SUCCESS) else None
            if answer is not None:
                responses[status] = answer
        if responses != node["responses"]:
            node = {**node, "responses": responses}
    return node


def _media(content: Mapping[str, Any], node: Any, names: tuple[str, ...], ending: Ending) -> dict[str, Any] | None:
    """A body with the member marked; None when it has no such member."""
    node = _own(content, node)
    media, found = {}, False
    for media_type, each in node.get("content", {}).items():
        schema = _schema(content, each.get("schema", {}), names, ending)
        found = found or schema is not None
        media[media_type] = each if schema is None else {**each, "schema": schema}
    return {**node, "content": media} if found else None


def _schema(
    content: Mapping[str, Any], node: Any, names: tuple[str, ...], ending: Ending, depth: int = 0
) -> dict[str, Any] | None:
    """The schema with the member marked; None when it has no such member."""
    if not names:
        # OpenAPI 3.1: other keywords may stand beside a reference.
        return {**node, "deprecated": True, **_told(ending, prefix="x-")}
    if depth > DEPTH_MAX:
        return None
    node, deeper = _own(content, node), depth + 1
    if "items" in node:
        items = _schema(content, node["items"], names, ending, deeper)
        return None if items is None else {**node, "items": items}
    properties = node.get("properties", {})
    inside = _schema(content, properties[names[0]], names[1:], ending, deeper) if names[0] in properties else None
    if inside is not None:
        return {**node, "properties": {**properties, names[0]: inside}}
    for part in _PARTS:
        parts = [_schema(content, each, names, ending, deeper) for each in node.get(part, ())]
        if any(each is not None for each in parts):
            kept = [old if new is None else new for old, new in zip(node[part], parts, strict=True)]
            return {**node, part: kept}
    return None


def _own(content: Mapping[str, Any], node: Any) -> Any:
    """The node itself, or what its reference leads to."""
    if "$ref" not in node:
        return node
    return resolve(content, followed(content, node["$ref"].removeprefix("#")))


def _told(ending: Ending, *, prefix: str = "") -> dict[str, str]:
    told = {"deprecated": ending.since, "sunset": ending.sunset, "successor": ending.successor}
    if prefix:
        told["deprecated-since"] = told.pop("deprecated")
    return {f"{prefix}{name}": str(value) for name, value in told.items() if value is not None}
