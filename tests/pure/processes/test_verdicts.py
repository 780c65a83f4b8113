from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from tests.pure.retail.samples import sale, sale_line

from tillway.processes.book_sale import difference
from tillway.processes.definition import UNANSWERED
from tillway.processes.place_order import SETTLED, under_way, verdict
from tillway.retail import BackOfficeOrder, BackOfficeSale, Order, OrderLine
from tillway.retail.outside import BackOfficeLine


def line(number: int, sku: str, quantity: str) -> OrderLine:
    amount = Decimal(quantity) * 10
    return OrderLine(
        number=number,
        sku=sku,
        quantity=Decimal(quantity),
        unit_price=Decimal(10),
        net=amount,
        tax=Decimal(0),
        gross=amount,
    )


def order(*lines: OrderLine, currency: str = "USD") -> Order:
    gross = sum((each.gross for each in lines), Decimal(0))
    return Order(
        id="0198f1f0-0000-7000-8000-000000000001",
        consumer="webshop",
        shop="shop-1",
        price_list="list",
        currency=currency,
        placed_at=datetime(2026, 11, 23, 12, 0, tzinfo=UTC),
        lines=lines,
        net=gross,
        tax=Decimal(0),
        gross=gross,
    )


def held(*lines: tuple[str, str], gross: str, state: Any = "confirmed", count: int | None = None) -> BackOfficeOrder:
    return BackOfficeOrder(
        foreign_id="7",
        name="S00007",
        state=state,
        gross=Decimal(gross),
        line_count=len(lines) if count is None else count,
        lines=tuple(BackOfficeLine(sku=sku, quantity=Decimal(quantity)) for sku, quantity in lines),
    )


TWO = order(line(1, "A", "2"), line(2, "B", "1.5"))


@pytest.mark.parametrize(
    ("theirs", "event", "why"),
    [
        (held(("A", "2"), ("B", "1.5"), gross="35"), "confirmed", ""),
        (held(("B", "1.500"), ("A", "2.0"), gross="35.00"), "confirmed", ""),
        (held(("A", "2"), ("B", "1.5"), gross="35.02"), "confirmed", ""),
        (held(("A", "2"), ("B", "1.5"), gross="34.98"), "confirmed", ""),
        (
            held(("A", "2"), ("B", "1.5"), gross="35.03"),
            "differs",
            "the back office's total is 35.03, ours 35.0 USD",
        ),
        (
            held(("A", "2"), ("B", "2"), gross="35"),
            "differs",
            "the back office holds 2 lines for our 2, or other quantities",
        ),
        (
            held(("A", "2"), ("C", "1.5"), gross="35"),
            "differs",
            "the back office holds 2 lines for our 2, or other quantities",
        ),
        (
            held(("A", "2"), ("B", "1.5"), ("A", "2"), ("B", "1.5"), gross="70"),
            "differs",
            "the back office holds 4 lines for our 2, or other quantities",
        ),
        (
            held(("A", "2"), ("B", "1.5"), gross="35", count=3),
            "differs",
            "the back office holds 3 lines for our 2, or other quantities",
        ),
        (held(gross="0"), "differs", "the back office holds 0 lines for our 2, or other quantities"),
        (held(("A", "2"), gross="35", state="draft"), "draft", ""),
        (
            held(("A", "2"), ("B", "1.5"), gross="35", state="cancelled"),
            "cancelled",
            "the order is cancelled in the back office",
        ),
        (held(("A", "2"), ("B", "1.5"), gross="35", state="other"), "other", "the order is other in the back office"),
    ],
)
def test_what_the_back_office_holds_is_compared_with_the_order(theirs: BackOfficeOrder, event: str, why: str) -> None:
    assert verdict(TWO, theirs) == (event, why)


def test_lines_of_one_product_may_be_merged_or_split_only_with_their_number() -> None:
    ours = order(line(1, "A", "1"), line(2, "A", "2"))
    assert verdict(ours, held(("A", "2"), ("A", "1"), gross="30"))[0] == "confirmed"
    assert verdict(ours, held(("A", "3"), gross="30"))[0] == "differs"


def test_the_tolerance_is_a_minor_unit_of_the_currency_a_line() -> None:
    yen = order(line(1, "A", "1"), currency="JPY")
    assert verdict(yen, held(("A", "1"), gross="11"))[0] == "confirmed"
    assert verdict(yen, held(("A", "1"), gross="12"))[0] == "differs"


@pytest.mark.parametrize(
    ("gross", "lines", "why"),
    [
        ("46.00", 1, ""),
        ("46", 1, ""),
        ("46.01", 1, "the back office holds a total of 46.01, the receipt says 46.00 USD"),
        ("46.00", 2, "the back office holds 2 lines, the receipt has 1"),
        ("0", 0, "the back office holds a total of 0, the receipt says 46.00 USD"),
    ],
)
def test_what_the_back_office_holds_is_compared_with_the_receipt(gross: str, lines: int, why: str) -> None:
    theirs = BackOfficeSale(
        foreign_id="9", name="POS/9", state="confirmed", gross=Decimal(gross), line_count=lines, session="3"
    )
    assert difference(sale(lines=(sale_line(),)), theirs) == why


@pytest.mark.parametrize(
    ("ago", "waits"),
    [(timedelta(0), True), (SETTLED - timedelta(seconds=1), True), (SETTLED, False), (timedelta(days=1), False)],
)
def test_not_found_means_nothing_while_an_unanswered_call_may_still_be_at_work(ago: timedelta, waits: bool) -> None:
    now = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
    assert bool(under_way({UNANSWERED: (now - ago).isoformat()}, now)) == waits
    assert under_way({}, now) == ""
