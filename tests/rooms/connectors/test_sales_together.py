"""Sales of one session that come while a call is under way go together, and each has exactly its own outcome."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from tests.rooms.connectors.far_side import TillThere, close_session, till
from tests.rooms.connectors.world import World

from tillway.connectors.odoo import Odoo
from tillway.retail import Call, Sale, Tender, Till

TILL = Till(id="till-1", store="web")
BOOK = "pos.order/sync_from_ui"
ENDS = ("S-RED", "M-BLUE", "S-BLUE", "M-RED")


@pytest.fixture
def place(world: World) -> TillThere:
    """A point of sale of this test's own, without a session."""
    return till(world.far, world.shop.company)


class Shop:
    """A till's sales: the first is held on its way to Odoo until all others wait for the next call."""

    def __init__(self, world: World, place: TillThere, call: Call) -> None:
        self.world, self.call = world, call
        self.odoo: Odoo = world.odoo(till=place)
        self.session = ""

    async def open(self) -> str:
        self.session = await self.odoo.till_sessions.ensure_open(self.call, TILL)
        return self.session

    def sales(self, count: int) -> list[Sale]:
        return [self.world.sale((ENDS[number % len(ENDS)], "1", "20.00")) for number in range(count)]

    async def book(self, sales: Sequence[Sale], *, before: Any = None) -> dict[str, str]:
        """What becomes of each; `before` happens over there before the first is passed on."""
        book = self.odoo.till_sessions
        held, go = threading.Event(), threading.Event()

        def hold() -> None:
            held.set()
            assert go.wait(60)
            if before is not None:
                before()

        self.world.proxy.before(BOOK, hold)
        tasks = [asyncio.create_task(book.book(self.call, sales[0], self.session))]
        try:
            assert await asyncio.to_thread(held.wait, 60)
            tasks += [asyncio.create_task(book.book(self.call, sale, self.session)) for sale in sales[1:]]
            async with asyncio.timeout(60):
                while book.waiting < len(sales) - 1:
                    assert not any(task.done() for task in tasks)
                    await asyncio.sleep(0.005)
        finally:
            go.set()
        found = await asyncio.gather(*tasks, return_exceptions=True)
        return {
            sale.id: type(each).__name__ if isinstance(each, BaseException) else each.foreign_id
            for sale, each in zip(sales, found, strict=True)
        }

    def there(self, sales: Sequence[Sale]) -> dict[str, str]:
        """Their orders over there, each once, as printed and paid."""
        wanted = [["uuid", "in", [sale.id for sale in sales]]]
        rows = self.world.far.rows("pos.order", wanted, ["uuid", "state", "amount_total", "lines"], order="id")
        printed = {sale.id: (sale.gross, len(sale.lines)) for sale in sales}
        assert all(row["state"] == "paid" for row in rows)
        assert all((row["amount_total"], len(row["lines"])) == printed[row["uuid"]] for row in rows)
        found = {row["uuid"]: str(row["id"]) for row in rows}
        assert len(found) == len(rows)
        return found

    @property
    def together(self) -> list[int]:
        """How many sales each call brought."""
        return [body.count(b'"pos_reference"') for name, body in self.world.proxy.asked if name == BOOK]


@pytest.fixture
async def shop_there(world: World, place: TillThere, call: Call) -> Shop:
    made = Shop(world, place, call)
    await made.open()
    return made


async def test_those_who_wait_are_booked_in_one_call(shop_there: Shop) -> None:
    sales = shop_there.sales(5)

    booked = await shop_there.book(sales)

    assert booked == shop_there.there(sales)
    assert (len(booked), shop_there.together) == (5, [1, 4])


async def test_a_bad_one_is_refused_alone_and_the_others_are_booked(shop_there: Shop) -> None:
    sales = shop_there.sales(6)
    sales[3] = msgspec.structs.replace(sales[3], tenders=(Tender(kind="card", amount=Decimal(1)),))

    outcomes = await shop_there.book(sales)

    assert outcomes.pop(sales[3].id) == "Invalid"
    assert (outcomes, len(outcomes)) == (shop_there.there(sales), 5)
    # Five wait in the order in which their reads were answered: halved at most thrice, two calls each.
    calls = shop_there.together
    assert (calls[:2], 1 in calls[2:], len(calls) <= 2 + 2 * 3) == ([1, 5], True, True)


async def test_a_lost_answer_is_unknown_for_all_of_them_and_each_is_found(shop_there: Shop, world: World) -> None:
    sales = shop_there.sales(4)
    world.proxy.lose_answer(BOOK, times=2)

    outcomes = await shop_there.book(sales)
    found = [await shop_there.odoo.till_sessions.find_sale(shop_there.call, sale.id) for sale in sales]

    assert set(outcomes.values()) == {"OutcomeUnknown"}
    assert {sale.id: each and each.foreign_id for sale, each in zip(sales, found, strict=True)} == shop_there.there(
        sales
    )
    assert shop_there.together == [1, 3]


async def test_those_of_a_closed_session_wait_and_are_not_tried_one_by_one(shop_there: Shop, world: World) -> None:
    sales = shop_there.sales(4)

    outcomes = await shop_there.book(sales, before=lambda: close_session(world.far, int(shop_there.session)))

    assert (set(outcomes.values()), shop_there.there(sales)) == ({"TryAgain"}, {})
    assert shop_there.together == [1, 3]


async def test_one_that_is_there_already_is_known_by_its_content_among_others(
    shop_there: Shop, world: World, place: TillThere
) -> None:
    sales = shop_there.sales(4)
    same, other = sales[1], msgspec.structs.replace(world.sale(("S-RED", "3", "20.00")), id=sales[2].id)
    before = world.odoo(till=place).till_sessions
    first = await before.book(shop_there.call, same, shop_there.session)
    await before.book(shop_there.call, other, shop_there.session)
    world.proxy.asked.clear()

    outcomes = await shop_there.book(sales)

    assert outcomes.pop(sales[2].id) == "Poison"
    assert outcomes == shop_there.there([sales[0], sales[1], sales[3]])
    assert (outcomes[same.id], shop_there.together) == (first.foreign_id, [1, 3])
