"""An order to which people added lines over there is amended without doubling or dropping any of them."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import msgspec
import pytest
from tests.rooms.connectors.test_after_the_order import confirmed, lines_there
from tests.rooms.connectors.world import World

from tillway.connectors.odoo import Odoo
from tillway.errors import Invalid, OutcomeUnknown
from tillway.records.there import HeldOrder, numbered
from tillway.retail import Call, Order, OrderThere
from tillway.retail import numbered as renumbered

Wanted = tuple[str, str, str]


def add(world: World, foreign: str, end: str, quantity: int, **more: Any) -> int:
    """A person adds a line in Odoo; its id."""
    product = world.shop.variants[world.shop.sku(end)]
    line = {"product_id": product, "product_uom_qty": quantity, "price_unit": 20.0, **more}
    world.far.ask("sale.order", "write", ids=[int(foreign)], vals={"order_line": [[0, 0, line]]})
    rows = world.far.rows("sale.order.line", [["order_id", "=", int(foreign)]], [], order="id desc", limit=1)
    return int(rows[0]["id"])


async def there(odoo: Odoo, call: Call, foreign: str) -> OrderThere:
    """The order as the hub reads it."""
    page = await odoo.documents.orders(call, cursor=None, limit=1000)
    while True:
        for item in page.items:
            if item.foreign_id == foreign:
                return item
        assert page.more
        page = await odoo.documents.orders(call, cursor=page.cursor, limit=1000)


async def seen(odoo: Odoo, call: Call, order: Order, foreign: str) -> Order:
    """The hub's order once it has read what people did."""
    found = await there(odoo, call, foreign)
    last = max(line.number for line in order.lines)
    lines = numbered(HeldOrder(status="accepted", changing=False, last_line=last, order=order), found)
    return msgspec.structs.replace(order, lines=lines, net=found.net, tax=found.tax, gross=found.gross)


def after(world: World, before: Order, *wanted: Wanted) -> Order:
    """What is asked for instead, numbered as the hub does."""
    other = world.order(*wanted)
    last = max(line.number for line in before.lines)
    return renumbered(msgspec.structs.replace(other, id=before.id), before, last)


async def test_a_line_that_people_added_is_neither_doubled_nor_dropped(world: World, call: Call) -> None:
    odoo = world.odoo()
    order, foreign = await confirmed(world, call, odoo, ("S-RED", "3", "20"))
    added = add(world, foreign, "M-RED", 1)
    before = await seen(odoo, call, order, foreign)
    assert [(line.number, line.sku) for line in before.lines] == [
        (1, world.shop.sku("S-RED")),
        (2, world.shop.sku("M-RED")),
    ]

    more = after(world, before, ("S-RED", "2", "20"), ("M-RED", "4", "20"), ("S-BLUE", "1", "25"))
    for _ in range(2):
        await odoo.order_book.amend(call, foreign, before, more)

    assert sorted(lines_there(world, foreign)) == [("M-RED", 4), ("S-BLUE", 1), ("S-RED", 2)]
    held = await odoo.order_book.read(call, foreign)
    assert (held.line_count, held.gross) == (3, more.gross)
    rows = world.far.rows("sale.order.line", [["id", "=", added]], ["product_uom_qty"])
    assert Decimal(rows[0]["product_uom_qty"]) == 4

    # What is not asked for any more is taken off, theirs as well as ours; what people added stays if it is asked for.
    less = after(world, more, ("M-RED", "4", "20"))
    for _ in range(2):
        await odoo.order_book.amend(call, foreign, more, less)
    assert {end: quantity for end, quantity in lines_there(world, foreign) if quantity} == {"M-RED": 4}
    assert (await odoo.order_book.read(call, foreign)).gross == less.gross


async def test_the_same_product_twice_stays_two_lines(world: World, call: Call) -> None:
    odoo = world.odoo()
    order, foreign = await confirmed(world, call, odoo, ("S-RED", "3", "20"))
    add(world, foreign, "S-RED", 1)
    before = await seen(odoo, call, order, foreign)

    await odoo.order_book.amend(call, foreign, before, after(world, before, ("S-RED", "3", "20"), ("S-RED", "2", "20")))

    assert lines_there(world, foreign) == [("S-RED", 3), ("S-RED", 2)]


async def test_a_discount_that_people_gave_stays(world: World, call: Call) -> None:
    odoo = world.odoo()
    order, foreign = await confirmed(world, call, odoo, ("S-RED", "1", "20"))
    line = add(world, foreign, "M-RED", 2, discount=25.0)
    before = await seen(odoo, call, order, foreign)
    more = after(world, before, ("S-RED", "1", "20"), ("M-RED", "4", "15"))

    await odoo.order_book.amend(call, foreign, before, more)

    rows = world.far.rows("sale.order.line", [["id", "=", line]], ["price_unit", "discount", "product_uom_qty"])
    assert [Decimal(rows[0][name]) for name in ("price_unit", "discount", "product_uom_qty")] == [20, 25, 4]
    assert (await odoo.order_book.read(call, foreign)).gross == more.gross


async def test_what_people_changed_unseen_is_not_overwritten(world: World, call: Call) -> None:
    odoo = world.odoo()
    order, foreign = await confirmed(world, call, odoo, ("S-RED", "3", "20"))
    wanted = after(world, order, ("S-RED", "1", "20"))
    added = add(world, foreign, "M-RED", 1)

    with pytest.raises(Invalid, match="people changed it"):
        await odoo.order_book.amend(call, foreign, order, wanted)

    assert lines_there(world, foreign) == [("S-RED", 3), ("M-RED", 1)]
    change = {"order_line": [[1, added, {"product_uom_qty": 0}]]}
    world.far.ask("sale.order", "write", ids=[int(foreign)], vals=change)
    await odoo.order_book.amend(call, foreign, order, wanted)
    assert {end: quantity for end, quantity in lines_there(world, foreign) if quantity} == {"S-RED": 1}


async def test_people_who_change_it_after_a_lost_answer_are_left_to_whoever_reads_it_back(
    world: World, call: Call
) -> None:
    odoo = world.odoo()
    order, foreign = await confirmed(world, call, odoo, ("S-RED", "3", "20"))
    wanted = after(world, order, ("S-RED", "1", "20"))
    world.proxy.lose_answer("sale.order/load")
    with pytest.raises(OutcomeUnknown):
        await odoo.order_book.amend(call, foreign, order, wanted)
    add(world, foreign, "M-RED", 1)

    await odoo.order_book.amend(call, foreign, order, wanted)

    assert lines_there(world, foreign) == [("S-RED", 1), ("M-RED", 1)]


async def test_an_order_that_people_made_is_amended_in_its_place(world: World, call: Call) -> None:
    odoo = world.odoo()
    line = {"product_id": world.shop.variants[world.shop.sku("S-RED")], "product_uom_qty": 2, "price_unit": 20.0}
    made = world.far.make(
        "sale.order",
        partner_id=int(world.shop.customer),
        warehouse_id=int(world.shop.warehouse),
        order_line=[[0, 0, line]],
    )
    world.far.ask("sale.order", "action_confirm", ids=[made])
    foreign = str(made)
    before = await seen(odoo, call, world.order(("S-RED", "2", "20")), foreign)
    wanted = after(world, before, ("S-RED", "1", "20"), ("S-BLUE", "1", "25"))

    for _ in range(2):
        await odoo.order_book.amend(call, foreign, before, wanted)

    assert sorted(lines_there(world, foreign)) == [("S-BLUE", 1), ("S-RED", 1)]
