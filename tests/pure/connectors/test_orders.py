from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from tillway.connectors.odoo.mapping.orders import external_id, order, rows
from tillway.retail import BackOfficeLine, BackOfficeOrder, BackOfficeStore, Order, OrderLine

STORE = BackOfficeStore(store="soho", company="1", warehouse="3", customer="45")
LINES = (
    OrderLine(
        number=1,
        sku="TEE-S",
        quantity=Decimal(2),
        unit_price=Decimal("12.125"),
        net=Decimal("24.25"),
        tax=Decimal("3.64"),
        gross=Decimal("27.89"),
    ),
    OrderLine(
        number=2,
        sku="TEE-M",
        quantity=Decimal("0.5"),
        unit_price=Decimal("20.00"),
        net=Decimal("10.00"),
        tax=Decimal("1.50"),
        gross=Decimal("11.50"),
    ),
)
ORDER = Order(
    id="0d9c1b5e-7d3e-4f0e-9d59-0f2a3b4c5d6e",
    reference="WEB-7",
    consumer="web",
    shop="soho",
    price_list="web",
    currency="USD",
    placed_at=datetime(2026, 11, 23, 10, tzinfo=UTC),
    lines=LINES,
    net=Decimal("34.25"),
    tax=Decimal("5.14"),
    gross=Decimal("39.39"),
)


def loaded(ours: Order = ORDER, store: BackOfficeStore = STORE, price_list: int | None = 4) -> list[dict[str, str]]:
    fields, data = rows(ours, store, customer="45", price_list=price_list, variants={"TEE-S": 173, "TEE-M": 175})
    return [dict(zip(fields, row, strict=True)) for row in data]


def test_an_order_is_loaded_with_external_ids_on_itself_and_each_line() -> None:
    assert loaded() == [
        {
            "id": "tillway.order_0d9c1b5e-7d3e-4f0e-9d59-0f2a3b4c5d6e",
            "company_id/.id": "1",
            "partner_id/.id": "45",
            "client_order_ref": "0d9c1b5e-7d3e-4f0e-9d59-0f2a3b4c5d6e",
            "origin": "WEB-7",
            "pricelist_id/.id": "4",
            "warehouse_id/.id": "3",
            "order_line/id": "tillway.order_0d9c1b5e-7d3e-4f0e-9d59-0f2a3b4c5d6e_l1",
            "order_line/sequence": "1",
            "order_line/product_id/.id": "173",
            "order_line/product_uom_qty": "2",
            "order_line/price_unit": "12.125",
            "order_line/discount": "0",
        },
        {
            "id": "",
            "company_id/.id": "",
            "partner_id/.id": "",
            "client_order_ref": "",
            "origin": "",
            "pricelist_id/.id": "",
            "warehouse_id/.id": "",
            "order_line/id": "tillway.order_0d9c1b5e-7d3e-4f0e-9d59-0f2a3b4c5d6e_l2",
            "order_line/sequence": "2",
            "order_line/product_id/.id": "175",
            "order_line/product_uom_qty": "0.5",
            "order_line/price_unit": "20.00",
            "order_line/discount": "0",
        },
    ]


def test_the_price_list_stands_there_even_when_there_is_none() -> None:
    assert loaded(price_list=None)[0]["pricelist_id/.id"] == ""


def test_without_a_warehouse_odoo_chooses() -> None:
    store = BackOfficeStore(store="soho", company="1", customer="45")

    assert "warehouse_id/.id" not in loaded(store=store)[0]


def test_the_same_order_gives_the_same_rows() -> None:
    assert loaded() == loaded()


def test_lines_are_named_by_their_number() -> None:
    assert [external_id("o"), external_id("o", 3)] == ["tillway.order_o", "tillway.order_o_l3"]


ROW: dict[str, Any] = {
    "id": 25,
    "name": "S00025",
    "state": "sale",
    "amount_total": Decimal("39.39000000000001"),
    "currency_id": [1, "USD"],
}
GOODS: list[dict[str, Any]] = [
    {"id": 51, "product_id": [173, "[TEE-S] Tee"], "product_uom_qty": Decimal("2.0"), "display_type": False},
    {"id": 52, "product_id": False, "product_uom_qty": Decimal("0.0"), "display_type": "line_section"},
    {"id": 53, "product_id": [9, "Delivery"], "product_uom_qty": Decimal("1.0"), "display_type": False},
]


def test_odoos_order_is_read_for_comparing() -> None:
    assert order(ROW, GOODS, {173: "TEE-S"}) == BackOfficeOrder(
        foreign_id="25",
        name="S00025",
        state="confirmed",
        gross=Decimal("39.39"),
        line_count=2,
        lines=(
            BackOfficeLine(sku="TEE-S", quantity=Decimal(2)),
            BackOfficeLine(sku="product.product:9", quantity=Decimal(1)),
        ),
    )


@pytest.mark.parametrize(
    ("state", "expected"),
    [("draft", "draft"), ("sent", "draft"), ("sale", "confirmed"), ("cancel", "cancelled"), ("to_approve", "other")],
)
def test_states_are_four(state: str, expected: str) -> None:
    assert order({**ROW, "state": state}, [], {}).state == expected
