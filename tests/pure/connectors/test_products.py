"""Products from rows that a real Odoo 19 gave (tests/fixtures/connector/products.json), changed one thing at a time."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tillway.connectors.odoo.mapping.products import Related, Skipped, attributes, gtin, product, unit, winners
from tillway.connectors.odoo.mapping.taxes import NotUnderstoodError, fitting, groups, matching, of_company
from tillway.connectors.odoo.mapping.values import decimal, price, reference, text
from tillway.retail import Product, Tax

FIXTURE = Path(__file__).parents[2] / "fixtures" / "connector" / "products.json"
ROWS = msgspec.json.Decoder(float_hook=Decimal).decode(FIXTURE.read_bytes())
RELATED = Related(
    taxes={row["id"]: row for row in ROWS["taxes"]},
    categories={row["id"]: row["parent_path"] for row in ROWS["categories"]},
    attributes=attributes(ROWS["attributes"]),
)
BLUE = ROWS["products"][1]


def mapped(related: Related = RELATED, company: str = "1", **changes: Any) -> Product | Skipped:
    row = {**BLUE, **changes}
    return product(row, related, company, winners([row]))


def test_a_variant_becomes_a_product() -> None:
    assert mapped(barcode="5900000000015", categ_id=[5, "Furniture / Office"]) == Product(
        sku="HUB-TS-1",
        name="Hub T-shirt",
        gtin="5900000000015",
        list_price=Decimal("25.00"),
        currency="USD",
        taxes=(Tax(id="1", name="15%", rate=Decimal(15), included=False),),
        unit="each",
        category="4/5/",
        template="89",
        variant="174",
        attributes={"Hub Size": "S", "Hub Color": "Blue"},
        active=True,
    )


def test_a_record_without_a_code_is_no_product() -> None:
    row = ROWS["products"][-1]

    assert product(row, RELATED, "1", {}) == Skipped(
        foreign_id=str(row["id"]), sku=None, reason="no internal reference: it can't be sold by SKU"
    )


def test_of_records_with_one_code_the_first_in_use_wins() -> None:
    rows = [
        {"id": 9, "default_code": "A", "active": True},
        {"id": 3, "default_code": "A", "active": False},
        {"id": 5, "default_code": "A", "active": True},
        {"id": 2, "default_code": "B", "active": False},
        {"id": 1, "default_code": "B", "active": False},
        {"id": 4, "default_code": False, "active": True},
    ]

    assert winners(rows) == {"A": 5, "B": 1}


def test_the_loser_of_a_code_is_reported_with_the_winner() -> None:
    assert product(BLUE, RELATED, "1", {"HUB-TS-1": 12}) == Skipped(
        foreign_id="174", sku="HUB-TS-1", reason="its internal reference belongs to record 12"
    )


@pytest.mark.parametrize(("active", "sale_ok"), [(False, True), (True, False)])
def test_what_is_archived_or_not_for_sale_is_inactive(active: bool, sale_ok: bool) -> None:
    found = mapped(active=active, sale_ok=sale_ok)

    assert isinstance(found, Product)
    assert found.active is False


@pytest.mark.parametrize("changes", [{"default_code": " A"}, {"default_code": "x" * 65}, {"name": "n" * 501}])
def test_what_we_can_not_hold_is_reported(changes: dict[str, Any]) -> None:
    found = mapped(**changes)

    assert isinstance(found, Skipped)
    assert found.reason.startswith("not a product we can hold: ")


def test_a_tax_that_is_no_percentage_keeps_the_product_out() -> None:
    fixed = {**RELATED.taxes[1], "id": 7, "amount_type": "fixed"}
    related = Related(taxes={7: fixed}, categories={}, attributes={})

    assert mapped(related, taxes_id=[7]) == Skipped(
        foreign_id="174", sku="HUB-TS-1", reason="tax 7 is of kind fixed, not a percentage"
    )


@pytest.mark.parametrize(
    ("value", "expected"),
    [("5900000000008", "5900000000008"), ("5900000000000", None), ("SHELF-7", None), (False, None), ("", None)],
)
def test_only_a_right_gtin_is_one(value: Any, expected: str | None) -> None:
    assert gtin(value) == expected


@pytest.mark.parametrize(("value", "expected"), [([1, "Units"], "each"), ([3, "kg"], "kg"), (False, "each")])
def test_units_are_counted_or_measured(value: Any, expected: str) -> None:
    assert unit(value) == expected


# Taxes


def tax(key: int, **changes: Any) -> dict[str, Any]:
    plain = {
        "id": key,
        "name": f"T{key}",
        "amount": Decimal("10.0"),
        "amount_type": "percent",
        "price_include": False,
        "company_id": [1, "C"],
        "active": True,
        "children_tax_ids": [],
    }
    return {**plain, **changes}


def test_only_the_companys_own_taxes_in_use_hold() -> None:
    known = {1: tax(1), 2: tax(2, company_id=[2, "Other"]), 3: tax(3, active=False), 4: tax(4, price_include=True)}

    assert [(each.id, each.included) for each in of_company([4, 3, 2, 1, 99], known, "1")] == [
        ("1", False),
        ("4", True),
    ]
    assert matching([4, 3, 2, 1, 99], known, "1") == [1, 4]


def test_a_group_is_taken_apart_for_us_and_left_whole_for_odoo() -> None:
    known = {8: tax(8, amount_type="group", children_tax_ids=[2, 1]), 1: tax(1), 2: tax(2)}

    assert [each.id for each in of_company([8], known, "1")] == ["1", "2"]
    assert matching([8], known, "1") == [8]
    assert groups(known.values()) == [8]


def test_a_group_that_holds_itself_ends() -> None:
    known = {8: tax(8, amount_type="group", children_tax_ids=[8])}

    assert of_company([8], known, "1") == ()


def test_a_tax_by_division_is_not_understood() -> None:
    with pytest.raises(NotUnderstoodError):
        of_company([1], {1: tax(1, amount_type="division")}, "1")


def test_the_tax_that_was_printed_is_found() -> None:
    rows = [tax(1, amount=15), tax(2, price_include=True), tax(3, company_id=[2, "O"]), tax(4), tax(5)]

    assert fitting(rows, Decimal(10), "1", included=False) == 4
    assert fitting(rows, Decimal("10.00"), "1", included=True) == 2
    assert fitting(rows, Decimal(7), "1", included=False) is None


# Values


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (Decimal("22.500000000000004"), "22.5"),
        (Decimal("102.72999999999999"), "102.73"),
        (Decimal("20.0"), "20"),
        (1200, "1200"),
        (Decimal("0.0"), "0"),
        (Decimal("-5E-9"), "0"),
    ],
)
def test_numbers_lose_their_noise(value: Any, expected: str) -> None:
    assert str(decimal(value)) == expected


@pytest.mark.parametrize("value", [True, "1", None, False])
def test_what_is_no_number_is_refused(value: Any) -> None:
    with pytest.raises(ValueError):
        decimal(value)


@pytest.mark.parametrize(
    ("value", "currency", "expected"),
    [(20, "USD", "20.00"), (Decimal("22.125"), "EUR", "22.125"), (Decimal("300.0"), "JPY", "300")],
)
def test_prices_show_at_least_their_minor_unit(value: Any, currency: str, expected: str) -> None:
    assert str(price(value, currency)) == expected


def test_nothing_is_false_over_there() -> None:
    assert [
        text(False),
        text("  "),
        text("a"),
        reference(False),
        reference([7, "x"]),
        reference(7),
        reference(True),
    ] == [
        None,
        None,
        "a",
        None,
        "7",
        "7",
        None,
    ]
