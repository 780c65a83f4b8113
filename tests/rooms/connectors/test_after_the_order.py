"""What happens to an order after it was accepted: amended, called off, invoiced, paid, taken back, credited; once."""

from __future__ import annotations

import asyncio
import secrets
import uuid
from datetime import timedelta
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from tests.rooms.connectors import far_side
from tests.rooms.connectors.world import World

from tillway import clock
from tillway.connectors.odoo import Odoo
from tillway.errors import Invalid
from tillway.processes.credit_return import refund_of
from tillway.retail import BackOfficeLine, Call, Order, Return, ReturnLine, Till, numbered

ONE = Decimal(1)


async def confirmed(world: World, call: Call, odoo: Odoo, *lines: tuple[str, str, str]) -> tuple[Order, str]:
    """An order that is binding over there, and its id there."""
    order = world.order(*lines)
    held = await odoo.order_book.write(call, order, world.store)
    await odoo.order_book.confirm(call, held.foreign_id)
    return order, held.foreign_id


def deliver(world: World, foreign: str) -> None:
    (picking,) = world.far.rows("stock.picking", [["sale_id", "=", int(foreign)]], ["state"])
    # All of it, whatever is in stock by then.
    for move in world.far.rows("stock.move", [["picking_id", "=", picking["id"]]], ["product_uom_qty"]):
        values = {"quantity": float(move["product_uom_qty"]), "picked": True}
        world.far.ask("stock.move", "write", ids=[move["id"]], vals=values)
    context = {"skip_sms": True, "skip_backorder": True}
    assert world.far.ask("stock.picking", "button_validate", ids=[picking["id"]], context=context) is True


def lines_there(world: World, foreign: str) -> list[tuple[str, Decimal]]:
    rows = world.far.rows(
        "sale.order.line", [["order_id", "=", int(foreign)]], ["product_id", "product_uom_qty"], order="sequence,id"
    )
    skus = {
        row["id"]: row["default_code"]
        for row in world.far.rows("product.product", [["default_code", "like", world.shop.tag]], ["default_code"])
    }
    return [
        (skus[row["product_id"][0]].removeprefix(f"{world.shop.tag}-"), Decimal(row["product_uom_qty"])) for row in rows
    ]


async def test_an_order_is_amended_once_however_often_it_is_asked(world: World, call: Call) -> None:
    odoo = world.odoo()
    order, foreign = await confirmed(world, call, odoo, ("S-RED", "3", "20"), ("M-RED", "1", "20"))
    other = world.order(("S-RED", "2", "20"), ("S-BLUE", "4", "25"))
    after = numbered(msgspec.structs.replace(other, id=order.id), order, 2)
    assert [line.number for line in after.lines] == [1, 3]
    for _ in range(2):
        await odoo.order_book.amend(call, foreign, order, after)
    assert lines_there(world, foreign) == [("S-RED", Decimal(2)), ("M-RED", Decimal(0)), ("S-BLUE", Decimal(4))]
    held = await odoo.order_book.read(call, foreign)
    assert (held.line_count, held.gross) == (2, after.gross)
    moves = world.far.rows(
        "stock.move", [["sale_line_id.order_id", "=", int(foreign)], ["state", "!=", "cancel"]], ["product_uom_qty"]
    )
    assert sorted(Decimal(row["product_uom_qty"]) for row in moves if row["product_uom_qty"]) == [2, 4]


async def test_what_stands_there_is_told_before_anything_is_called_off(world: World, call: Call) -> None:
    odoo = world.odoo()
    _, foreign = await confirmed(world, call, odoo, ("S-RED", "1", "20"))
    standing = await odoo.order_book.standing(call, foreign)
    assert (standing.state, standing.delivered, standing.invoiced) == ("confirmed", False, False)
    deliver(world, foreign)
    await odoo.invoicing.make(call, foreign)
    standing = await odoo.order_book.standing(call, foreign)
    assert (standing.delivered, standing.invoiced) == (True, False)
    (draft,) = await odoo.invoicing.of_order(call, foreign)
    for _ in range(2):
        await odoo.invoicing.post(call, draft.foreign_id)
    assert (await odoo.order_book.standing(call, foreign)).invoiced
    # The trap: Odoo itself calls off what was delivered and invoiced.
    await odoo.order_book.cancel(call, foreign)
    standing = await odoo.order_book.standing(call, foreign)
    assert (standing.state, standing.delivered, standing.invoiced) == ("cancelled", True, True)


