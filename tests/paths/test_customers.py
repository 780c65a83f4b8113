"""A customer goes to Odoo once and buys there; whom we merge is one there."""

from __future__ import annotations

from uuid import uuid4

from tests.running_demo import Demo, until

CUSTOMERS = "/customers/v1/customers"


async def test_a_customer_is_created_once_buys_and_is_merged(demo: Demo) -> None:
    tag = uuid4().hex[:8]
    body = {"name": f"Ada {tag}", "emails": [f"ada.{tag}@example.com"], "phones": ["+32470123456"]}
    ada = await demo.ask("POST", CUSTOMERS, body=body)
    again = await demo.ask("POST", CUSTOMERS, body=body)
    assert (ada.status, again.status, again.body["id"]) == (201, 200, ada.body["id"])

    product = (await demo.ask("GET", "/products/v1/products?limit=1")).body["products"][0]
    order = {"lines": [{"sku": product["sku"], "quantity": "1"}], "customer": ada.body["id"]}
    placed = await demo.ask("POST", "/orders/v1/orders", body=order)
    await demo.event(placed.body["id"], "order.accepted")
    partner = await _partner(demo, tag)
    found = await demo.odoo(
        "sale.order", "search_read", domain=[["client_order_ref", "=", placed.body["id"]]], fields=["partner_id"]
    )
    assert [row["partner_id"][0] for row in found] == [partner]

    # Somebody over there knows her by another address, whom the hub finds by asking; then they are made one.
    made = await demo.odoo("res.partner", "create", vals_list={"name": "A.", "email": f"Other.{tag}@example.com"})
    seen = await demo.ask("POST", "/customers/v1/searches", body={"email": f"other.{tag}@example.com"})
    (other,) = seen.body["customers"]
    merged = await demo.ask("POST", f"{CUSTOMERS}/{ada.body['id']}/merges", body={"customers": [other["id"]]})
    assert merged.body["also"] == [other["id"]]

    async def one() -> bool:
        return not await demo.odoo("res.partner", "search", domain=[["id", "in", made]])

    await until(one, "one partner in Odoo")
    assert await _partner(demo, tag) == partner


async def _partner(demo: Demo, tag: str) -> int:
    async def there() -> int | None:
        found = await demo.odoo(
            "res.partner", "search_read", domain=[["email_normalized", "=", f"ada.{tag}@example.com"]], fields=["name"]
        )
        assert len(found) <= 1
        return found[0]["id"] if found else None

    return int(await until(there, "the customer in Odoo"))
