"""Taxes on sales are those of the company, as it charges them."""

from __future__ import annotations

from tests.rooms.connectors.world import World

from tillway.retail import Call


async def test_percentages_are_told_in_the_order_they_are_computed(world: World, call: Call) -> None:
    fixed = world.far.make("account.tax", name=f"{world.shop.tag} fee", amount_type="fixed", amount=1, company_id=1)
    found = {tax.id: tax for tax in await world.odoo().taxes.taxes(call)}

    ours = [found[str(key)] for key in (world.shop.tax, world.shop.tax_included)]
    assert [(str(tax.rate), tax.included) for tax in ours] == [("15", False), ("20", True)]
    assert str(fixed) not in found
    there = world.far.rows(
        "account.tax", [["type_tax_use", "=", "sale"], ["company_id", "=", 1]], [], order="sequence,id"
    )
    assert list(found) == [str(row["id"]) for row in there if str(row["id"]) in found]
