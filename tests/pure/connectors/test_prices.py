"""Price lists from rows that a real Odoo 19 gave (tests/fixtures/connector/price_list.json)."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tillway.connectors.odoo.mapping.prices import fingerprint, price_list, rule
from tillway.retail import PriceList, PriceRule

FIXTURE = Path(__file__).parents[2] / "fixtures" / "connector" / "price_list.json"
ROWS = msgspec.json.Decoder(float_hook=Decimal).decode(FIXTURE.read_bytes())
VARIANT, TEMPLATE, ALL = ROWS["rules"]


def test_a_list_comes_with_its_rules_in_odoos_order() -> None:
    assert price_list(ROWS["list"], ROWS["rules"], {}) == PriceList(
        id="4",
        name="Hub PL",
        currency="USD",
        rules=(
            PriceRule(
                id="3",
                scope="variant",
                target="173",
                starts_at=datetime(2026, 11, 1, tzinfo=UTC),
                ends_at=datetime(2026, 12, 31, 23, 59, 59, tzinfo=UTC),
                kind="fixed",
                fixed=Decimal(12),
            ),
            PriceRule(id="2", scope="template", target="89", min_quantity=Decimal(10), kind="fixed", fixed=Decimal(15)),
            PriceRule(id="1", scope="all", kind="percentage", percent=Decimal(10)),
        ),
    )


def test_a_formula_keeps_what_is_set() -> None:
    row = {
        **ALL,
        "compute_price": "formula",
        "price_discount": Decimal("12.5"),
        "price_surcharge": Decimal("-0.01"),
        "price_round": Decimal("1.0"),
        "price_max_margin": Decimal("30.0"),
    }

    assert rule(row, {}) == PriceRule(
        id="1",
        scope="all",
        kind="formula",
        percent=Decimal("12.5"),
        surcharge=Decimal("-0.01"),
        rounding=Decimal(1),
        max_margin=Decimal(30),
    )


def test_numbers_of_a_former_kind_do_not_count() -> None:
    assert rule({**ALL, "fixed_price": Decimal("9.0")}, {}).fixed is None


def test_a_category_is_known_by_its_path() -> None:
    row = {**ALL, "applied_on": "2_product_category", "categ_id": [5, "Furniture / Office"]}

    assert [rule(row, paths).target for paths in ({5: "4/5/"}, {})] == ["4/5/", "5"]


@pytest.mark.parametrize(
    ("changes", "base", "base_list"),
    [
        ({"base": "standard_price"}, "cost", None),
        ({"base": "pricelist", "base_pricelist_id": [9, "Base"]}, "other-list", "9"),
    ],
)
def test_other_bases_are_named(changes: dict[str, Any], base: str, base_list: str | None) -> None:
    found = rule({**ALL, **changes}, {})

    assert (found.base, found.base_list, found.understood) == (base, base_list, True)


@pytest.mark.parametrize(
    "changes",
    [
        {"compute_price": "code"},
        {"base": "last_purchase"},
        {"applied_on": "4_brand"},
        {"applied_on": "1_product", "product_tmpl_id": False},
    ],
)
def test_what_we_have_no_word_for_is_kept_as_not_understood(changes: dict[str, Any]) -> None:
    assert rule({**ALL, **changes}, {}).understood is False


def test_a_fingerprint_does_not_depend_on_order() -> None:
    lists, rules = [{"id": 1}, {"id": 2}], [{"id": 3, "fixed_price": Decimal("1.0")}, {"id": 4}]

    assert fingerprint(lists, rules) == fingerprint(lists[::-1], rules[::-1])


def test_a_fingerprint_sees_every_change() -> None:
    row = {"id": 3, "write_date": "2026-11-23 10:00:00", "fixed_price": Decimal("1.0")}
    others = [
        ([], [row]),
        ([{"id": 1}], [row]),
        ([], [{**row, "write_date": "2026-11-23 10:00:01"}]),
        ([], [{**row, "fixed_price": Decimal("2.0")}]),
        ([], [row, {**row, "id": 4}]),
        ([], []),
    ]

    assert len({fingerprint(lists, rules) for lists, rules in others}) == len(others)
