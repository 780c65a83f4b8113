"""A till sale is in Odoo once, in an open session of its till, and what Odoo holds is what was printed."""

from __future__ import annotations

import asyncio
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from tests.rooms.connectors.far_side import TillThere, close_session, till
from tests.rooms.connectors.world import PARALLEL, World

from tillway import ids
from tillway.errors import OutcomeUnknown, Poison, TryAgain
from tillway.retail import BackOfficeSale, Call, Sale, SaleLine, Tender, Till

LINES = (("S-RED", "2", "20.00"), ("M-BLUE", "1", "25.00"))
TILL = Till(id="till-1", store="web")


@pytest.fixture
def place(world: World) -> TillThere:
    """A point of sale of this test's own, without a session."""
    return till(world.far, world.shop.company)


def sessions(world: World, place: TillThere) -> list[dict[str, Any]]:
    return world.far.rows(
        "pos.session", [["config_id", "=", place.config]], ["state", "cash_register_balance_start"], order="id"
    )


def once(world: World, sale: Sale) -> dict[str, Any]:
    """Assert that the sale is there once, as printed, and return it."""
    found = world.far.rows(
        "pos.order",
        [["uuid", "=", sale.id]],
        ["state", "amount_total", "amount_tax", "amount_paid", "session_id", "date_order", "lines"],
    )
    assert len(found) == 1
    row = found[0]
    lines = world.far.rows(
        "pos.order.line",
        [["order_id", "=", row["id"]]],
        ["uuid", "product_id", "qty", "price_unit", "tax_ids", "price_subtotal", "price_subtotal_incl"],
        order="id",
    )
    assert [(line["uuid"], line["qty"], line["price_subtotal"], line["price_subtotal_incl"]) for line in lines] == [
        (str(ids.named("sale-line", sale.id, str(line.number))), line.quantity, line.net, line.gross)
        for line in sale.lines
    ]
    assert (row["state"], row["amount_total"], row["amount_tax"]) == ("paid", sale.gross, sale.tax)
    return row


async def test_a_till_without_a_session_gets_one(world: World, place: TillThere, call: Call) -> None:
    book = world.odoo(till=place).till_sessions

    opened = await book.ensure_open(call, TILL)
    again = await book.ensure_open(call, TILL)

    assert [(str(row["id"]), row["state"]) for row in sessions(world, place)] == [(opened, "opened")]
    assert again == opened


async def test_six_at_once_open_one_session(world: World, place: TillThere, call: Call) -> None:
    answers = await asyncio.gather(
        *(world.odoo(till=place).till_sessions.ensure_open(call, TILL) for _ in range(PARALLEL)),
        return_exceptions=True,
    )

    found = sessions(world, place)
    assert [row["state"] for row in found] == ["opened"]
    assert {answer for answer in answers if not isinstance(answer, TryAgain)} == {str(found[0]["id"])}


async def test_a_lost_answer_opens_one_session(world: World, place: TillThere, call: Call) -> None:
    book = world.odoo(till=place).till_sessions
    world.proxy.lose_answer("pos.session/load")

    with pytest.raises(OutcomeUnknown):
        await book.ensure_open(call, TILL)
    opened = await book.ensure_open(call, TILL)

    assert [(str(row["id"]), row["state"]) for row in sessions(world, place)] == [(opened, "opened")]


async def test_a_session_that_a_person_began_is_used(world: World, place: TillThere, call: Call) -> None:
    begun = world.far.make("pos.session", config_id=place.config)

    opened = await world.odoo(till=place).till_sessions.ensure_open(call, TILL)

    assert (opened, [row["state"] for row in sessions(world, place)]) == (str(begun), ["opened"])


async def test_the_next_day_begins_with_the_cash_of_the_last(world: World, place: TillThere, call: Call) -> None:
    book = world.odoo(till=place).till_sessions
    first = await book.ensure_open(call, TILL)
    cash = world.sale(("S-RED", "1", "20.00"), tenders=(Tender(kind="cash", amount=Decimal(23)),))
    await book.book(call, cash, first)
    close_session(world.far, int(first))

    second = await book.ensure_open(call, TILL)

    assert [(row["state"], row["cash_register_balance_start"]) for row in sessions(world, place)] == [
        ("closed", 0),
        ("opened", 23),
    ]
    assert second != first


