"""Own fields hold what was declared, and nothing else is told of them."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from tillway.retail import DataClass, OwnField, OwnKind, own_value, told_own_fields
from tillway.retail.own_field import OWN_TEXT_MAX

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


def field(kind: OwnKind, name: str = "one", **more: Any) -> OwnField:
    return OwnField(name=name, kind=kind, data_class=DataClass.PUBLIC, about="One.", **more)


@pytest.mark.parametrize(
    ("kind", "value", "held"),
    [
        ("text", "Ghent", "Ghent"),
        ("number", Decimal("12.50"), "12.50"),
        ("number", Decimal("1E+3"), "1000"),
        ("boolean", False, False),
        ("date", date(2026, 11, 23), "2026-11-23"),
        ("moment", NOON, "2026-11-23T12:00:00Z"),
        ("choice", "A", "A"),
    ],
)
def test_a_value_is_held_as_it_goes_on_the_wire_and_told_as_it_is_held(
    kind: OwnKind, value: Any, held: str | bool
) -> None:
    own = field(kind, choices=("A",) if kind == "choice" else ())
    assert own_value(own, value) == held
    assert told_own_fields({"one": own}, {"one": held}) == {"one": held}


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("text", 7),
        ("text", "x" * (OWN_TEXT_MAX + 1)),
        ("number", "12"),
        ("number", Decimal("NaN")),
        ("number", Decimal("1E+15")),
        ("boolean", "maybe"),
        ("date", NOON),
        ("moment", NOON.replace(tzinfo=None)),
        ("choice", "B"),
    ],
)
def test_a_value_of_another_kind_is_refused_without_being_repeated(kind: OwnKind, value: Any) -> None:
    with pytest.raises(ValueError, match=r"^(is|has|must) ") as refused:
        own_value(field(kind, choices=("A",) if kind == "choice" else ()), value)
    assert str(value) not in str(refused.value)


def test_what_was_read_before_a_field_was_taken_out_or_retyped_is_not_told() -> None:
    held = {"gone": "x", "days": "many", "origin": "Ghent", "fragile": "no", "launch": "soon", "class": "C"}
    now = (
        field("number", "days"),
        field("text", "origin"),
        field("boolean", "fragile"),
        field("date", "launch"),
        field("choice", "class", choices=("A",)),
    )
    assert told_own_fields({each.name: each for each in now}, held) == {"origin": "Ghent"}
