"""The keywords of one schema that bound a value of one type, read into parts of shapes. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import Any, Final

from tillway.contracts.compatibility.change import Unreadable
from tillway.contracts.compatibility.nodes import ANYTHING, Node, Term, exact, joined, members
from tillway.contracts.compatibility.shapes import Contains, Kind, Layer, Lists, Numbers, Objects, Part, Seen, Texts

# Every keyword of the dialects that is read, by where it is read; whatever else differs is breaking.
OF_NUMBERS: Final = frozenset({"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"})
OF_TEXTS: Final = frozenset({"minLength", "maxLength", "pattern"})
OF_LISTS: Final = frozenset({
    "items", "prefixItems", "additionalItems", "minItems", "maxItems", "uniqueItems", "contains", "minContains",
    "maxContains",
})  # fmt: skip
OF_OBJECTS: Final = frozenset({
    "properties", "patternProperties", "additionalProperties", "required", "minProperties", "maxProperties",
    "propertyNames",
})  # fmt: skip
UNINTERPRETED: Final = ("format", "contentEncoding", "contentMediaType")
OF_ALL: Final = frozenset({
    "type", "enum", "const", "nullable", "$ref", "$dynamicRef", "$recursiveRef", "allOf", "anyOf", "oneOf", "not",
    "if", "then", "else", "dependentRequired", "dependentSchemas", "dependencies", "unevaluatedProperties",
    "unevaluatedItems", "contentSchema", *UNINTERPRETED,
})  # fmt: skip
NOTES: Final = frozenset({
    "default", "readOnly", "writeOnly", "deprecated", "discriminator", "x-data-class", "x-tillway-disclosed",
})  # fmt: skip
UNDERSTOOD: Final = OF_NUMBERS | OF_TEXTS | OF_LISTS | OF_OBJECTS | OF_ALL | NOTES


def numbers(node: Node) -> Numbers:
    """Bounds and steps of a number."""
    raw = node.raw
    low, low_open = _bound(node, "minimum", "exclusiveMinimum")
    high, high_open = _bound(node, "maximum", "exclusiveMaximum")
    step = number(node, "multipleOf")
    if step is not None and step <= 0:
        raise Unreadable(f"{node.pointer}/multipleOf is not above zero")
    return Numbers(low, low_open, high, high_open, frozenset(() if "multipleOf" not in raw else (step or Fraction(1),)))


def _bound(node: Node, plain: str, exclusive: str) -> tuple[Fraction | None, bool]:
    """Of the two forms the narrower; OpenAPI 3.0 and the oldest drafts say with true that the plain one is open."""
    bound = number(node, plain)
    apart = node.raw.get(exclusive)
    if isinstance(apart, bool):
        return bound, apart and bound is not None
    other = number(node, exclusive)
    if other is None or bound is None:
        return (bound, False) if other is None else (other, True)
    closer = bound > other if plain == "minimum" else bound < other
    return (bound, False) if closer else (other, True)


def number(node: Node, word: str) -> Fraction | None:
    """An exact number; None when the keyword is not there."""
    value = node.raw.get(word)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise Unreadable(f"{node.pointer}/{word} is not a number")
    return exact(value)


def count(node: Node, word: str) -> int | None:
    """A length; None when the keyword is not there."""
    value = number(node, word)
    if value is None:
        return None
    if value < 0 or value.denominator != 1:
        raise Unreadable(f"{node.pointer}/{word} is not a count")
    return int(value)


def texts(node: Node) -> Texts:
    """Lengths and the pattern."""
    pattern = node.raw.get("pattern")
    if pattern is not None and not isinstance(pattern, str):
        raise Unreadable(f"{node.pointer}/pattern is not a text")
    return Texts(
        count(node, "minLength") or 0, count(node, "maxLength"), frozenset(() if pattern is None else (pattern,))
    )


def lists(node: Node) -> Lists:
    """Items and how many. The older way to write a list of items is read too."""
    raw = node.raw
    first, rest = raw.get("prefixItems"), raw.get("items", True)
    word, rest_word = "prefixItems", "items"
    if isinstance(rest, list):
        first, rest, word, rest_word = rest, raw.get("additionalItems", True), "items", "additionalItems"
    if not isinstance(first, list | None):
        raise Unreadable(f"{node.pointer}/{word} is not a list")
    contains: tuple[Contains, ...] = ()
    if "contains" in raw:
        low = count(node, "minContains")
        contains = (Contains(term(node, "contains"), 1 if low is None else low, count(node, "maxContains")),)
    return Lists(
        prefix=tuple(_term(node, each, word, at) for at, each in enumerate(first or ())),
        rest=_term(node, rest, rest_word),
        low=count(node, "minItems") or 0,
        high=count(node, "maxItems"),
        unique=raw.get("uniqueItems") is True,
        contains=contains,
    )


def objects(node: Node) -> Objects:
    """Members, which must be there, and how many."""
    layer = Layer(
        {name: _inside(each) for name, each in members(node, "properties")},
        {pattern: _inside(each) for pattern, each in members(node, "patternProperties")},
        term(node, "additionalProperties"),
    )
    return Objects(
        layers=(layer,) if layer.members or layer.patterns or layer.further else (),
        required=frozenset(names(node, "required", node.raw.get("required", []))),
        low=count(node, "minProperties") or 0,
        high=count(node, "maxProperties"),
        names=joined(term(node, "propertyNames")),
    )


def names(node: Node, word: str, value: Any) -> list[str]:
    """A list of names. `required: true` of the oldest drafts is not read."""
    if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
        raise Unreadable(f"{node.pointer}/{word} is not a list of names")
    return value


def term(node: Node, word: str) -> Term:
    """The schema of a keyword as a term."""
    return _term(node, node.raw.get(word, True), word)


def _term(node: Node, raw: Any, *path: str | int) -> Term:
    return ANYTHING if raw is True or raw == {} else (node.sub(raw, *path),)


def _inside(node: Node) -> Term:
    return ANYTHING if node.raw is True or node.raw == {} else (node,)


READERS: Final[Mapping[Kind, tuple[frozenset[str], Callable[[Node], Part]]]] = {
    "number": (OF_NUMBERS, numbers),
    "string": (OF_TEXTS, texts),
    "array": (OF_LISTS, lists),
    "object": (OF_OBJECTS, objects),
}


def seen(node: Node) -> Seen:
    """What the keywords of this very schema look at."""
    raw = node.raw
    items = raw.get("items")
    first = raw.get("prefixItems", items if isinstance(items, list) else ())
    return Seen(
        names=frozenset(raw.get("properties", ())),
        patterns=frozenset(raw.get("patternProperties", ())),
        items=len(first),
        all_names="additionalProperties" in raw,
        all_items="additionalItems" in raw or ("items" in raw and not isinstance(items, list)),
        unsure="contains" in raw or "dependentSchemas" in raw or isinstance(raw.get("dependencies"), dict),
    )
