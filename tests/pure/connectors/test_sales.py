from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from tillway import ids
from tillway.connectors.odoo.mapping.sales import Sold, difference, payload, sale
from tillway.retail import BackOfficeSale, Sale, SaleLine, Tender, sale_id

SALE = Sale(
    id=sale_id("till-1", "e1", 17),
    till="till-1",
    epoch="e1",
    sequence=17,
    shop="soho",
    business_day=date(2026, 11, 22),
    sold_at=datetime(2026, 11, 23, 0, 30, 15, tzinfo=timezone(timedelta(hours=1))),
    currency="USD",
    lines=(
        SaleLine(
            number=1,
            sku="TEE-S",
            quantity=Decimal(2),
            unit_price=Decimal(20),
            discount=Decimal(10),
            tax_rate=Decimal(15),
            tax_included=False,
            net=Decimal(36),
            tax=Decimal("5.40"),
            gross=Decimal("41.40"),
        ),
    ),
    tenders=(Tender(kind="card", amount=Decimal(20)), Tender(kind="cash", amount=Decimal(25))),
    net=Decimal(36),
    tax=Decimal("5.40"),
    gross=Decimal("41.40"),
    change=Decimal("3.60"),
)
SOLD = {1: Sold(product=173, taxes=(1, 4))}
METHODS = {"cash": 7, "card": 6}


def test_a_sale_is_sent_as_a_till_of_odoos_would() -> None:
    assert payload(SALE, session=9, sold=SOLD, methods=METHODS) == {
        "uuid": SALE.id,
        "session_id": 9,
        "state": "paid",
        "pos_reference": "till-1/e1/17",
        "date_order": "2026-11-22 23:30:15",
        "amount_total": Decimal("41.40"),
        "amount_tax": Decimal("5.40"),
        "amount_paid": Decimal(45),
        "amount_return": Decimal("-3.60"),
        "lines": [
            [
                0,
                0,
                {
                    "uuid": str(ids.named("sale-line", SALE.id, "1")),
                    "product_id": 173,
                    "qty": Decimal(2),
                    "price_unit": Decimal(20),
                    "discount": Decimal(10),
                    "tax_ids": [[6, 0, [1, 4]]],
                    "price_subtotal": Decimal(36),
                    "price_subtotal_incl": Decimal("41.40"),
                },
            ]
        ],
        "payment_ids": [
            [0, 0, {"payment_method_id": 6, "amount": Decimal(20)}],
            [0, 0, {"payment_method_id": 7, "amount": Decimal(25)}],
        ],
    }


def test_the_same_sale_gives_the_same_payload() -> None:
    again = msgspec.convert(msgspec.to_builtins(SALE), Sale)

    assert payload(again, session=9, sold=SOLD, methods=METHODS) == payload(SALE, session=9, sold=SOLD, methods=METHODS)


ROW: dict[str, Any] = {
    "id": 21,
    "name": "Soho - 000001",
    "state": "paid",
    "amount_total": Decimal("41.4"),
    "lines": [24],
    "session_id": 9,
}
HELD = BackOfficeSale(
    foreign_id="21", name="Soho - 000001", state="confirmed", gross=Decimal("41.40"), line_count=1, session="9"
)


def test_odoos_sale_is_read_for_comparing() -> None:
    assert sale(ROW, "USD") == HELD
    assert sale({**ROW, "session_id": [9, "Soho/00001"]}, "USD") == HELD


@pytest.mark.parametrize(
    ("state", "expected"),
    [("draft", "draft"), ("paid", "confirmed"), ("done", "confirmed"), ("cancel", "cancelled"), ("odd", "other")],
)
def test_states_are_four(state: str, expected: str) -> None:
    assert sale({**ROW, "state": state}, "USD").state == expected


def test_what_differs_is_said() -> None:
    fewer = msgspec.structs.replace(HELD, line_count=2)
    dearer = msgspec.structs.replace(HELD, gross=Decimal("41.41"))

    assert [difference(SALE, each) for each in (HELD, fewer, dearer)] == [
        None,
        "2 lines there, 1 here",
        "total 41.41 there, 41.40 here",
    ]


def test_the_time_is_utc_without_a_zone() -> None:
    moved = msgspec.structs.replace(SALE, sold_at=SALE.sold_at.astimezone(UTC))

    assert payload(moved, session=9, sold=SOLD, methods=METHODS)["date_order"] == "2026-11-22 23:30:15"