async def test_a_sale_is_booked_as_printed(world: World, place: TillThere, call: Call) -> None:
    book, sale = world.odoo(till=place).till_sessions, world.sale(*LINES)
    session = await book.ensure_open(call, TILL)

    booked = await book.book(call, sale, session)

    row = once(world, sale)
    assert booked == BackOfficeSale(
        foreign_id=str(row["id"]),
        name=booked.name,
        state="confirmed",
        gross=Decimal("74.75"),
        line_count=2,
        session=session,
    )
    assert row["date_order"] == sale.sold_at.strftime("%Y-%m-%d %H:%M:%S")
    assert await book.find_sale(call, sale.id) == booked


async def test_change_is_given_back_in_cash(world: World, place: TillThere, call: Call) -> None:
    sale = world.sale(
        ("S-RED", "1", "20.00"),
        tenders=(Tender(kind="card", amount=Decimal(10)), Tender(kind="cash", amount=Decimal(20))),
        change="7.00",
    )
    book = world.odoo(till=place).till_sessions

    await book.book(call, sale, await book.ensure_open(call, TILL))

    row = once(world, sale)
    payments = world.far.rows("pos.payment", [["pos_order_id", "=", row["id"]]], ["amount", "payment_method_id"])
    assert sorted((payment["payment_method_id"][0], payment["amount"]) for payment in payments) == sorted(
        [
            (place.methods["card"], Decimal(10)),
            (place.methods["cash"], Decimal(20)),
            (place.methods["cash"], Decimal(-7)),
        ]
    )


async def test_the_tax_that_was_printed_is_booked(world: World, place: TillThere, call: Call) -> None:
    line = SaleLine(
        number=1,
        sku=world.shop.inclusive,
        quantity=Decimal(1),
        unit_price=Decimal(24),
        tax_rate=Decimal(20),
        tax_included=True,
        net=Decimal(20),
        tax=Decimal(4),
        gross=Decimal(24),
    )
    free = msgspec.structs.replace(
        line, number=2, tax_rate=Decimal(0), tax_included=False, tax=Decimal(0), gross=Decimal(24), net=Decimal(24)
    )
    other = msgspec.structs.replace(
        line,
        number=3,
        tax_rate=Decimal(15),
        tax_included=False,
        tax=Decimal("3.6"),
        gross=Decimal("27.6"),
        net=Decimal(24),
    )
    sale = msgspec.structs.replace(
        world.sale(*LINES),
        lines=(line, free, other),
        net=Decimal(68),
        tax=Decimal("7.6"),
        gross=Decimal("75.6"),
        tenders=(Tender(kind="card", amount=Decimal("75.6")),),
    )
    book = world.odoo(till=place).till_sessions

    await book.book(call, sale, await book.ensure_open(call, TILL))

    row = once(world, sale)
    lines = world.far.rows("pos.order.line", [["order_id", "=", row["id"]]], ["tax_ids"], order="id")
    rates = {each["id"]: each for each in world.far.rows("account.tax", [], ["amount", "price_include"])}
    assert [[(rates[tax]["amount"], rates[tax]["price_include"]) for tax in line["tax_ids"]] for line in lines] == [
        [(20, True)],
        [],
        [(15, False)],
    ]


async def test_goods_that_come_back_are_booked(world: World, place: TillThere, call: Call) -> None:
    refund = msgspec.structs.replace(world.sale(("S-RED", "-1", "20.00")), kind="refund")
    book = world.odoo(till=place).till_sessions

    booked = await book.book(call, refund, await book.ensure_open(call, TILL))

    once(world, refund)
    assert booked.gross == Decimal("-23.00")


async def test_booking_again_changes_nothing(world: World, place: TillThere, call: Call) -> None:
    book, sale = world.odoo(till=place).till_sessions, world.sale(*LINES)
    session = await book.ensure_open(call, TILL)

    first = await book.book(call, sale, session)
    again = await world.odoo(till=place).till_sessions.book(call, sale, session)

    once(world, sale)
    assert first == again


