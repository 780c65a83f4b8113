from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.pure.retail.samples import NOON, sale, sale_line

from tillway.processes.credit_return import difference, refund_of
from tillway.processes.till_refunds import taken_back
from tillway.retail import (
    Balance,
    ReceivedLine,
    ReturnRequest,
    ReturnRequestLine,
    SoldLine,
    authorised_return,
    received_return,
    sale_id,
    sold_lines,
    wrong_receipt,
    wrong_return_lines,
)
from tillway.retail.taking_back import share
from tillway.retail.tax import TaxSplit


@given(
    st.lists(st.integers(1, 7), min_size=1, max_size=6),
    st.integers(0, 100_000),
    st.integers(0, 30_000),
)
def test_what_is_paid_back_for_the_parts_of_a_line_adds_up_to_the_line(parts: list[int], net: int, tax: int) -> None:
    paid = TaxSplit(Decimal(net).scaleb(-2), Decimal(tax).scaleb(-2), Decimal(net + tax).scaleb(-2))
    line = SoldLine(1, "A", Decimal(sum(parts)), paid)
    before, found = Decimal(0), []
    for part in parts:
        found.append(share(line, before, Decimal(part), "EUR"))
        before += part
    assert tuple(map(sum, zip(*found, strict=True))) == tuple(paid)
    assert all(each.net + each.tax == each.gross for each in found)


def asked(*lines: tuple[int, str]) -> ReturnRequest:
    return ReturnRequest(
        lines=tuple(ReturnRequestLine(line=line, quantity=Decimal(quantity)) for line, quantity in lines)
    )


SALE = sale(
    lines=(
        sale_line(discount=Decimal(50), net=Decimal(20), tax=Decimal(3), gross=Decimal(23)),
        sale_line(2, quantity=Decimal(-1)),
    )
)


@pytest.mark.parametrize(
    ("request_", "held", "wrong"),
    [
        (asked((1, "2")), {}, []),
        (asked((1, "2.5")), {}, [("/lines/0/quantity", "over-return")]),
        (
            asked((1, "1")),
            {1: Balance(authorised=Decimal(1), refunded=Decimal(1))},
            [("/lines/0/quantity", "over-return")],
        ),
        (asked((1, "0")), {}, [("/lines/0/quantity", "quantity-positive")]),
        (asked((1, "1"), (1, "1")), {}, [("/lines/1/line", "line-once")]),
        (asked((2, "1")), {}, [("/lines/0/line", "line-sold")]),
    ],
    ids=["all", "more", "back-already", "nothing", "twice", "itself-a-refund"],
)
def test_only_what_was_sold_and_did_not_come_back_may(request_: ReturnRequest, held: Any, wrong: Any) -> None:
    found = wrong_return_lines(request_.lines, sold_lines(SALE), held)
    assert [(each.pointer, each.rule) for each in found] == wrong


def returned(quantity: str = "1") -> Any:
    made = authorised_return(asked((1, quantity)), return_id="r", of=SALE, consumer="c", held={}, at=NOON)
    came = (ReceivedLine(line=1, quantity=Decimal(1)),)
    return made, received_return(made, came, sold_lines(SALE), {})


def test_what_was_really_paid_is_paid_back_discount_taken_off() -> None:
    made, here = returned("2")
    assert (made.gross, made.lines[0].tax) == (Decimal(23), Decimal(3))
    assert (here.gross, here.lines[0].received, here.status) == (Decimal("11.50"), Decimal(1), "received")


@pytest.mark.parametrize(
    ("came", "rule"),
    [
        ((1, "2"), "over-receipt"),
        ((1, "-1"), "over-receipt"),
        ((9, "1"), "line-authorised"),
        ((1, "0"), "quantity-positive"),
    ],
)
def test_no_more_is_received_than_may_come(came: tuple[int, str], rule: str) -> None:
    made, _ = returned()
    line = ReceivedLine(line=came[0], quantity=Decimal(came[1]))
    assert [each.rule for each in wrong_receipt(made, (line,))] == [rule]


def test_the_tills_refund_turns_the_sale_round_and_names_its_lines() -> None:
    _, here = returned("2")
    refund = refund_of(here, SALE, at=NOON)
    (line,) = refund.lines
    assert (line.quantity, line.gross, line.unit_price, line.discount) == (
        Decimal(-1),
        Decimal("-11.50"),
        Decimal(20),
        Decimal(50),
    )
    assert (refund.gross, refund.tenders[0].amount, refund.kind) == (Decimal("-11.50"), Decimal("-11.50"), "refund")
    assert refund.id == refund_of(here, SALE, at=NOON).id
    told = [{"refund_of": {"till": "till-1", "epoch": "a", "sequence": 1, "line": 1}, "quantity": str(line.quantity)}]
    assert taken_back([*told, *told, {"quantity": "3"}]) == {sale_id("till-1", "a", 1): {1: Decimal(2)}}


def test_a_credit_that_is_more_than_a_cent_a_line_off_is_a_difference() -> None:
    _, here = returned()
    assert [bool(difference(here, Decimal(gross))) for gross in ("11.50", "-11.51", "11.52")] == [False, False, True]
