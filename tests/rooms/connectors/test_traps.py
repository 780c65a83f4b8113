"""What a real Odoo does that surprises, where no other test of this folder would notice: see docs/odoo.md."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta, timezone
from decimal import Decimal

import msgspec
import pytest
from tests.rooms.connectors.far_side import FarSide
from tests.rooms.connectors.test_catalogue import new
from tests.rooms.connectors.test_customers_once import customer
from tests.rooms.connectors.world import World

from tillway.connectors.odoo.client import READ, WRITE, Json2
from tillway.connectors.odoo.places import Connection
from tillway.errors import Invalid
from tillway.retail import Address, Call, PriceAsked, Product

ONE = Decimal(1)


@pytest.fixture(scope="session")
def elsewhere(far: FarSide) -> int:
    """Another company with a warehouse; the sandbox has none of its own."""
    context = {"active_test": False}
    held = far.ask("stock.warehouse", "search_read", domain=[], fields=["company_id"], context=context)
    known = {row["company_id"][0] for row in held if far.name == "sandbox"}
    if far.name == "odoo":
        companies = far.ask("res.company", "search", domain=[["id", "!=", 1]], order="id")
        context = {"allowed_company_ids": [1, *companies]}
        rows = far.ask("stock.warehouse", "search_read", domain=[], fields=["company_id"], context=context)
        known = {row["company_id"][0] for row in rows}
    others = sorted(known - {1})
    if others:
        return others[0]
    partner = far.make("res.partner", name="Elsewhere")
    company = far.make("res.company", name="Elsewhere", currency_id=1, partner_id=partner)
    (admin,) = far.rows("res.users", [["login", "=", "admin"]], ["login"])
    far.ask("res.users", "write", ids=[admin["id"]], vals={"company_ids": [[4, company]]})
    far.make("stock.warehouse", name="Elsewhere", code="ELSE", company_id=company)
    return company


async def test_goods_of_another_company_are_seen_by_who_asks_for_that_company(
    world: World, call: Call, elsewhere: int
) -> None:
    """Who names no company, or another one, is told of no stock there instead of being refused."""
    sku = f"{world.shop.tag}-{secrets.token_hex(3)}"
    product = world.far.make("product.product", name=sku, default_code=sku, type="consu", is_storable=True)
    context = {"allowed_company_ids": [elsewhere], "inventory_mode": True}
    (warehouse,) = world.far.ask(
        "stock.warehouse",
        "search_read",
        domain=[["company_id", "=", elsewhere]],
        fields=["lot_stock_id"],
        limit=1,
        context=context,
    )
    values = {"product_id": product, "location_id": warehouse["lot_stock_id"][0], "inventory_quantity_auto_apply": 6}
    world.far.ask("stock.quant", "create", vals_list=values, context=context)

    there = msgspec.structs.replace(call, company=str(elsewhere))
    (level,) = await world.odoo().stock.levels(there, warehouses=(str(warehouse["id"]),), skus=(sku,))

    assert level.quantity == 6


async def test_taxes_of_another_company_are_none_of_ours(world: World, call: Call, elsewhere: int) -> None:
    """A product carries the taxes of all companies at once."""
    companies = world.far.ask("res.company", "search", domain=[])
    domain = [["type_tax_use", "=", "sale"], ["company_id", "!=", 1]]
    context = {"allowed_company_ids": companies}
    theirs = world.far.ask("account.tax", "search", domain=domain, limit=1, context=context)
    if not theirs:
        theirs = [world.far.make("account.tax", name="Theirs", amount=7, type_tax_use="sale", company_id=elsewhere)]
    variant, sku = new(world, taxes_id=[[6, 0, [world.shop.tax, *theirs]]])

    page = await world.odoo().catalogue.products(call, cursor=None, limit=1000)
    items: list[Product] = list(page.items)
    while page.more:
        page = await world.odoo().catalogue.products(call, cursor=page.cursor, limit=1000)
        items += page.items

    (ours,) = [item for item in items if item.sku == sku]
    assert (ours.variant, [tax.id for tax in ours.taxes]) == (str(variant), [str(world.shop.tax)])


async def test_a_price_list_that_was_archived_still_prices(world: World, call: Call) -> None:
    """Saving any setting while price lists are switched off archives them all; orders go on at their prices."""
    rule = {"applied_on": "3_global", "compute_price": "percentage", "percent_price": 25}
    made = world.far.make(
        "product.pricelist", name=f"{world.shop.tag} old", company_id=1, active=False, item_ids=[[0, 0, rule]]
    )
    lists = world.odoo().price_lists
    variant = str(world.shop.variants[world.shop.sku("S-RED")])

    found = await lists.price_list(call, str(made))
    told = await lists.ask(call, str(made), (PriceAsked(variant=variant, quantity=ONE),), call.deadline)

    assert [each.percent for each in found.rules] == [Decimal(25)]
    assert told == (Decimal(15),)


async def test_a_moment_with_an_offset_is_asked_for_in_utc(world: World, call: Call) -> None:
    """Odoo fails on a moment with a zone, and takes one without for UTC."""
    rule = {
        "applied_on": "3_global",
        "compute_price": "percentage",
        "percent_price": 50,
        "date_start": "2026-12-01 00:00:00",
        "date_end": "2026-12-01 00:59:59",
    }
    made = world.far.make("product.pricelist", name=f"{world.shop.tag} hour", company_id=1, item_ids=[[0, 0, rule]])
    asked = (PriceAsked(variant=str(world.shop.variants[world.shop.sku("S-RED")]), quantity=ONE),)
    brussels = timezone(timedelta(hours=1))
    lists = world.odoo().price_lists

    at_half_past_one = await lists.ask(call, str(made), asked, datetime(2026, 12, 1, 1, 30, tzinfo=brussels))
    an_hour_earlier = await lists.ask(call, str(made), asked, datetime(2026, 12, 1, 0, 30, tzinfo=brussels))

    assert (at_half_past_one, an_hour_earlier) == ((Decimal(10),), (Decimal(20),))


async def test_a_country_that_odoo_does_not_know_is_refused_and_empties_nothing(world: World, call: Call) -> None:
    """Odoo itself would answer that all is well and leave the country empty."""
    far, ada = world.odoo().customers, customer()
    made = await far.write(call, ada, None)
    moved = msgspec.structs.replace(ada, address=Address(street="1 Main", city="Nowhere", country="ZZ"))

    with pytest.raises(Invalid, match="ZZ"):
        await far.write(call, moved, made.foreign_id)

    assert await far.find(call, ada.id) == made


async def test_an_archived_card_is_still_known_by_its_code(world: World, call: Call) -> None:
    """Nobody may delete a card, so people archive them."""
    programme = world.far.make("loyalty.program", name=f"{world.shop.tag} cards", program_type="loyalty")
    code = f"T-{secrets.token_hex(5)}"
    card = world.far.make("loyalty.card", program_id=programme, points=5, code=code)
    world.far.ask("loyalty.card", "write", ids=[card], vals={"active": False})

    found = await world.odoo().loyalty.card_by_code(call, code)

    assert found is not None
    assert (found.foreign_id, found.active) == (str(card), False)


async def test_one_record_is_created_as_a_list_of_one_over_every_door(world: World, call: Call) -> None:
    """JSON-2 always answers a list, JSON-RPC what it was given."""
    far = world.far
    odoo = Json2(
        Connection(url=far.url, database=far.database, key=far.key, protocol=far.protocol, login=far.login),
        world.client,
    )

    made = await odoo.call(call, WRITE, "res.partner", "create", vals_list={"name": f"{world.shop.tag} one"})

    assert isinstance(made, list)
    gone = [*made, 99999999]
    read = await odoo.call(call, READ, "res.partner", "read", ids=gone, fields=["name"])
    assert [row["id"] for row in read] == made
