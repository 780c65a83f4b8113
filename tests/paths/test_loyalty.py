"""A customer's points, end to end: shown, spent by many at once, in Odoo once each, and changed in Odoo itself."""

from __future__ import annotations

import asyncio
from decimal import Decimal
from typing import Any

from tests.running_demo import Demo, until

CARD = "loyalty.card"


async def there(demo: Demo, code: str) -> dict[str, Any]:
    found = await demo.odoo(CARD, "search_read", domain=[["code", "=", code]], fields=["points", "history_ids"])
    return dict(found[0])


async def test_points_are_spent_once_and_what_odoo_does_is_seen(demo: Demo) -> None:
    (made,) = await demo.odoo(CARD, "create", vals_list={"program_id": 1, "points": 7, "code": "PATH-7"})
    shown = await demo.ask("POST", "/loyalty/v1/balances", body={"code": "PATH-7"})
    (card,) = shown.body["cards"]
    assert (shown.status, card["balance"], card["kind"]) == (200, "7", "loyalty")

    spend = {"code": "PATH-7", "points": "1"}
    await demo.panel(drop_after_commit={"next": 2, "match": "loyalty.card.update.balance/action_update_card_point"})
    spent = await asyncio.gather(*(demo.ask("POST", "/loyalty/v1/redemptions", body=spend) for _ in range(12)))
    assert sorted(each.status for each in spent) == [201] * 7 + [409] * 5

    async def brought() -> bool:
        path = f"/loyalty/v1/cards/{card['id']}/movements"
        listed = (await demo.ask("GET", path)).body["movements"]
        return [each["status"] for each in listed] == ["confirmed"] * 7

    await until(brought, "all movements in Odoo", 40)
    held = await there(demo, "PATH-7")
    assert (held["points"], len(held["history_ids"])) == (0, 7)

    await demo.odoo(CARD, "write", ids=[made], vals={"points": 12.5})

    async def seen() -> bool:
        told = [each for each in await demo.events(card["id"]) if each["data"]["cause"] == "outside"]
        return bool(told) and Decimal(told[-1]["data"]["balance"]) == Decimal("12.5")

    await until(seen, "what Odoo did by itself", 40)

    offered = (await demo.ask("GET", "/promotions/v1/promotions?channel=pos")).body["promotions"]
    assert {"Larkfield Club", "Four mugs for three"} <= {each["name"] for each in offered}
    assert "Ten off eighty" not in {each["name"] for each in offered}
