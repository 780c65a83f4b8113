"""An order is in Odoo once, with its lines once and at the price promised, whatever is lost or repeated on the way."""

from __future__ import annotations

import asyncio
from collections import Counter
from decimal import Decimal
from typing import Any

import pytest
from tests.rooms.connectors.world import PARALLEL, World

from tillway.errors import Invalid, NotFound, OutcomeUnknown, Poison, TryAgain
from tillway.retail import BackOfficeLine, BackOfficeOrder, BackOfficeStore, Call, Order

LINES = (("S-RED", "2", "7.77"), ("M-BLUE", "1.5", "19.90"))


def really(world: World, order: Order) -> list[dict[str, Any]]:
    """What Odoo holds of an order, looked at through the back door."""
    fields = ["state", "amount_total", "amount_tax", "client_order_ref", "origin", "order_line", "pricelist_id"]
    return world.far.rows("sale.order", [["client_order_ref", "=", order.id]], fields)


def once(world: World, order: Order, state: str = "draft") -> dict[str, Any]:
    """Assert that the order is there once, with its own lines once, and return it."""
    found = really(world, order)
    assert len(found) == 1
    lines = world.far.rows(
        "sale.order.line", [["order_id", "=", found[0]["id"]]], ["product_id", "product_uom_qty", "price_unit"]
    )
    assert Counter((line["product_id"][0], line["product_uom_qty"], line["price_unit"]) for line in lines) == Counter(
        (world.shop.variants[line.sku], line.quantity, line.unit_price) for line in order.lines
    )
    assert found[0]["state"] == state
    return found[0]


async def test_an_order_arrives_with_its_lines_totals_and_references(world: World, call: Call) -> None:
    order = world.order(*LINES)

    written = await world.odoo().order_book.write(call, order, world.store)

    row = once(world, order)
    assert written == BackOfficeOrder(
        foreign_id=str(row["id"]),
        name=written.name,
        state="draft",
        gross=Decimal("52.20"),
        line_count=2,
        lines=(
            BackOfficeLine(sku=world.shop.sku("S-RED"), quantity=Decimal(2)),
            BackOfficeLine(sku=world.shop.sku("M-BLUE"), quantity=Decimal("1.5")),
        ),
    )
    assert (row["origin"], row["amount_total"], row["pricelist_id"][0]) == (
        order.reference,
        Decimal("52.2"),
        world.shop.price_list,
    )


async def test_the_promised_price_survives_confirmation(world: World, call: Call) -> None:
    order, book = world.order(*LINES), world.odoo().order_book
    written = await book.write(call, order, world.store)

    await book.confirm(call, written.foreign_id)

    once(world, order, "sale")
    confirmed = await book.read(call, written.foreign_id)
    assert (confirmed.state, confirmed.gross, confirmed.lines) == ("confirmed", Decimal("52.20"), written.lines)


async def test_an_order_at_list_prices_has_no_price_list(world: World, call: Call) -> None:
    order = world.order(("S-RED", "1", "20.00"), price_list="list")

    written = await world.odoo().order_book.write(call, order, world.store)

    assert once(world, order)["pricelist_id"] is False
    assert written.gross == Decimal("23.00")


async def test_an_order_is_found_by_our_id(world: World, call: Call) -> None:
    order, book = world.order(*LINES), world.odoo().order_book
    before = await book.find(call, order.id, order.placed_at)

    written = await book.write(call, order, world.store)

    assert (before, await book.find(call, order.id, order.placed_at)) == (None, written)


async def test_writing_again_changes_nothing(world: World, call: Call) -> None:
    order, book = world.order(*LINES), world.odoo().order_book

    first = await book.write(call, order, world.store)
    again = await world.odoo().order_book.write(call, order, world.store)

    once(world, order)
    assert first == again


async def test_six_at_once_make_one_order(world: World, call: Call) -> None:
    order = world.order(*LINES)

    answers = await asyncio.gather(
        *(world.odoo().order_book.write(call, order, world.store) for _ in range(PARALLEL)), return_exceptions=True
    )

    row = once(world, order)
    written = [answer for answer in answers if isinstance(answer, BackOfficeOrder)]
    assert {answer.foreign_id for answer in written} == {str(row["id"])}
    assert {type(answer) for answer in answers} <= {BackOfficeOrder, TryAgain}


async def test_a_lost_answer_leaves_one_order(world: World, call: Call) -> None:
    order, book = world.order(*LINES), world.odoo().order_book
    world.proxy.lose_answer("sale.order/load")

    with pytest.raises(OutcomeUnknown):
        await book.write(call, order, world.store)
    found = await book.find(call, order.id, order.placed_at)
    again = await book.write(call, order, world.store)

    row = once(world, order)
    assert found == again
    assert again.foreign_id == str(row["id"])


