"""What is promised is held: promises, an order that takes one, a count and a transfer, all the way into Odoo."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from tests.running_demo import Demo, until

# A product and two shops that no other story sells at.
SKU = "BOARD-OAK"
SHOP, OTHER = "station", "airport"
NAMES = {SHOP: "Station", OTHER: "Airport"}


async def test_what_is_left_is_promised_once_and_an_order_takes_it(demo: Demo) -> None:
    await until(lambda: _read(demo), "a first reading of stock")
    free = await _available(demo)
    whole = await _promise(demo, str(free))
    assert whole.status == 201
    short = await _promise(demo, "1")
    assert (short.status, short.body["type"]) == (409, "/problems/conflict")
    assert (await demo.ask("DELETE", f"/stock/v1/promises/{whole.body['id']}")).status == 204
    assert await _available(demo) == free

    promise = (await _promise(demo, "2")).body["id"]
    body = {"shop": SHOP, "lines": [{"sku": SKU, "quantity": "2"}], "promises": [promise]}
    order = (await demo.ask("POST", "/orders/v1/orders", body=body)).body["id"]
    await demo.event(order, "order.accepted")
    taken = (await demo.ask("GET", f"/stock/v1/promises/{promise}")).body
    assert (taken["state"], taken["order"]) == ("converted", order)

    # It is Odoo's reservation that counts in the end, and no moment offers the same goods twice.
    async def seen() -> bool:
        found = await _at(demo, SHOP)
        assert Decimal(found["available"]) <= free - 2
        return _only_free(found) and Decimal(found["available"]) == free - 2

    await until(seen, "the reservation in a reading")
    changed = await _told(demo, SHOP, free - 2)
    assert Decimal(changed["before"]) == free
    ended = [
        event["data"]["how"] for event in await demo.events(SKU) if event["type"] == "tillway.stock.promise-ended.v1"
    ]
    assert ended[-2:] == ["released", "converted"]


async def test_a_count_and_a_transfer_arrive_in_odoo(demo: Demo) -> None:
    await until(lambda: _read(demo), "a first reading of stock")
    held = await _on_hand(demo, SHOP)
    body = {"sku": SKU, "location": SHOP, "counted": str(held + 5), "reason": "counted anew"}
    count = (await demo.ask("POST", "/stock/v1/adjustments", body=body)).body["id"]
    await _applied(demo, f"/stock/v1/adjustments/{count}")
    assert await _on_hand(demo, SHOP) == held + 5

    free, there = await _settled(demo, SHOP), await _settled(demo, OTHER)
    lines = [{"sku": SKU, "quantity": "4"}]
    sent = await demo.ask("POST", "/stock/v1/transfers", body={"origin": SHOP, "destination": OTHER, "lines": lines})
    assert sent.status == 201
    assert await _available(demo) <= free - 4
    await _applied(demo, f"/stock/v1/transfers/{sent.body['id']}")
    assert await _on_hand(demo, SHOP) == held + 1
    await _told(demo, OTHER, there + 4)
    assert (await _settled(demo, SHOP), await _settled(demo, OTHER)) == (free - 4, there + 4)


async def _promise(demo: Demo, quantity: str) -> Any:
    return await demo.ask("POST", "/stock/v1/promises", body={"sku": SKU, "location": SHOP, "quantity": quantity})


async def _read(demo: Demo) -> bool:
    return (await demo.ask("GET", f"/stock/v1/availability?sku={SKU}&location={SHOP}")).status == 200


async def _at(demo: Demo, shop: str) -> dict[str, Any]:
    answer = await demo.ask("GET", f"/stock/v1/availability?sku={SKU}&location={shop}")
    assert answer.status == 200, answer.body
    found: dict[str, Any] = answer.body
    return found


async def _available(demo: Demo, shop: str = SHOP) -> Decimal:
    return Decimal((await _at(demo, shop))["available"])


async def _settled(demo: Demo, shop: str) -> Decimal:
    """What is available where a reading has seen all that Odoo has."""

    async def same() -> dict[str, Any] | None:
        there = await _quant(demo, shop)
        found = await _at(demo, shop)
        free = there["quantity"] - there["reserved_quantity"]
        return found if _only_free(found) and Decimal(found["available"]) == free else None

    return Decimal((await until(same, f"a reading of {shop}"))["available"])


def _only_free(found: dict[str, Any]) -> bool:
    return all(part == "free" or Decimal(held) == 0 for part, held in found["parts"].items())


async def _applied(demo: Demo, path: str) -> None:
    async def there() -> bool:
        state = (await demo.ask("GET", path)).body["state"]
        assert state in {"recorded", "applied"}
        return state == "applied"

    await until(there, f"{path} in Odoo")


async def _told(demo: Demo, shop: str, free: Decimal) -> dict[str, Any]:
    """The event that tells of this level."""

    async def look() -> dict[str, Any] | None:
        told = [event["data"] for event in await demo.events(SKU) if event["type"] == "tillway.stock.changed.v1"]
        return next((each for each in told if each["shop"] == shop and Decimal(each["free"]) == free), None)

    found: dict[str, Any] = await until(look, f"stock.changed to {free} at {shop}")
    return found


async def _quant(demo: Demo, shop: str) -> dict[str, Any]:
    """What Odoo holds of it at the shop's stock location."""
    (house,) = await demo.odoo(
        "stock.warehouse", "search_read", domain=[["name", "=", NAMES[shop]]], fields=["lot_stock_id"]
    )
    (quant,) = await demo.odoo(
        "stock.quant",
        "search_read",
        domain=[["product_id.default_code", "=", SKU], ["location_id", "=", house["lot_stock_id"][0]]],
        fields=["quantity", "reserved_quantity"],
    )
    found: dict[str, Any] = quant
    return {name: Decimal(str(found[name])) for name in ("quantity", "reserved_quantity")}


async def _on_hand(demo: Demo, shop: str) -> Decimal:
    return Decimal((await _quant(demo, shop))["quantity"])
