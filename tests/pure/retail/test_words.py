from __future__ import annotations

import importlib
import pkgutil
import re
from datetime import datetime
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from msgspec import inspect
from tests.pure.retail.samples import NOON, product, rule, sale

import tillway.retail
from tillway.retail import Call, Criticality, DataClass, Money, Quantity, Word, classed
from tillway.retail.data_class import KEY
from tillway.retail.limits import AMOUNT_BOUNDS, FINEST, PERCENT_BOUNDS, QUANTITY_BOUNDS, UNIT_PRICE_BOUNDS
from tillway.retail.word import Bounds, settled


def _all_structs() -> list[type[msgspec.Struct]]:
    found: dict[str, type[msgspec.Struct]] = {}
    for module in pkgutil.iter_modules(tillway.retail.__path__):
        room = importlib.import_module(f"tillway.retail.{module.name}")
        for value in vars(room).values():
            if isinstance(value, type) and issubclass(value, msgspec.Struct) and value is not Word:
                found[value.__name__] = value
    return [found[name] for name in sorted(found)]


STRUCTS = [struct for struct in _all_structs() if struct.__module__.startswith("tillway.retail")]
NAMES = [struct.__name__ for struct in STRUCTS]


def _class_of(kind: inspect.Type) -> str | None:
    """The class that stands at the field itself, not somewhere below it."""
    return (kind.extra_json_schema or {}).get(KEY) if isinstance(kind, inspect.Metadata) else None


def _fields(struct: type[msgspec.Struct]) -> tuple[inspect.Field, ...]:
    kind = inspect.type_info(struct)
    assert isinstance(kind, inspect.StructType)
    return kind.fields


def test_the_walk_finds_the_words_the_room_is_about() -> None:
    assert {"Order", "OrderRequest", "Page", "PriceList", "Product", "Sale", "Tax", "Tender", "Totals"} <= set(NAMES)


@pytest.mark.parametrize("struct", STRUCTS, ids=NAMES)
def test_every_field_of_every_word_has_a_data_class(struct: type[msgspec.Struct]) -> None:
    known = {member.value for member in DataClass}
    assert {field.name: _class_of(field.type) for field in _fields(struct) if _class_of(field.type) not in known} == {}


@pytest.mark.parametrize("struct", STRUCTS, ids=NAMES)
def test_every_word_is_frozen_named_by_keyword_and_closed(struct: type[msgspec.Struct]) -> None:
    config = struct.__struct_config__
    own = struct.__struct_fields__
    assert (config.frozen, config.forbid_unknown_fields, issubclass(struct, Word)) == (True, True, True)
    with pytest.raises(TypeError):
        struct(*range(len(own)))


def _unbounded(kind: inspect.Type, where: str) -> list[str]:
    """Every string, list, number or dictionary that has no upper bound."""
    match kind:
        case inspect.Metadata():
            if isinstance(kind.type, inspect.DecimalType):
                return [] if (kind.extra or {}).get("bounds") else [where]
            return _unbounded(kind.type, where)
        case inspect.UnionType():
            return [found for part in kind.types for found in _unbounded(part, where)]
        case inspect.DecimalType() | inspect.FloatType():
            return [where]
        case inspect.StrType():
            return [where] if kind.max_length is None else []
        case inspect.IntType():
            return [where] if kind.le is None and kind.ge is None else []
        case inspect.VarTupleType():
            open_end = [where] if kind.max_length is None else []
            return open_end + (
                [] if isinstance(kind.item_type, inspect.StructType) else _unbounded(kind.item_type, where)
            )
        case inspect.DictType():
            open_end = [where] if kind.max_length is None else []
            return open_end + _unbounded(kind.key_type, where) + _unbounded(kind.value_type, where)
        case _:
            return []


@pytest.mark.parametrize("struct", STRUCTS, ids=NAMES)
def test_every_field_of_every_word_is_bounded(struct: type[msgspec.Struct]) -> None:
    assert [name for field in _fields(struct) for name in _unbounded(field.type, field.name)] == []


def test_data_classes_grow_more_sensitive_in_order() -> None:
    assert sorted(DataClass, key=lambda member: member.rank) == list(DataClass)
    assert DataClass.PUBLIC < DataClass.INTERNAL < DataClass.CONFIDENTIAL < DataClass.PERSONAL
    assert DataClass.SECRET > DataClass.PAYMENT >= DataClass.PAYMENT > DataClass.PERSONAL
    assert DataClass.PERSONAL <= DataClass.PERSONAL
    assert max(DataClass.PUBLIC, DataClass.PAYMENT, DataClass.INTERNAL) is DataClass.PAYMENT


