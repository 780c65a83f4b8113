"""What people do in the back office itself is told as events, each once."""

from __future__ import annotations

from decimal import Decimal
from typing import Any
from uuid import UUID

import msgspec
import pytest
from tests.rooms.connectors.far_side import till
from tests.rooms.connectors.office_people import People, Reader
from tests.rooms.connectors.world import World

from tillway.postgres import Database
from tillway.records import Cause, links, orders, sales, shipments
from tillway.retail import Call, Order

CAUSE = Cause(correlation="test")


@pytest.fixture
async def reader(world: World, db: Database) -> Reader:
    """A hub that has read everything once before anything of the test happens."""
    reader = Reader(db=db, connection=world.far.name, documents=world.odoo().documents)
    await reader.once()
    await reader.told()
    return reader


@pytest.fixture
def people(world: World) -> People:
    found = People(far=world.far, shop=world.shop)
    found.stock(world.shop.sku("S-RED"), 100)
    return found


async def test_an_order_by_telephone_is_told_until_the_last_payment(
    world: World, reader: Reader, people: People, db: Database
) -> None:
    sku = world.shop.sku("S-RED")
    there = people.order(sku, 5)
    order, (first,) = reader.id("order", there), people.pickings(there)
    whole = reader.id("shipment", first)

    await reader.once()
    placed, accepted, ready = await reader.told(order, whole)
    assert [placed.type, accepted.type, ready.type] == ["order.placed", "order.accepted", "shipment.updated"]
    assert (placed.data["origin"], placed.data["shop"], placed.data["gross"]) == ("back-office", "web", "115.00")
    assert accepted.data["back_office"]["id"] == str(there)
    assert (ready.data["milestone"], ready.data["previous"], ready.data["order"]) == ("ready", None, order)
    assert (await orders.get(db, order)).order.status == "accepted"

    people.deliver(first, 2)
    rest = people.pickings(there)[1]
    await reader.once()
    told = {each.data["milestone"]: each.data for each in await reader.told(order, whole, reader.id("shipment", rest))}
    assert set(told) == {"partially-shipped", "ready"}
    assert [line["done"] for line in told["partially-shipped"]["lines"]] == ["2"]
    assert (told["ready"]["follows"], told["ready"]["lines"][0]["quantity"]) == (whole, "3")

    people.deliver(rest)
    invoice = people.invoice(there)
    await reader.once()
    shipped, posted, invoiced = await reader.told(reader.id("shipment", rest), reader.id("invoice", invoice), order)
    assert (shipped.data["milestone"], posted.type, posted.data["orders"]) == ("shipped", "invoice.posted", [order])
    assert (invoiced.type, invoiced.data["payment"], invoiced.data["open"]) == ("order.invoiced", "not-paid", "115.00")

    people.pay(invoice, 15)
    await reader.once()
    people.pay(invoice)
    await reader.once()
    assert [(each.data["payment"], each.data["open"]) for each in await reader.told(order)] == [
        ("partial", "100.00"),
        ("paid", "0.00"),
    ]
    people.cancel(there)
    await reader.once()
    (called_off,) = await reader.told(order, reader.id("invoice", invoice))
    assert (called_off.type, called_off.data["delivered"]) == ("order.cancelled", True)
    assert [
        each.milestone for each in (await shipments.changed(db, shops=None, order=UUID(order), limit=9)).shipments
    ] == [
        "partially-shipped",
        "shipped",
    ]


async def test_what_lies_within_the_overlap_is_read_again_and_told_once(
    world: World, reader: Reader, people: People
) -> None:
    there = people.order(world.shop.sku("S-RED"), 1)
    order, shipment = reader.id("order", there), reader.id("shipment", people.pickings(there)[0])
    await reader.once()
    assert len(await reader.told(order, shipment)) == 3
    await reader.once()
    # A node that took over from one that got nowhere starts with the cursor of the first.
    await Reader(db=reader.db, connection=reader.connection, documents=world.odoo().documents).once()
    assert await reader.told(order, shipment) == []


async def test_a_quotation_is_nobodys_business_until_it_is_confirmed(
    world: World, reader: Reader, people: People
) -> None:
    there = people.order(world.shop.sku("S-RED"), 1, confirm=False)
    order = reader.id("order", there)
    await reader.once()
    assert await reader.told(order) == []
    world.far.ask("sale.order", "action_confirm", ids=[there])
    await reader.once()
    assert [each.type for each in await reader.told(order)] == ["order.placed", "order.accepted"]


async def test_an_order_that_people_change_is_amended_and_then_called_off(
    world: World, reader: Reader, people: People, db: Database
) -> None:
    there = people.order(world.shop.sku("S-RED"), 2)
    order, shipment = reader.id("order", there), reader.id("shipment", people.pickings(there)[0])
    await reader.once()
    await reader.told()

    line = {"product_id": world.shop.variants[world.shop.sku("M-RED")], "product_uom_qty": 1}
    world.far.ask("sale.order", "write", ids=[there], vals={"order_line": [[0, 0, line]]})
    await reader.once()
    (amended,) = await reader.told(order)
    assert (amended.type, amended.data["gross_before"], amended.data["gross"]) == ("order.amended", "46.00", "69.00")
    assert (await orders.get(db, order)).order.gross == Decimal("69.00")

    people.cancel(there)
    await reader.once()
    told = await reader.told(order, shipment)
    assert [(each.type, each.data.get("milestone")) for each in told] == [
        ("order.cancelled", None),
        ("shipment.updated", "cancelled"),
    ]
    assert (told[0].data["delivered"], (await orders.get(db, order)).order.status) == (False, "cancelled")