async def test_of_many_that_invoice_an_order_at_once_one_does(world: World, call: Call) -> None:
    odoo = world.odoo()
    order, foreign = await confirmed(world, call, odoo, ("S-RED", "2", "20"))
    answers = await asyncio.gather(*(odoo.invoicing.make(call, foreign) for _ in range(4)), return_exceptions=True)
    assert [type(each) for each in answers if each is not None] == [Invalid] * 3
    (invoice,) = await odoo.invoicing.of_order(call, foreign)
    assert (invoice.state, invoice.gross) == ("draft", order.gross)


async def invoiced(world: World, call: Call, odoo: Odoo, *lines: tuple[str, str, str]) -> tuple[Order, str, str]:
    order, foreign = await confirmed(world, call, odoo, *lines)
    deliver(world, foreign)
    await odoo.invoicing.make(call, foreign)
    (draft,) = await odoo.invoicing.of_order(call, foreign)
    await odoo.invoicing.post(call, draft.foreign_id)
    return order, foreign, draft.foreign_id


async def test_a_payment_is_found_by_its_reference_and_pays_the_invoice(world: World, call: Call) -> None:
    odoo, reference = world.odoo(), str(uuid.uuid4())
    order, foreign, invoice = await invoiced(world, call, odoo, ("S-RED", "2", "20"))
    assert await odoo.invoicing.find_payment(call, reference) is None
    journal = str(
        world.far.make(
            "account.journal",
            name=f"J{secrets.token_hex(3)}",
            code=f"J{secrets.token_hex(2)}".upper(),
            type="bank",
            company_id=1,
        )
    )
    day = clock.now().date()
    await odoo.invoicing.pay(call, invoice, journal=journal, amount=order.gross, reference=reference, day=day)
    held = await odoo.invoicing.find_payment(call, reference)
    assert held is not None
    assert held.amount == order.gross
    (paid,) = await odoo.invoicing.of_order(call, foreign)
    assert paid.owed == 0


async def test_goods_come_back_once_and_only_what_is_named_is_credited(world: World, call: Call) -> None:
    odoo, reference = world.odoo(), str(uuid.uuid4())
    since = clock.now() - timedelta(minutes=1)
    order, foreign, invoice = await invoiced(world, call, odoo, ("S-RED", "2", "20"), ("S-BLUE", "3", "25"))
    back = (BackOfficeLine(sku=world.shop.sku("S-BLUE"), quantity=ONE),)
    assert await odoo.taking_back.find(call, foreign, reference, since) is None
    made = await odoo.taking_back.take_back(call, foreign, reference, back)
    assert await odoo.taking_back.find(call, foreign, reference, since) == made
    for _ in range(2):
        assert (await odoo.taking_back.finish(call, made.foreign_id)).state == "confirmed"
    sold = world.far.rows("sale.order.line", [["order_id", "=", int(foreign)]], ["qty_delivered"], order="sequence,id")
    assert [Decimal(row["qty_delivered"]) for row in sold] == [2, 2]
    await odoo.invoicing.credit(call, invoice, reference=reference, day=clock.now().date())
    draft = await odoo.invoicing.find_credit(call, reference)
    assert draft is not None
    assert (draft.state, draft.gross) == ("draft", order.gross)
    for _ in range(2):
        await odoo.invoicing.keep_only(call, draft.foreign_id, {(2, world.shop.sku("S-BLUE")): ONE})
    await odoo.invoicing.post(call, draft.foreign_id)
    note = await odoo.invoicing.find_credit(call, reference)
    assert note is not None
    assert (note.state, note.gross) == ("confirmed", Decimal("28.75"))
    # The trap: Odoo would invoice again what was credited.
    status = world.far.rows("sale.order", [["id", "=", int(foreign)]], ["invoice_status"])[0]["invoice_status"]
    assert status == "to invoice"


async def test_damaged_goods_come_back_where_nobody_can_sell_them(world: World, call: Call) -> None:
    """One of two of a line is damaged, and all of another; what is damaged is never among what is free."""
    odoo, reference = world.odoo(), str(uuid.uuid4())
    ends = [f"{kind}-{secrets.token_hex(3)}" for kind in ("CUP", "JUG")]
    skus = [world.shop.sku(end) for end in ends]
    for sku in skus:
        world.far.make("product.product", name=sku, default_code=sku, type="consu", is_storable=True)
    _, foreign = await confirmed(world, call, odoo, (ends[0], "3", "20"), (ends[1], "2", "25"))
    deliver(world, foreign)

    def there() -> dict[str, Decimal]:
        rows = world.far.rows("product.product", [["default_code", "in", skus]], ["default_code", "qty_available"])
        return {row["default_code"]: Decimal(row["qty_available"]) for row in rows}

    before = there()
    back = (BackOfficeLine(sku=skus[0], quantity=Decimal(2)), BackOfficeLine(sku=skus[1], quantity=ONE))
    damaged = tuple(BackOfficeLine(sku=sku, quantity=ONE) for sku in skus)
    made = await odoo.taking_back.take_back(call, foreign, reference, back)
    for _ in range(2):
        assert (await odoo.taking_back.finish(call, made.foreign_id, damaged)).state == "confirmed"
    after = there()
    assert [after[sku] - before[sku] for sku in skus] == [1, 0]
    domain = [["picking_id", "=", int(made.foreign_id)], ["location_dest_id.usage", "=", "inventory"]]
    assert [Decimal(row["quantity"]) for row in world.far.rows("stock.move.line", domain, ["quantity"])] == [1, 1]
    sold = world.far.rows("sale.order.line", [["order_id", "=", int(foreign)]], ["qty_delivered"], order="sequence,id")
    assert [Decimal(row["qty_delivered"]) for row in sold] == [1, 1]


