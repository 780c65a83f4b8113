"""Cutting values to classes of data: by schema, through lists, maps and structs, and nothing copied that is clean."""

from __future__ import annotations

from decimal import Decimal

import msgspec
import pytest

from tillway.contracts import Cuts, Tally, cut, load, plan

OPEN = frozenset({"public", "internal", "confidential"})
WIDE = OPEN | {"personal"}

SCHEMA = {
    "type": "object",
    "required": ["id", "customer", "phone"],
    "properties": {
        "id": {"type": "string", "x-data-class": "internal"},
        "customer": {"type": ["string", "null"], "x-data-class": "personal"},
        "phone": {"type": "string", "x-data-class": "personal"},
        "address": {"$ref": "#/$defs/Address", "x-data-class": "personal"},
        "lines": {"type": "array", "items": {"$ref": "#/$defs/Line"}, "x-data-class": "internal"},
        "notes": {
            "type": "object",
            "additionalProperties": {"$ref": "#/$defs/Line", "x-data-class": "internal"},
            "x-data-class": "internal",
        },
        "secrets": {
            "type": "object",
            "additionalProperties": {"type": "string", "x-data-class": "secret"},
            "x-data-class": "internal",
        },
        "open": {"type": "object", "x-data-class": "confidential"},
        "either": {
            "anyOf": [{"$ref": "#/$defs/Address"}, {"$ref": "#/$defs/Line"}, {"type": "null"}],
            "x-data-class": "internal",
        },
        "shown": {"type": "string", "x-data-class": "secret", "x-tillway-disclosed": True},
        "unclassed": {"type": "string"},
    },
    "$defs": {
        "Address": {
            "type": "object",
            "properties": {
                "city": {"type": "string", "x-data-class": "internal"},
                "name": {"type": "string", "x-data-class": "personal"},
                "sku": {"type": "string", "x-data-class": "personal"},
            },
        },
        "Line": {
            "type": "object",
            "properties": {
                "sku": {"type": "string", "x-data-class": "public"},
                "gift_for": {"type": "string", "x-data-class": "personal"},
                "parts": {"type": "array", "items": {"$ref": "#/$defs/Line"}, "x-data-class": "internal"},
            },
        },
    },
}


def minimised(value, classes=OPEN):
    tally = Tally()
    return cut(plan(SCHEMA), classes).of(value, tally), tally


@pytest.mark.parametrize(
    ("value", "left", "withheld", "unknown"),
    [
        ({"id": "1", "customer": "c"}, {"id": "1", "customer": None}, 1, 0),
        ({"id": "1", "phone": "1"}, {"id": "1"}, 1, 0),
        ({"id": "1", "address": {"city": "x"}}, {"id": "1"}, 1, 0),
        ({"id": "1", "new": {"a": 1}}, {"id": "1"}, 0, 1),
        ({"lines": [{"sku": "a"}, {"sku": "b", "gift_for": "x"}]}, {"lines": [{"sku": "a"}, {"sku": "b"}]}, 1, 0),
        (
            {"lines": [{"parts": [{"parts": [{"gift_for": "x", "x": 1}]}]}]},
            {"lines": [{"parts": [{"parts": [{}]}]}]},
            1,
            1,
        ),
        ({"notes": {"a": {"sku": "s", "gift_for": "x"}}}, {"notes": {"a": {"sku": "s"}}}, 1, 0),
        ({"secrets": {"a": "s"}}, {"secrets": {}}, 1, 0),
        ({"open": {"anything": [1]}}, {"open": {"anything": [1]}}, 0, 0),
        ({"either": {"city": "x", "name": "n"}}, {"either": {"city": "x"}}, 1, 0),
        # Where two schemas may both hold, the more closed class counts.
        ({"either": {"sku": "s"}}, {"either": {}}, 1, 0),
        ({"either": None, "lines": None}, {"either": None, "lines": None}, 0, 0),
        ({"shown": "s", "unclassed": "u"}, {"shown": "s"}, 1, 0),
    ],
)
def test_what_may_not_be_read_or_is_not_known_goes(value, left, withheld, unknown):
    found, tally = minimised(value)
    assert (found, tally) == (left, Tally(withheld, unknown))