async def test_not_found_while_odoo_is_still_at_it_makes_no_second_order(world: World, call: Call) -> None:
    order, book = world.order(*LINES), world.odoo().order_book
    world.proxy.cut_off("sale.order/load")

    with pytest.raises(OutcomeUnknown):
        await book.write(call, order, world.store)
    try:
        await book.write(call, order, world.store)
    except TryAgain:
        await world.proxy.idle()
        await book.write(call, order, world.store)
    await world.proxy.idle()

    once(world, order)


async def test_an_order_that_was_confirmed_is_not_written_again(world: World, call: Call) -> None:
    order, book = world.order(*LINES), world.odoo().order_book
    first = await book.write(call, order, world.store)
    await book.confirm(call, first.foreign_id)

    again = await book.write(call, order, world.store)

    once(world, order, "sale")
    assert (again.foreign_id, again.state) == (first.foreign_id, "confirmed")


async def test_odoo_itself_refuses_a_late_load_of_a_confirmed_order(world: World, call: Call) -> None:
    """What protects the moment between looking and loading: the price list among the fields."""
    order, book = world.order(*LINES), world.odoo().order_book
    first = await book.write(call, order, world.store)
    await book.confirm(call, first.foreign_id)
    fields, data = await book._rows(call, order, world.store)
    data[0][fields.index("order_line/product_uom_qty")] = "9"

    answer = world.far.ask("sale.order", "load", fields=fields, data=data)

    assert answer["ids"] is False
    once(world, order, "sale")


async def test_a_crash_between_writing_and_confirming_is_picked_up(world: World, call: Call) -> None:
    order = world.order(*LINES)
    await world.odoo().order_book.write(call, order, world.store)

    after_restart = world.odoo().order_book
    written = await after_restart.write(call, order, world.store)
    await after_restart.confirm(call, written.foreign_id)

    once(world, order, "sale")


async def test_confirming_twice_is_confirming(world: World, call: Call) -> None:
    order, book = world.order(*LINES), world.odoo().order_book
    written = await book.write(call, order, world.store)

    await book.confirm(call, written.foreign_id)
    await book.confirm(call, written.foreign_id)

    once(world, order, "sale")


async def test_six_confirmations_at_once_confirm_once(world: World, call: Call) -> None:
    order, book = world.order(*LINES), world.odoo().order_book
    written = await book.write(call, order, world.store)

    answers = await asyncio.gather(
        *(world.odoo().order_book.confirm(call, written.foreign_id) for _ in range(PARALLEL)), return_exceptions=True
    )

    once(world, order, "sale")
    assert {type(answer) for answer in answers} <= {type(None), TryAgain}
    assert None in answers


async def test_a_lost_confirmation_is_found_confirmed(world: World, call: Call) -> None:
    order, book = world.order(*LINES), world.odoo().order_book
    written = await book.write(call, order, world.store)
    world.proxy.lose_answer("sale.order/action_confirm")

    with pytest.raises(OutcomeUnknown):
        await book.confirm(call, written.foreign_id)
    state = (await book.read(call, written.foreign_id)).state
    await book.confirm(call, written.foreign_id)

    once(world, order, "sale")
    assert state == "confirmed"


async def test_a_cancelled_order_can_be_cancelled_again_but_not_confirmed(world: World, call: Call) -> None:
    order, book = world.order(*LINES), world.odoo().order_book
    written = await book.write(call, order, world.store)
    await book.confirm(call, written.foreign_id)

    await book.cancel(call, written.foreign_id)
    await book.cancel(call, written.foreign_id)
    with pytest.raises(Invalid):
        await book.confirm(call, written.foreign_id)

    assert (await book.read(call, written.foreign_id)).state == "cancelled"


async def test_an_unknown_product_is_named_and_nothing_is_written(world: World, call: Call) -> None:
    order = world.order(("S-RED", "1", "20"), ("NONE", "1", "1"))

    with pytest.raises(Invalid) as caught:
        await world.odoo().order_book.write(call, order, world.store)

    assert [each.pointer for each in caught.value.violations] == ["/lines/1/sku"]
    assert really(world, order) == []


async def test_bad_data_is_refused_and_nothing_is_written(world: World, call: Call) -> None:
    order = world.order(*LINES)
    nowhere = BackOfficeStore(
        store="web", company=world.shop.company, warehouse=world.shop.warehouse, customer="99999999"
    )

    with pytest.raises(Invalid):
        await world.odoo().order_book.write(call, order, nowhere)

    assert really(world, order) == []


async def test_a_list_or_customer_that_is_not_declared_is_poison(world: World, call: Call) -> None:
    book = world.odoo().order_book
    order = world.order(*LINES, price_list="nowhere")

    with pytest.raises(Poison):
        await book.write(call, order, world.store)


async def test_an_order_that_is_gone_is_not_found(world: World, call: Call) -> None:
    book = world.odoo().order_book

    with pytest.raises(NotFound):
        await book.read(call, "99999999")
    with pytest.raises(NotFound):
        await book.confirm(call, "99999999")
