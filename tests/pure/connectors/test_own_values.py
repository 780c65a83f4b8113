"""Values of own fields that cannot be read are left out, and what is said of them does not repeat them."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tillway.connectors.odoo import OwnFieldInOdoo
from tillway.connectors.odoo.mapping.own_fields import own_values
from tillway.retail import DataClass, OwnField, OwnKind


@pytest.mark.parametrize(
    ("kind", "held"),
    [
        ("date", "Ada Lovelace"),
        ("moment", "Ada Lovelace"),
        ("number", "Ada Lovelace"),
        ("number", Decimal("1e40")),
        ("boolean", "Ada Lovelace"),
        ("text", "Ada Lovelace" * 100),
        ("choice", "Ada Lovelace"),
    ],
)
def test_what_is_said_of_a_wrong_value_does_not_repeat_it(kind: OwnKind, held: Any) -> None:
    field = OwnField(name="own", kind=kind, data_class=DataClass.PERSONAL, about="One.", choices=("A",))
    found = own_values([OwnFieldInOdoo(field=field, column="x_own")], {"own": held})
    assert found.values == {}
    (said,) = found.wrong
    assert "Ada" not in said
    assert "40" not in said
