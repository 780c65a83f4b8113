"""Price lists are read whole, a fingerprint says when to read again, and our prices are Odoo's prices."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from tests.rooms.connectors.test_catalogue import sweep
from tests.rooms.connectors.world import World

from tillway.errors import NotFound
from tillway.retail import Call, PriceAsked, PriceList, PriceRule
from tillway.retail.pricing import price

MOMENTS = ("2026-11-30 23:59:59", "2026-12-01 00:00:00", "2026-12-31 23:59:59", "2027-01-01 00:00:00")
QUANTITIES = (1, 2, 5, 10, 100)


def at(moment: str) -> datetime:
    return datetime.strptime(moment, "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC)


async def test_a_list_is_read_with_its_rules(world: World, call: Call) -> None:
    found = await world.odoo().price_lists.price_list(call, str(world.shop.price_list))

    assert found == PriceList(
        id=str(world.shop.price_list),
        name=f"{world.shop.tag} list",
        currency=world.shop.currency,
        rules=(
            PriceRule(
                id=found.rules[0].id,
                scope="template",
                target=str(world.shop.template),
                min_quantity=Decimal(10),
                kind="fixed",
                fixed=Decimal(15),
            ),
            PriceRule(id=found.rules[1].id, scope="all", kind="percentage", percent=Decimal(10)),
        ),
    )


async def test_a_list_that_is_not_there_is_not_found(world: World, call: Call) -> None:
    with pytest.raises(NotFound):
        await world.odoo().price_lists.price_list(call, "99999999")


async def test_what_is_not_understood_here_is_told_by_odoo(world: World, call: Call) -> None:
    variants = [world.shop.variants[world.shop.sku(end)] for end in ("S-RED", "S-BLUE")]
    for variant, cost in zip(variants, (8.0, 9.5), strict=True):
        world.far.ask("product.product", "write", ids=[variant], vals={"standard_price": cost})
    rule = {
        "applied_on": "3_global",
        "compute_price": "formula",
        "base": "standard_price",
        "price_discount": -50.0,
        "min_quantity": 5,
    }
    made = world.far.make(
        "product.pricelist", name=f"{world.shop.tag} cost plus", company_id=1, item_ids=[[0, 0, rule]]
    )
    lists = world.odoo().price_lists
    asked = tuple(
        PriceAsked(variant=str(variant), quantity=Decimal(quantity)) for variant in variants for quantity in (1, 5)
    )

    told = await lists.ask(call, str(made), asked, at(MOMENTS[0]))

    assert [amount and round(amount, 6) for amount in told] == [Decimal(each) for each in ("20", "12", "25", "14.25")]
    (understood,) = {
        each.understood and each.base != "cost" for each in (await lists.price_list(call, str(made))).rules
    }
    assert not understood
    with pytest.raises(NotFound):
        await lists.ask(call, str(made), (PriceAsked(variant="99999999", quantity=Decimal(1)),), at(MOMENTS[0]))


async def test_the_fingerprint_changes_with_every_rule(world: World, call: Call) -> None:
    lists, seen = world.odoo().price_lists, []

    async def look() -> None:
        seen.append(await lists.versions(call))

    await look()
    rule = world.far.make(
        "product.pricelist.item",
        pricelist_id=world.shop.price_list,
        applied_on="1_product",
        product_tmpl_id=world.shop.template,
        compute_price="fixed",
        fixed_price=1.0,
        min_quantity=1000,
    )
    await look()
    # Twice within a second: the time of change alone would hide the second one.
    for changed in (2.0, 3.0):
        world.far.ask("product.pricelist.item", "write", ids=[rule], vals={"fixed_price": changed})
        await look()
    world.far.ask("product.pricelist.item", "unlink", ids=[rule])
    await look()

    assert len(set(seen[:-1])) == len(seen) - 1
    assert seen[-1] == seen[0]
    assert await lists.versions(call) == seen[-1]


def everything(world: World) -> list[dict[str, Any]]:
    """Rules of each scope and kind, at several quantities and times, overlapping."""
    red = world.shop.variants[world.shop.sku("S-RED")]
    parent, child = world.shop.categories
    return [
        {"applied_on": "3_global", "compute_price": "percentage", "percent_price": 7.5},
        {"applied_on": "3_global", "compute_price": "percentage", "percent_price": 12.5, "min_quantity": 100},
        {
            "applied_on": "1_product",
            "product_tmpl_id": world.shop.template,
            "compute_price": "formula",
            "base": "list_price",
            "price_discount": 33.33,
            "price_round": 0.5,
            "price_surcharge": -0.01,
            "min_quantity": 5,
        },
        {
            "applied_on": "0_product_variant",
            "product_tmpl_id": world.shop.template,
            "product_id": red,
            "compute_price": "fixed",
            "fixed_price": 11.99,
            "date_start": "2026-12-01 00:00:00",
            "date_end": "2026-12-31 23:59:59",
        },
        {
            "applied_on": "0_product_variant",
            "product_tmpl_id": world.shop.template,
            "product_id": red,
            "compute_price": "formula",
            "base": "list_price",
            "price_discount": 50,
            "price_min_margin": -8,
            "price_max_margin": -3,
            "min_quantity": 10,
        },
        {"applied_on": "2_product_category", "categ_id": child, "compute_price": "fixed", "fixed_price": 19},
        {"applied_on": "2_product_category", "categ_id": parent, "compute_price": "fixed", "fixed_price": 18},
        {
            "applied_on": "2_product_category",
            "categ_id": parent,
            "compute_price": "fixed",
            "fixed_price": 17,
            "min_quantity": 2,
        },
    ]


async def test_our_price_is_odoos_price(world: World, call: Call) -> None:
    made = world.far.make(
        "product.pricelist",
        name=f"{world.shop.tag} everything",
        company_id=1,
        item_ids=[[0, 0, each] for each in everything(world)],
    )
    _, products, _ = await sweep(world.odoo(), call)
    ours = await world.odoo().price_lists.price_list(call, str(made))
    family = [item for item in products if item.template == str(world.shop.template)]
    assert len(family) == 4

    asked = [(item, quantity, moment) for item in family for quantity in QUANTITIES for moment in MOMENTS]
    theirs = [
        world.far.ask(
            "product.product",
            "get_contextual_price",
            ids=[int(item.variant)],
            context={"pricelist": made, "quantity": quantity, "date": moment},
        )
        for item, quantity, moment in asked
    ]

    computed = [price(item, ours, quantity=Decimal(quantity), at=at(moment)).amount for item, quantity, moment in asked]
    assert computed == [round(Decimal(each), 6) for each in theirs]