@pytest.mark.parametrize(
    ("value", "classes"),
    [
        ({"id": "1", "lines": [{"sku": "a", "parts": []}], "notes": None}, OPEN),
        ({"id": "1", "customer": "c", "phone": "1", "address": {"name": "n"}}, WIDE),
    ],
)
def test_what_is_clean_is_given_back_itself(value, classes):
    assert minimised(value, classes)[0] is value


def test_a_schema_that_says_nothing_of_the_inside_needs_no_cut():
    assert cut(plan({"type": "string"}), OPEN) is None
    assert cut(plan({"type": "array", "items": {"type": "string"}}), OPEN) is None


class Line(msgspec.Struct):
    sku: str
    gift_for: str | None = None


class Order(msgspec.Struct, rename={"number": "id"}):
    number: str
    lines: list[Line]


class Clean(msgspec.Struct):
    sku: str
    price: Decimal = Decimal(1)


def test_structs_are_cut_as_json_has_them_and_left_alone_when_clean():
    whole = Order("1", [Line("a", "x")])
    assert minimised(whole) == ({"id": "1", "lines": [{"sku": "a"}]}, Tally(1))
    assert minimised(whole, WIDE)[0] is whole
    assert minimised({"lines": [Clean("a")]}) == ({"lines": [{"sku": "a"}]}, Tally(0, 1))


def _fields(root, schema, depth=0):
    """Every classed field of a schema with where it stands."""
    if depth > 12 or not isinstance(schema, dict):
        return
    if "$ref" in schema:
        node = root
        for step in schema["$ref"].removeprefix("#/").split("/"):
            node = node[step.replace("~1", "/")]
        yield from _fields(root, node, depth + 1)
    for word in ("allOf", "anyOf", "oneOf"):
        for inside in schema.get(word, ()):
            yield from _fields(root, inside, depth + 1)
    for name, inside in schema.get("properties", {}).items():
        yield name, inside, name in schema.get("required", ())
        yield from _fields(root, inside, depth + 1)
    for word in ("items", "additionalProperties"):
        if isinstance(schema.get(word), dict):
            yield from _fields(root, schema[word], depth + 1)


OPERATIONS = [(document, operation) for document, operation in load().operations()]


@pytest.mark.parametrize(("document", "operation"), OPERATIONS, ids=[operation.id for _, operation in OPERATIONS])
def test_an_answer_keeps_its_contract_without_what_is_closed(document, operation):
    """A field that may be withheld is optional or may be null: otherwise withholding it would break the promise."""
    for pointer in filter(None, operation.responses.values()):
        for name, field, required in _fields(document.content, {"$ref": f"#{pointer}"}):
            closed = field.get("x-data-class") in {"personal", "payment", "secret"}
            shown = field.get("x-tillway-disclosed") or "null" in field.get("type", ())
            assert not (closed and required and not shown), f"{operation.id}: {name}"


@pytest.mark.parametrize(("document", "operation"), OPERATIONS, ids=[operation.id for _, operation in OPERATIONS])
def test_whoever_may_not_read_personal_data_is_answered_none(document, operation):
    """Every example, and the schema filled to the brim: no field of a closed class is left."""
    cuts = Cuts(document, operation)
    for status, pointer in operation.responses.items():
        if pointer is None or not status.startswith("2"):
            continue
        whole = _filled(document.content, {"$ref": f"#{pointer}"})
        found = cuts.of(int(status), OPEN)
        left = whole if found is None else found.of(whole, Tally())
        assert _marks(left) <= OPEN | {"shown"}, operation.id
        assert _marks(whole) - {"shown"} <= _marks(left) | {"personal", "payment", "secret"}, operation.id


