"""Lists of what Odoo holds under ids of ours, and prices by its own reckoning."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import msgspec
from tests.rooms.connectors.far_side import till
from tests.rooms.connectors.test_customers_once import customer
from tests.rooms.connectors.world import World

from tillway import clock, ids
from tillway.connectors.odoo import Odoo
from tillway.retail import Call, ListedDocument, Order, Till

HOUR = timedelta(hours=1)


def ordered(world: World) -> Order:
    return msgspec.structs.replace(world.order(("S-RED", "2", "7.77")), id=str(ids.new()))


async def listed(odoo: Odoo, call: Call, kind: str) -> dict[str, list[ListedDocument]]:
    """All there is of the last hour, read in small pages, by our id."""
    found: dict[str, list[ListedDocument]] = {}
    cursor, more = None, True
    listing = odoo.ledgers.orders if kind == "orders" else odoo.ledgers.sales
    # The margin of a day is the connector's own; a shared server holds much of today.
    while more:
        page = await listing(call, since=clock.now() - HOUR, cursor=cursor, limit=200)
        for each in page.items:
            found.setdefault(each.ours, []).append(each)
        cursor, more = page.cursor, page.more
    return found


async def test_orders_are_listed_by_our_id_with_their_state_and_total(world: World, call: Call) -> None:
    odoo = world.odoo()
    draft, confirmed = ordered(world), ordered(world)
    await odoo.order_book.write(call, draft, world.store)
    held = await odoo.order_book.write(call, confirmed, world.store)
    await odoo.order_book.confirm(call, held.foreign_id)
    copied = world.far.make(
        "sale.order", partner_id=int(world.store.customer), client_order_ref=confirmed.id, company_id=1
    )
    theirs = world.far.make("sale.order", partner_id=int(world.store.customer), client_order_ref="PO 4711")

    found = await listed(odoo, call, "orders")

    assert [(each.state, each.gross, each.line_count) for each in found[draft.id]] == [("draft", held.gross, 1)]
    assert [each.foreign_id for each in found[confirmed.id]] == [held.foreign_id, str(copied)]
    assert found[confirmed.id][0].state == "confirmed"
    assert clock.now() - found[draft.id][0].made_at < HOUR
    assert str(theirs) not in {each.foreign_id for documents in found.values() for each in documents}


async def test_sales_of_our_tills_are_listed_with_the_till(world: World, call: Call) -> None:
    place = till(world.far, world.shop.company)
    odoo = world.odoo(till=place)
    sale = world.sale(("S-RED", "1", "20.00"))
    session = await odoo.till_sessions.ensure_open(call, Till(id="till-1", store="web"))
    await odoo.till_sessions.book(call, sale, session)

    found = await listed(odoo, call, "sales")

    assert {key: [(each.till, each.gross, each.state) for each in documents] for key, documents in found.items()} == {
        sale.id: [("till-1", sale.gross, "confirmed")]
    }
    assert await listed(world.odoo(), call, "sales") == {}


async def test_prices_are_reckoned_by_odoo_itself(world: World, call: Call) -> None:
    odoo = world.odoo()
    red, blue = (str(world.shop.variants[world.shop.sku(end)]) for end in ("S-RED", "S-BLUE"))
    on_list = await odoo.ledgers.unit_prices(call, price_list="web", variants=[red, blue, "999999999"], at=clock.now())
    plain = await odoo.ledgers.unit_prices(call, price_list="list", variants=[red, blue], at=clock.now())
    assert on_list == {red: Decimal(18), blue: Decimal("22.5")}
    assert plain == {red: Decimal(20), blue: Decimal(25)}


async def test_customers_are_listed_with_the_time_of_their_last_change(world: World, call: Call) -> None:
    odoo = world.odoo()
    ada, bob = [await odoo.customers.write(call, customer(), None) for _ in range(2)]
    world.far.ask("res.partner", "write", ids=[int(bob.foreign_id)], vals={"active": False})
    before = str(int(ada.foreign_id) - 1)

    listed, cursor, more = [], before, True
    while more:
        page = await odoo.ledgers.customers(call, cursor=cursor, limit=1)
        listed += page.items
        cursor, more = page.cursor, page.more
    chosen = await odoo.ledgers.customers(call, cursor=None, limit=10, among=[bob.foreign_id])

    found = {each.customer.foreign_id: each for each in listed}
    assert found[ada.foreign_id].customer == ada
    assert (found[bob.foreign_id].customer.active, found[bob.foreign_id].customer.ours) == (False, bob.ours)
    assert clock.now() - found[ada.foreign_id].changed_at < HOUR
    assert [each.customer for each in chosen.items] == [found[bob.foreign_id].customer]