async def test_six_at_once_book_once(world: World, place: TillThere, call: Call) -> None:
    sale = world.sale(*LINES)
    session = await world.odoo(till=place).till_sessions.ensure_open(call, TILL)

    answers = await asyncio.gather(
        *(world.odoo(till=place).till_sessions.book(call, sale, session) for _ in range(PARALLEL)),
        return_exceptions=True,
    )

    row = once(world, sale)
    booked = [answer for answer in answers if isinstance(answer, BackOfficeSale)]
    assert {answer.foreign_id for answer in booked} == {str(row["id"])}
    assert {type(answer) for answer in answers} <= {BackOfficeSale, TryAgain}


async def test_a_lost_answer_leaves_one_sale(world: World, place: TillThere, call: Call) -> None:
    book, sale = world.odoo(till=place).till_sessions, world.sale(*LINES)
    session = await book.ensure_open(call, TILL)
    world.proxy.lose_answer("pos.order/sync_from_ui")

    with pytest.raises(OutcomeUnknown):
        await book.book(call, sale, session)
    found = await book.find_sale(call, sale.id)
    again = await book.book(call, sale, session)

    once(world, sale)
    assert found == again


async def test_sending_again_while_odoo_is_still_at_it_makes_one_sale(
    world: World, place: TillThere, call: Call
) -> None:
    book, sale = world.odoo(till=place).till_sessions, world.sale(*LINES)
    session = await book.ensure_open(call, TILL)
    world.proxy.cut_off("pos.order/sync_from_ui")

    with pytest.raises(OutcomeUnknown):
        await book.book(call, sale, session)
    try:
        await book.book(call, sale, session)
    except TryAgain:
        await world.proxy.idle()
        await book.book(call, sale, session)
    await world.proxy.idle()

    once(world, sale)


async def test_another_sale_under_the_same_id_is_found_out(world: World, place: TillThere, call: Call) -> None:
    book, sale = world.odoo(till=place).till_sessions, world.sale(*LINES)
    session = await book.ensure_open(call, TILL)
    await book.book(call, sale, session)
    other = msgspec.structs.replace(world.sale(("S-RED", "1", "20.00")), id=sale.id)

    with pytest.raises(Poison, match=r"total 74\.75 there, 23\.00 here"):
        await book.book(call, other, session)

    once(world, sale)


async def test_a_sale_for_a_closed_session_lands_in_the_open_one(world: World, place: TillThere, call: Call) -> None:
    book, sale = world.odoo(till=place).till_sessions, world.sale(*LINES)
    closed = await book.ensure_open(call, TILL)
    close_session(world.far, int(closed))
    open_one = await book.ensure_open(call, TILL)

    booked = await book.book(call, sale, closed)

    assert (booked.session, once(world, sale)["session_id"][0]) == (open_one, int(open_one))


async def test_without_an_open_session_a_sale_waits(world: World, place: TillThere, call: Call) -> None:
    book, sale = world.odoo(till=place).till_sessions, world.sale(*LINES)
    session = await book.ensure_open(call, TILL)
    close_session(world.far, int(session))

    with pytest.raises(TryAgain):
        await book.book(call, sale, session)

    assert await book.find_sale(call, sale.id) is None


async def test_a_till_that_is_being_closed_waits(world: World, place: TillThere, call: Call) -> None:
    book = world.odoo(till=place).till_sessions
    session = await book.ensure_open(call, TILL)
    world.far.ask("pos.session", "update_closing_control_state_session", ids=[int(session)], notes="")

    with pytest.raises(TryAgain):
        await book.ensure_open(call, TILL)

    assert len(sessions(world, place)) == 1


@pytest.mark.parametrize("missing", ["product", "method", "tax", "till"])
async def test_what_odoo_lacks_is_named_and_nothing_is_booked(
    world: World, place: TillThere, call: Call, missing: str
) -> None:
    book, sale = world.odoo(till=place).till_sessions, world.sale(*LINES)
    session = await book.ensure_open(call, TILL)
    line = sale.lines[0]
    changed = {
        "product": {"lines": (msgspec.structs.replace(line, sku="NONE"),)},
        "method": {"tenders": (Tender(kind="voucher", amount=sale.gross),)},
        "tax": {"lines": (msgspec.structs.replace(line, tax_rate=Decimal("13.37")),)},
        "till": {"till": "till-9"},
    }[missing]

    with pytest.raises(Poison):
        await book.book(call, msgspec.structs.replace(sale, **changed), session)

    assert await book.find_sale(call, sale.id) is None