async def placed(world: World, db: Database, call: Call) -> tuple[Order, str]:
    """An order of ours that is in the back office, confirmed, and whose process is still at work."""
    order = world.order(("S-RED", "1", "20.00"))
    async with db.transaction() as tx:
        orders.accept(tx, order, CAUSE)
    book = world.odoo().order_book
    held = await book.write(call, order, world.store)
    await book.confirm(call, held.foreign_id)
    return order, held.foreign_id


async def accept(world: World, db: Database, order: Order, foreign: str) -> None:
    """What the process does when it is done."""
    async with db.transaction() as tx:
        tx.stage(orders.settle(order.id, "accepted"))
        tx.stage(links.linking("order", order.id, world.far.name, foreign, "S"))


async def test_our_own_order_is_told_by_its_process_alone_and_its_shipment_names_it(
    world: World, reader: Reader, people: People, db: Database, call: Call
) -> None:
    order, foreign = await placed(world, db, call)
    shipment = reader.id("shipment", people.pickings(int(foreign))[0])
    await reader.told()
    await reader.once()
    await accept(world, db, order, foreign)
    await reader.once()
    told = await reader.told(order.id, shipment, reader.id("order", int(foreign)))
    assert [(each.type, each.data["order"]) for each in told] == [("shipment.updated", order.id)]


@pytest.mark.parametrize("early", [True, False], ids=["while its process is at work", "later"])
async def test_our_order_that_people_call_off_is_told_once(
    world: World, reader: Reader, people: People, db: Database, call: Call, *, early: bool
) -> None:
    order, foreign = await placed(world, db, call)
    if early:
        people.cancel(int(foreign))
        await reader.once()
        await reader.told()
    await accept(world, db, order, foreign)
    if not early:
        await reader.once()
        await reader.told()
        people.cancel(int(foreign))
    await reader.once()
    await reader.once()
    told = await reader.told(order.id)
    assert [(each.type, each.data["origin"]) for each in told if each.type != "order.placed"] == [
        ("order.cancelled", "back-office")
    ]
    assert (await orders.get(db, order.id)).order.status == "cancelled"


async def test_a_copy_of_our_order_is_an_order_of_its_own(
    world: World, reader: Reader, people: People, db: Database, call: Call
) -> None:
    order, foreign = await placed(world, db, call)
    await accept(world, db, order, foreign)
    copy = people.order(world.shop.sku("S-RED"), 4, ref=order.id)
    await reader.told()
    await reader.once()
    told = await reader.told(order.id, reader.id("order", copy))
    assert [(each.type, each.data["gross"]) for each in told] == [
        ("order.placed", "92.00"),
        ("order.accepted", "92.00"),
    ]


async def test_receipts_of_their_own_tills_are_told_and_counted_through(
    world: World, db: Database, people: People, call: Call
) -> None:
    place, sku = till(world.far, world.shop.company), world.shop.sku("S-RED")
    connector = world.odoo(till=place)
    reader = Reader(db=db, connection=f"{world.far.name}-tills", documents=connector.documents)
    await reader.once()
    session = people.open(place)
    theirs = [people.sell(place, session, sku, quantity) for quantity in (1, 2)]
    people.sell(place, session, sku, 1, number=6)
    ours = world.sale(("S-RED", "1", "20.00"))
    await keep(db, ours)
    booked = await connector.till_sessions.book(call, ours, str(session))
    assert booked.session == str(session)
    await reader.told()

    await reader.once()
    await reader.once()
    told = await reader.told()
    assert [
        (each.type, each.data["origin"], each.data["sequence"]) for each in told if each.data["till"] == "till-1"
    ] == [
        ("sale.recorded", "back-office", 1),
        ("sale.recorded", "back-office", 2),
        ("sale.recorded", "back-office", 6),
    ]
    assert (told[1].data["gross"], told[1].data["shop"], told[1].data["lines"][0]["sku"]) == ("46.00", "web", sku)
    kept = await sales.read(db, theirs[1])
    assert (kept.lines[0].tax_rate, kept.tenders[0].kind, kept.tax) == (Decimal(15), "card", Decimal("6.00"))

    people.close(session)
    await reader.once()
    await reader.once()
    (closed,) = [each for each in await reader.told() if each.type == "session.closed"]
    assert (closed.data["sales"], closed.data["complete"], closed.data["gaps"]) == (4, False, [{"first": 4, "last": 5}])
    again = people.open(place)
    people.sell(place, again, sku, 1)
    people.close(again)
    await reader.once()
    (following,) = [each for each in await reader.told() if each.type == "session.closed"]
    assert (following.data["first"], following.data["complete"]) == (4, True)


async def keep(db: Database, sale: Any) -> None:
    body = msgspec.to_builtins(sale)
    async with db.transaction() as tx:
        receipt = sales.Receipt(id=sale.id, body=body, sale=sale, owner="nobody")
        await sales.record(tx, [receipt], consumer="tills", cause=CAUSE)
