"""A schema as the rows of a table: every member with its path, type, class of data and limits. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

import msgspec

from tillway.contracts import resolve

# A schema that contains itself is followed no deeper.
DEPTH_MAX: Final = 8
# A table that is longer is read by nobody.
ROWS_MAX: Final = 400

_BRANCHES: Final = ("allOf", "anyOf", "oneOf")
_LIMITS: Final = (
    ("minimum", "maximum", ""),
    ("minLength", "maxLength", " characters"),
    ("minItems", "maxItems", " items"),
)


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """One member: `path` is dotted, with `[]` for the items of a list and `*` for any name."""

    path: str
    depth: int
    type: str
    required: bool
    data_class: str | None
    description: str
    limits: tuple[str, ...]


def rows(root: Mapping[str, Any], schema: Mapping[str, Any]) -> tuple[Row, ...]:
    """The members of a schema in its order, each path once."""
    found: dict[str, Row] = {}
    for row in _walk(root, schema, "", 0):
        if len(found) == ROWS_MAX:
            break
        found.setdefault(row.path, row)
    return tuple(found.values())


def followed(root: Mapping[str, Any], schema: Mapping[str, Any]) -> Mapping[str, Any]:
    """The schema itself, or what its reference leads to, with what stands beside the reference."""
    for _ in range(DEPTH_MAX):
        if "$ref" not in schema:
            break
        beside = {key: value for key, value in schema.items() if key != "$ref"}
        schema = {**resolve(root, schema["$ref"].removeprefix("#")), **beside}
    return schema


def typed(root: Mapping[str, Any], schema: Mapping[str, Any]) -> str:
    """What a value is, in a few words."""
    schema = followed(root, schema)
    if "const" in schema:
        return f"always {schema['const']}"
    if "enum" in schema:
        return " | ".join("null" if each is None else str(each) for each in schema["enum"])
    named = schema.get("type")
    if named is None:
        options = [typed(root, each) for branch in _BRANCHES for each in schema.get(branch, ())]
        return " or ".join(dict.fromkeys(options)) or "any"
    words = [named] if isinstance(named, str) else list(named)
    if "array" in words and isinstance(schema.get("items"), Mapping):
        words[words.index("array")] = f"list of {_plural(typed(root, schema['items']))}"
    if "format" in schema:
        words[0] = f"{words[0]} ({schema['format']})"
    return " or ".join(words)


def limits(schema: Mapping[str, Any]) -> tuple[str, ...]:
    """What else holds for a value, in a few words each."""
    said = [_between(schema[low], schema.get(high), what) for low, high, what in _LIMITS if low in schema]
    said += [f"up to {schema[high]}{what}" for low, high, what in _LIMITS if high in schema and low not in schema]
    if "default" in schema and schema["default"] not in ([], {}):
        said.append(f"default {schema['default']}")
    return tuple(said)


def _between(low: Any, high: Any, what: str) -> str:
    if high is None:
        return f"from {low}{what}" if what == "" or low != 1 else "not empty"
    return f"{low}{what}" if low == high else f"{low} to {high}{what}"


def _plural(word: str) -> str:
    return f"{word}s" if word in {"string", "object", "integer", "number", "boolean"} else word


def _walk(root: Mapping[str, Any], schema: Mapping[str, Any], prefix: str, depth: int) -> Iterator[Row]:
    schema = followed(root, schema)
    if depth > DEPTH_MAX:
        return
    required = set(schema.get("required", ()))
    members = dict(schema.get("properties", {}))
    if isinstance(schema.get("additionalProperties"), Mapping):
        members["*"] = schema["additionalProperties"]
    for name, member in members.items():
        yield from _member(root, member, f"{prefix}{name}", required=name in required, depth=depth)
    for branch in _BRANCHES:
        for each in schema.get(branch, ()):
            yield from _walk(root, each, prefix, depth)
    if isinstance(schema.get("items"), Mapping):
        yield from _walk(root, schema["items"], f"{prefix.removesuffix('.')}[]." if prefix else "[].", depth)


def _member(
    root: Mapping[str, Any], member: Mapping[str, Any], path: str, *, required: bool, depth: int
) -> Iterator[Row]:
    whole = followed(root, member)
    yield Row(
        path=path,
        depth=depth,
        type=typed(root, whole),
        required=required,
        data_class=whole.get("x-data-class"),
        description=whole.get("description", ""),
        limits=limits(whole),
    )
    yield from _walk(root, whole, f"{path}.", depth + 1)