def test_a_class_keeps_what_else_the_annotation_says() -> None:
    meta = classed(DataClass.PERSONAL, description="who", extra_json_schema={"examples": ["a"]})
    assert (meta.description, meta.extra_json_schema) == ("who", {"examples": ["a"], KEY: "personal"})


def test_the_card_reference_of_a_tender_is_payment_data_and_a_customer_is_personal() -> None:
    classes = {(struct.__name__, field.name): _class_of(field.type) for struct in STRUCTS for field in _fields(struct)}
    assert classes["Tender", "reference"] == "payment"
    assert {classes[word, "customer"] for word in ("Order", "OrderRequest", "OrderDefaults")} == {"personal"}


TWO = Bounds(whole=3, decimals=2)


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("1", "1"),
        ("1.10", "1.10"),
        ("-1.1", "-1.1"),
        ("999.99", "999.99"),
        ("1E+2", "100"),
        ("1.5000", "1.50"),  # four decimals written, one meant
        ("1." + "0" * 40, "1.00"),
        ("0.00000", "0.00"),
        ("-0.00", "0.00"),
        ("0E+9", "0"),
    ],
)
def test_a_decimal_within_bounds_is_kept_in_plain_digits(given: str, kept: str) -> None:
    assert str(settled(Decimal(given), TWO)) == kept


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ("NaN", "must be a finite number"),
        ("sNaN", "must be a finite number"),
        ("Infinity", "must be a finite number"),
        ("-Infinity", "must be a finite number"),
        ("1.001", "has more than 2 decimals"),
        ("1E-400", "has more than 2 decimals"),
        ("1." + "0" * 40 + "1", "has more than 2 decimals"),
        ("0.001000", "has more than 2 decimals"),
        ("1000", "has more than 3 digits before the point"),
        ("1E+400000", "has more than 3 digits before the point"),
    ],
)
def test_a_decimal_out_of_bounds_is_refused(given: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        settled(Decimal(given), TWO)


def test_a_decimal_that_may_not_be_negative_is_refused_when_it_is() -> None:
    with pytest.raises(ValueError, match="must not be negative"):
        settled(Decimal(-1), Bounds(3, 2, signed=False))
    assert Bounds(3, 2, signed=False).pattern == r"^[0-9]{1,3}(\.[0-9]{1,2})?$"


@pytest.mark.parametrize("bounds", [AMOUNT_BOUNDS, UNIT_PRICE_BOUNDS, QUANTITY_BOUNDS, PERCENT_BOUNDS])
def test_whatever_is_within_bounds_is_written_in_plain_digits(bounds: Bounds) -> None:
    smallest = Decimal(1).scaleb(-bounds.decimals)
    largest = Decimal(10) ** bounds.whole - smallest
    assert bounds.decimals <= FINEST
    for value in (smallest, -smallest, smallest * 0, largest, -largest, Decimal("1E+3")):
        assert re.fullmatch(bounds.pattern, str(settled(value, bounds)))


def test_making_a_word_checks_its_numbers_and_names_the_field() -> None:
    with pytest.raises(ValueError, match="`amount` must be a finite number"):
        Money(amount=Decimal("NaN"), currency="EUR")
    with pytest.raises(ValueError, match="`amount` has more than 6 decimals"):
        Quantity(amount=Decimal("0.0000001"))
    with pytest.raises(ValueError, match="`list_price` has more than 14 digits before the point"):
        product(price="100000000000000")


def test_a_time_without_a_zone_is_refused() -> None:
    naive = datetime(2026, 1, 1)  # noqa: DTZ001 - the mistake under test
    with pytest.raises(ValueError, match="`sold_at` must have a time zone"):
        sale(sold_at=naive)
    with pytest.raises(ValueError, match="`starts_at` must have a time zone"):
        rule(starts_at=naive)


def test_the_more_critical_call_sorts_first() -> None:
    calls = [
        Call(criticality=level, deadline=NOON, correlation="c", reference="r", company="1")
        for level in (Criticality.LOW, Criticality.CRITICAL, Criticality.NORMAL, Criticality.HIGH)
    ]
    assert [call.criticality.name for call in sorted(calls, key=lambda call: call.criticality)] == [
        "CRITICAL",
        "HIGH",
        "NORMAL",
        "LOW",
    ]


def test_the_front_door_names_what_it_exports_in_order() -> None:
    names = tillway.retail.__all__
    key = lambda name: (not name.isupper(), not name[0].isupper(), name)  # noqa: E731 - constants, words, verbs
    assert names == sorted(set(names), key=key)
    missing: list[Any] = [name for name in names if not hasattr(tillway.retail, name)]
    assert missing == []