async def test_damaged_goods_that_are_on_the_shelf_already_are_a_persons_matter(world: World, call: Call) -> None:
    odoo, reference = world.odoo(), str(uuid.uuid4())
    _, foreign = await confirmed(world, call, odoo, ("S-RED", "1", "20"))
    deliver(world, foreign)
    back = (BackOfficeLine(sku=world.shop.sku("S-RED"), quantity=ONE),)
    made = await odoo.taking_back.take_back(call, foreign, reference, back)
    await odoo.taking_back.finish(call, made.foreign_id)
    with pytest.raises(Invalid, match="among what can be sold"):
        await odoo.taking_back.finish(call, made.foreign_id, back)


async def test_a_transfer_that_could_not_be_marked_is_found_and_marked(world: World, call: Call) -> None:
    """The answer to the wizard was lost: the transfer is there and carries nobody's reference."""
    odoo, reference = world.odoo(), str(uuid.uuid4())
    since = clock.now() - timedelta(minutes=1)
    _, foreign = await confirmed(world, call, odoo, ("S-RED", "2", "20"))
    deliver(world, foreign)
    back = (BackOfficeLine(sku=world.shop.sku("S-RED"), quantity=ONE),)
    made = await odoo.taking_back.take_back(call, foreign, reference, back)
    world.far.ask("stock.picking", "write", ids=[int(made.foreign_id)], vals={"origin": "Return of X"})
    assert await odoo.taking_back.find(call, foreign, reference, since) == made
    assert world.far.rows("stock.picking", [["id", "=", int(made.foreign_id)]], ["origin"])[0]["origin"] == reference


async def test_what_was_not_delivered_cannot_come_back(world: World, call: Call) -> None:
    odoo = world.odoo()
    _, foreign = await confirmed(world, call, odoo, ("S-RED", "1", "20"))
    back = (BackOfficeLine(sku=world.shop.sku("S-RED"), quantity=ONE),)
    with pytest.raises(Invalid):
        await odoo.taking_back.take_back(call, foreign, str(uuid.uuid4()), back)


async def test_a_refund_at_a_till_takes_back_the_very_line_and_once(world: World, call: Call) -> None:
    till = far_side.till(world.far, world.shop.company)
    odoo = world.odoo(till=till)
    sale = world.sale(("S-RED", "2", "20"), ("M-RED", "1", "20"))
    session = await odoo.till_sessions.ensure_open(call, Till(id=sale.till, store=sale.shop))
    await odoo.till_sessions.book(call, sale, session)
    line = sale.lines[0]
    back = Return(
        id=str(uuid.uuid4()),
        sold_as="sale",
        sold=sale.id,
        consumer="web",
        shop=sale.shop,
        currency=sale.currency,
        authorised_at=clock.now(),
        lines=(
            ReturnLine(
                line=line.number,
                sku=line.sku,
                quantity=line.quantity,
                received=line.quantity,
                net=line.net,
                tax=line.tax,
                gross=line.gross,
            ),
        ),
        gross=line.gross,
        tender="card",
    )
    refund = refund_of(back, sale, at=clock.now())
    first, second = [await odoo.till_sessions.book(call, refund, session) for _ in range(2)]
    assert first == second
    assert first.gross == -line.gross
    rows: list[dict[str, Any]] = world.far.rows(
        "pos.order.line", [["order_id", "=", int(first.foreign_id)]], ["refunded_orderline_id", "qty"]
    )
    (sold,) = world.far.rows(
        "pos.order.line", [["order_id.uuid", "=", sale.id], ["product_id.default_code", "=", line.sku]], ["qty"]
    )
    assert [(row["refunded_orderline_id"][0], Decimal(row["qty"])) for row in rows] == [(sold["id"], -line.quantity)]
    far_side.close_session(world.far, int(session))
