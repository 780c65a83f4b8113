"""Rows that a real Odoo 19 answered, as the words of retail."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tillway.connectors.odoo.mapping import documents, receipts
from tillway.connectors.odoo.mapping.documents import Around
from tillway.connectors.odoo.mapping.receipts import TillOf, gaps
from tillway.records.there import HeldOrder, numbered
from tillway.retail import Gap, Order, OrderLine, OrderNamed
from tillway.retail.outside.documents import NO_SHOP

FIXTURES = Path(__file__).parents[2] / "fixtures" / "connector" / "documents.json"
ROWS: dict[str, Any] = msgspec.json.Decoder(float_hook=Decimal).decode(FIXTURES.read_bytes())
TILL = TillOf(till="till-1", shop="web", timezone="Europe/Brussels")
AROUND = Around(
    skus={193: "SHIRT"},
    shops={1: "web"},
    kinds={2: 1},
    orders={77: {"client_order_ref": "TEL-1", "warehouse_id": [1, "YourCompany"]}},
)


def test_an_order_has_its_goods_under_their_sequence_and_at_the_discounted_price() -> None:
    found = documents.order(ROWS["order"], ROWS["order_lines"], AROUND)
    (line,) = found.lines
    assert (line.number, line.sku, line.unit_price, line.gross) == (10, "SHIRT", Decimal(10), Decimal("57.50"))
    assert (found.state, found.ours, found.shop, found.price_list, found.delivered) == (
        "confirmed",
        "TEL-1",
        "web",
        None,
        True,
    )


def test_lines_that_share_a_sequence_are_numbered_by_place() -> None:
    lines = [ROWS["order_lines"][1], ROWS["order_lines"][1] | {"id": 138}]
    assert [line.number for line in documents.order(ROWS["order"], lines, AROUND).lines] == [1, 2]


def test_a_delivery_whose_rest_follows_was_shipped_in_part() -> None:
    found = documents.shipment(ROWS["picking"], ROWS["moves"], AROUND)
    assert (found.shipment.milestone, found.shipment.shop, found.order) == (
        "partially-shipped",
        "web",
        OrderNamed(foreign_id="77", ours="TEL-1"),
    )
    assert [(line.quantity, line.done) for line in found.shipment.lines] == [(Decimal(2), Decimal(2))]


@pytest.mark.parametrize(
    ("given", "milestone"),
    [
        ({"state": "confirmed"}, "waiting"),
        ({"state": "waiting"}, "waiting"),
        ({"state": "assigned"}, "ready"),
        ({"backorder_ids": []}, "shipped"),
        ({"picking_type_code": "incoming", "return_id": [450, "WH/OUT/00033"]}, "returned"),
        ({"state": "cancel"}, "cancelled"),
    ],
)
def test_a_transfer_has_the_milestone_it_reached(given: dict[str, Any], milestone: str) -> None:
    assert documents.milestone(ROWS["picking"] | given) == milestone


def test_where_carriers_are_installed_they_are_named_and_foreign_warehouses_are_nobodys() -> None:
    row = ROWS["picking"] | {"carrier_id": [4, "Parcels"], "carrier_tracking_ref": "PX 1", "picking_type_id": [9, "?"]}
    found = documents.shipment(row, ROWS["moves"], AROUND).shipment
    assert (found.carrier, found.tracking, found.shop) == ("Parcels", "PX 1", NO_SHOP)


def test_a_credit_note_names_the_invoice_that_it_takes_back() -> None:
    found = documents.invoice(ROWS["invoice"], [77], AROUND)
    assert (found.state, found.invoice.kind, found.invoice.credits, found.invoice.shop) == (
        "posted",
        "credit-note",
        "73",
        "web",
    )
    assert (found.invoice.open, found.invoice.payment) == (Decimal("23.00"), "not-paid")


def test_a_closed_till_names_the_numbers_that_no_receipt_has() -> None:
    found = receipts.session(ROWS["session"], ROWS["receipts"], till=TILL, before=0)
    assert (found.sales, found.gross, found.first, found.last) == (4, Decimal("40.00"), 1, 9)
    assert found.gaps == (Gap(first=4, last=6), Gap(first=8, last=8))


@pytest.mark.parametrize(
    ("numbers", "before", "missing"),
    [
        ([], 4, []),
        ([5, 6], 4, []),
        ([6, 7], 4, [(5, 5)]),
        ([1, 2], 9, []),  # the count began anew
        ([3], 0, [(1, 2)]),
    ],
)
def test_gaps_are_counted_from_the_last_number_before(
    numbers: Sequence[int], before: int, missing: list[tuple[int, int]]
) -> None:
    assert [(gap.first, gap.last) for gap in gaps(numbers, before)] == missing


def line(number: int, sku: str) -> OrderLine:
    whole = Decimal("1.00")
    return OrderLine(
        number=number, sku=sku, quantity=Decimal(1), unit_price=whole, net=whole, tax=Decimal(0), gross=whole
    )


def test_lines_that_stay_keep_our_numbers_and_new_ones_get_one_that_none_ever_had() -> None:
    there = documents.order(ROWS["order"], ROWS["order_lines"], AROUND)
    there = msgspec.structs.replace(there, lines=(line(10, "NEW"), line(3, "C"), line(1, "A")))
    order = Order(
        id="o",
        consumer="web",
        shop="web",
        price_list="list",
        currency="USD",
        placed_at=datetime(2026, 11, 23, tzinfo=UTC),
        lines=(line(1, "A"), line(2, "B"), line(3, "C")),
        net=Decimal(3),
        tax=Decimal(0),
        gross=Decimal(3),
    )
    held = HeldOrder(status="accepted", changing=False, last_line=7, order=order)
    assert [(each.number, each.sku) for each in numbered(held, there)] == [(8, "NEW"), (3, "C"), (1, "A")]