def _filled(root, schema, data_class="internal", depth=0):
    """A value in which every text says the class of its field."""
    while "$ref" in schema:
        node = root
        for step in schema["$ref"].removeprefix("#/").split("/"):
            node = node[step.replace("~1", "/").replace("~0", "~")]
        schema = node
    inside = [each for word in ("allOf", "anyOf", "oneOf") for each in schema.get(word, ())]
    if "properties" in schema:
        return {
            name: _filled(root, each, _mark(each), depth + 1)
            for name, each in schema["properties"].items()
            if depth < 12
        }
    if isinstance(schema.get("additionalProperties"), dict):
        values = schema["additionalProperties"]
        return {"any": _filled(root, values, values.get("x-data-class", data_class), depth + 1)}
    if "items" in schema:
        return [_filled(root, schema["items"], data_class, depth + 1)] if depth < 12 else []
    return next(
        (_filled(root, each, data_class, depth + 1) for each in inside if each.get("type") != "null"), data_class
    )


def _mark(schema):
    return "shown" if schema.get("x-tillway-disclosed") else schema.get("x-data-class", "secret")


def _marks(value):
    if isinstance(value, dict):
        return set().union(*map(_marks, value.values()))
    if isinstance(value, list):
        return set().union(*map(_marks, value))
    return set() if value is None else {value}


class Part(msgspec.Struct, frozen=True):
    sku: str


class Whole(msgspec.Struct, frozen=True):
    id: str
    lines: tuple[Part, ...] = ()
    notes: dict[str, Part] = {}


class Gift(msgspec.Struct, frozen=True):
    sku: str
    gift_for: str | None = None


class WithGifts(msgspec.Struct, frozen=True):
    id: str
    lines: tuple[Gift | None, ...] = ()


class Knot(msgspec.Struct, frozen=True):
    sku: str
    parts: tuple[Knot, ...] = ()


class Knots(msgspec.Struct, frozen=True):
    id: str
    lines: tuple[Knot, ...] = ()
    open: object = None


@pytest.mark.parametrize(
    ("value", "lost"),
    [
        (Knots("1", (Knot("A", (Knot("B"),)),), {"anything": ["at", "all"]}), 0),
        (WithGifts("1", (Gift("A"), None)), 1),
        (WithGifts("1", (Gift("A", "Ann"), Gift("B", "Bob"))), 2),
    ],
)
def test_what_a_type_cannot_hold_is_not_looked_for_and_what_it_can_is(value, lost):
    narrow = cut(plan(SCHEMA), OPEN)
    assert narrow is not None
    tally, plain = Tally(), msgspec.to_builtins(value)
    found = narrow.of(value, tally)
    assert (tally.withheld, found is value) == (lost, lost == 0)
    assert msgspec.to_builtins(found) == narrow.of(plain, Tally())


def test_a_type_with_a_map_of_things_with_fields_is_looked_into():
    narrow = cut(plan(SCHEMA), OPEN)
    assert narrow is not None
    value = Whole("1", notes={"one": Part("A")})
    assert msgspec.to_builtins(narrow.of(value, Tally())) == msgspec.to_builtins(value)


MAPS = {
    "type": "object",
    "properties": {
        "attributes": {"type": "object", "additionalProperties": {"type": "string"}, "x-data-class": "public"},
        "contacts": {"type": "object", "additionalProperties": {"type": "string"}, "x-data-class": "personal"},
    },
}


def test_values_of_a_map_have_the_class_of_its_field_unless_they_name_one():
    narrow, value = cut(plan(MAPS), OPEN), {"attributes": {"Size": "S"}, "contacts": {"home": "Ann"}}
    assert narrow is not None
    assert narrow.of(value, Tally()) == {"attributes": {"Size": "S"}}


def test_a_map_that_stands_in_no_field_is_of_no_known_class():
    narrow = cut(plan({"type": "object", "additionalProperties": {"type": "string"}}), WIDE)
    assert narrow is not None
    assert narrow.of({"a": "b"}, Tally()) == {}
