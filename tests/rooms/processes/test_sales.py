from __future__ import annotations

from decimal import Decimal

import msgspec
import pytest
from tests.rooms.journal.actors import until
from tests.rooms.processes.far_side import Gate, Turn, unanswered
from tests.rooms.processes.hub import FIRST, SECOND, Hub, hub, steps

from tillway.errors import Invalid
from tillway.postgres import Database
from tillway.processes import exceptions, signal, ways
from tillway.records import links, sales
from tillway.retail import RefundOf, Sale


async def booked_once(made: Hub, sale_id: str) -> None:
    """The sale is in the back office once, and that was told once."""
    await made.comes_to(sale_id, "booked")
    assert [event.type for event in await made.told(sale_id)] == ["sale.recorded", "sale.booked"]
    assert (made.far.effects["book"], (await sales.get(made.db, sale_id))["status"]) == (1, "booked")


async def test_a_sale_is_booked_into_its_tills_open_session(db: Database) -> None:
    async with hub(db) as made:
        made.engine()
        sale = await made.sell()
        await booked_once(made, sale.id)
        told = (await made.told(sale.id))[1]
        way = await made.way(sale.id)
    assert made.far.calls == ["ensure_open", "book"]
    assert steps(way) == [("opening", "open", "booking"), ("booking", "booked", "booked")]
    assert made.far.sales[sale.id].session == "session of till-1"
    assert told.data["back_office"] == {"connection": "odoo", "id": "1", "name": "POS/1"}
    assert await links.find(db, "sale", sale.id, "odoo") == links.Link("1", "POS/1")


@pytest.mark.parametrize(
    ("method", "late", "calls"),
    [
        ("ensure_open", False, ["ensure_open", "ensure_open", "book"]),
        ("book", True, ["ensure_open", "book", "find_sale"]),
        ("book", False, ["ensure_open", "book", "find_sale", "ensure_open", "book"]),
    ],
)
async def test_an_unknown_outcome_is_looked_up(db: Database, method: str, late: bool, calls: list[str]) -> None:
    async with hub(db) as made:
        made.far.script[method] = [unanswered(late=late)]
        made.engine()
        sale = await made.sell()
        await booked_once(made, sale.id)
    assert made.far.calls == calls


@pytest.mark.parametrize("late", [False, True], ids=["before", "after"])
async def test_an_engine_lost_while_it_books_is_followed_by_another(db: Database, late: bool) -> None:
    gate = Gate()
    async with hub(db) as made:
        made.far.script["book"] = [Turn(gate=gate, late=late)]
        made.engine(FIRST)
        sale = await made.sell()
        await gate.reached.wait()
        await made.lose(FIRST)
        made.engine(SECOND)
        await booked_once(made, sale.id)
    assert "find_sale" in made.far.calls


async def test_a_sale_refused_over_there_waits_for_a_person_and_can_be_tried_again(db: Database) -> None:
    async with hub(db) as made:
        made.far.script["book"] = [Turn(raises=Invalid("the period is closed"))]
        made.engine()
        sale = await made.sell()
        await made.comes_to(sale.id, "exception")
        (item,) = await exceptions(db)
        assert (item.owner, item.exception_detail, item.money_at_risk) == (
            "store-operations",
            "invalid: the period is closed",
            Decimal("46.00"),
        )
        told = (await made.told(sale.id))[1]
        assert (told.type, told.data["actions"], (await sales.get(db, sale.id))["status"]) == (
            "sale.exception",
            ["retry"],
            "exception",
        )
        await signal(db, made.book_sale, sale.id, "retry")
        await made.comes_to(sale.id, "booked")
    assert made.far.calls == ["ensure_open", "book", "find_sale", "ensure_open", "book"]


async def test_a_sale_that_became_another_one_over_there_is_not_booked(db: Database) -> None:
    async with hub(db) as made:
        gate = Gate()
        made.far.script["book"] = [Turn(gate=gate, late=True)]
        made.engine()
        sale = await made.sell()
        await gate.reached.wait()
        made.far.sales[sale.id] = msgspec.structs.replace(made.far.sales[sale.id], gross=Decimal(1))
        await made.lose()
        made.engine(SECOND)
        await made.comes_to(sale.id, "exception")
    assert [item.exception_code for item in await exceptions(db)] == ["differs"]


async def refunded(made: Hub, of: Sale) -> Sale:
    """A receipt of the same till that takes back the first line of that one."""
    back = RefundOf(till=of.till, epoch=of.epoch, sequence=of.sequence, line=of.lines[0].number)
    line = msgspec.structs.replace(of.lines[0], refund_of=back)
    return await made.sell(2, lines=(line, *of.lines[1:]))


async def test_a_refund_waits_for_the_sale_that_it_takes_back(db: Database) -> None:
    gate = Gate()
    async with hub(db) as made:
        made.far.script["book"] = [Turn(gate=gate)]
        made.engine()
        sale = await made.sell()
        await gate.reached.wait()
        refund = await refunded(made, sale)

        async def looked() -> bool:
            # Begun and tried, with nothing asked over there.
            return (await made.way(refund.id)).attempts > 0 if await ways(db, refund.id) else False

        await until(looked)
        assert list(made.far.sales) == []
        gate.open.set()
        await made.comes_to(refund.id, "booked")
        assert (await sales.get(db, sale.id))["status"] == "booked"
    assert list(made.far.sales) == [sale.id, refund.id]


async def test_a_refund_does_not_wait_for_a_sale_that_a_person_looks_at(db: Database) -> None:
    async with hub(db) as made:
        made.far.script["book"] = [Turn(raises=Invalid("the period is closed"))]
        made.engine()
        sale = await made.sell()
        await made.comes_to(sale.id, "exception")
        refund = await refunded(made, sale)
        await made.comes_to(refund.id, "booked")
    assert list(made.far.sales) == [refund.id]
