"""Blocks made from the landscape's JSON Schema: every section with its fields."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from tests.pure.docs.pages import table

from tillway.landscape import json_schema
from tillway.landscape.landscape import INHERITED
from tillway.landscape.values import EVENT_PATTERN, ID_PATTERN, SCOPE_PATTERN

SCHEMA = json_schema()

_NAMED = {ID_PATTERN: "id", EVENT_PATTERN: "event type", SCOPE_PATTERN: "scope", r"^[A-Z]{3}$": "currency"}
_PLAIN = {"string": "text", "integer": "whole number", "number": "number", "boolean": "true or false"}


def sections() -> list[str]:
    """The names of all sections."""
    return list(SCHEMA["properties"])


def landscape() -> str:
    """Every section with its fields."""
    parts = []
    for name, section in SCHEMA["properties"].items():
        entry, by_id = _entry(section)
        told = section.get("description", "") or entry["description"]
        shape = f"`{name}: {{<id>: ...}}`. " if by_id else f"`{name}: {{...}}`. "
        parts.append(f"### {name}\n\n{shape}{told}\n\n{_fields(entry)}{_inside(entry)}")
    return "\n\n".join(parts)


def _entry(section: Mapping[str, Any]) -> tuple[Mapping[str, Any], bool]:
    """The definition of one entry, and whether entries stand under ids."""
    if "patternProperties" in section:
        return _resolved(next(iter(section["patternProperties"].values()))), True
    given = [each for each in section.get("anyOf", [section]) if each.get("type") != "null"]
    return _resolved(given[0]), False


def _resolved(node: Mapping[str, Any]) -> Mapping[str, Any]:
    reference = node.get("$ref")
    found: Mapping[str, Any] = SCHEMA["$defs"][reference.rsplit("/", 1)[-1]] if reference else node
    return found


def _fields(entry: Mapping[str, Any]) -> str:
    if "properties" not in entry:
        return f"Each is a {kind(entry)}."
    return table(["field", "kind", "default", "meaning"], list(_rows(entry)))


def _rows(entry: Mapping[str, Any]) -> Iterator[list[str]]:
    for name, field in entry.get("properties", {}).items():
        if name in entry.get("required", ()):
            default = "required"
        elif entry.get("title") == "Shop" and name in INHERITED:
            default = "the organisation's"
        else:
            default = _default(field.get("default"))
        yield [f"`{name}`", kind(field), default, field.get("description", "")]


def _default(value: Any) -> str:
    if value in (None, [], {}):
        return "none"
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"


def _inside(entry: Mapping[str, Any]) -> str:
    """What stands one level deeper: a shop's tills, a subscription's delivery."""
    parts = []
    for name, field in entry.get("properties", {}).items():
        inner = None
        if "patternProperties" in field:
            inner = _resolved(next(iter(field["patternProperties"].values())))
        elif "$ref" in field:
            inner = _resolved(field)
        if inner is not None and "properties" in inner and inner.get("title") != "SecretRef":
            parts.append(f"\n\n`{name}`: {inner['description']}\n\n{_fields(inner)}")
    return "".join(parts)


def kind(field: Mapping[str, Any]) -> str:
    """What a field holds, in a few words."""
    if "$ref" in field:
        return "secret" if field["$ref"].endswith("/SecretRef") else "mapping"
    if "anyOf" in field:
        return " or ".join(kind(each) for each in field["anyOf"] if each.get("type") != "null")
    if "const" in field:
        return f"`{field['const']}`"
    if "enum" in field:
        return ", ".join(f"`{each}`" for each in field["enum"])
    if field.get("type") == "array":
        return f"list of {kind(field.get('items', {}))}"
    if field.get("type") == "object":
        return "entries by id" if "patternProperties" in field else "mapping"
    if field.get("format") == "date":
        return "date"
    named = _NAMED.get(field.get("pattern", ""), _PLAIN.get(str(field.get("type")), "value"))
    low, high = field.get("minimum"), field.get("maximum")
    return named if low is None or high is None else f"{named}, {low:g} to {high:g}"
