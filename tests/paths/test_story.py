"""The main job, end to end: an order and a sale go up, a price comes down."""

from __future__ import annotations

from decimal import Decimal

from tests.running_demo import Demo, until

from tillway.retail import sale_id


async def test_an_order_travels_from_post_to_odoo_to_the_subscriber(demo: Demo) -> None:
    """POST -> journal -> process -> Odoo (confirmed, once, right total) -> order.accepted -> signed hook."""
    product = (await demo.ask("GET", "/products/v1/products?limit=1")).body["products"][0]
    answer = await demo.ask(
        "POST",
        "/orders/v1/orders",
        body={"lines": [{"sku": product["sku"], "quantity": "2"}], "reference": "STORY-1"},
        headers={
            "X-Correlation-Id": "story-1",
            "traceparent": "00-11111111111111111111111111111111-2222222222222222-01",
        },
    )
    assert answer.status == 201
    order = answer.body["id"]
    assert answer.headers["Location"].endswith(order)
    assert answer.headers["X-Correlation-Id"] == "story-1"

    accepted = await demo.event(order, "order.accepted")
    assert accepted["correlationid"] == "story-1"
    assert accepted["traceparent"].split("-")[1] == "1" * 32

    found = await demo.odoo(
        "sale.order",
        "search_read",
        domain=[["client_order_ref", "=", order]],
        fields=["state", "amount_total", "order_line", "name"],
    )
    assert [(row["state"], len(row["order_line"])) for row in found] == [("sale", 1)]
    assert Decimal(str(found[0]["amount_total"])) == Decimal(answer.body["gross"])
    assert accepted["data"]["back_office"]["name"] == found[0]["name"]

    hook = await demo.hook(order, "order.accepted")
    assert hook["verified"] is True
    assert hook["id"] == accepted["id"]
    assert "customer" not in hook["event"]["data"]

    shown = await demo.ask("GET", f"/orders/v1/orders/{order}")
    assert (shown.status, shown.body["status"]) == (200, "accepted")


def sale_of(product: dict, till: str, sequence: int, shop: str = "harbour", epoch: str = "story") -> dict:
    """A receipt of one piece, paid by card, that adds up."""
    net = Decimal(product["list_price"])
    rate = sum((Decimal(tax["rate"]) for tax in product["taxes"] if not tax["included"]), Decimal(0))
    tax = (net * rate / 100).quantize(Decimal("0.01"))
    return {
        "id": sale_id(till, epoch, sequence),
        "till": till,
        "epoch": epoch,
        "sequence": sequence,
        "shop": shop,
        "business_day": "2026-11-23",
        "sold_at": "2026-11-23T10:00:00Z",
        "currency": product["currency"],
        "lines": [
            {
                "number": 1,
                "sku": product["sku"],
                "gtin": product["gtin"],
                "quantity": "1",
                "unit_price": str(net),
                "tax_rate": str(rate),
                "tax_included": False,
                "net": str(net),
                "tax": str(tax),
                "gross": str(net + tax),
            }
        ],
        "tenders": [{"kind": "card", "amount": str(net + tax)}],
        "net": str(net),
        "tax": str(tax),
        "gross": str(net + tax),
    }


async def excluded_product(demo: Demo) -> dict:
    """A product whose price is without tax."""
    page = (await demo.ask("GET", "/products/v1/products?limit=100")).body["products"]
    return next(each for each in page if each["taxes"] and not any(tax["included"] for tax in each["taxes"]))


async def test_a_till_sale_is_booked_once_however_often_it_is_sent(demo: Demo) -> None:
    """A printed receipt -> journal -> pos.order in an open session; a resend is a duplicate."""
    sale = sale_of(await excluded_product(demo), "harbour-till", 1)
    first = await demo.ask("POST", "/pos/v1/sales", body={"sales": [sale]})
    assert (first.status, [each["status"] for each in first.body["sales"]]) == (201, ["recorded"])
    again = await demo.ask("POST", "/pos/v1/sales", body={"sales": [sale]})
    assert [each["status"] for each in again.body["sales"]] == ["duplicate"]

    booked = await demo.event(sale["id"], "sale.booked")
    found = await demo.odoo(
        "pos.order",
        "search_read",
        domain=[["uuid", "=", sale["id"]]],
        fields=["amount_total", "state", "lines", "name"],
    )
    assert [(row["state"], len(row["lines"])) for row in found] == [("paid", 1)]
    assert Decimal(str(found[0]["amount_total"])) == Decimal(sale["gross"])
    assert booked["data"]["back_office"]["name"] == found[0]["name"]


async def test_a_price_that_only_odoo_can_tell_is_asked_of_it(demo: Demo) -> None:
    """A rule on cost, which the hub is not told: quotes say that Odoo was asked, and an order goes by that price."""
    product = (await demo.ask("GET", "/products/v1/products?limit=100")).body["products"][-2]
    variants = await demo.odoo(
        "product.product", "search_read", domain=[["default_code", "=", product["sku"]]], fields=["product_tmpl_id"]
    )
    await demo.odoo("product.product", "write", ids=[variants[0]["id"]], vals={"standard_price": 4.0})
    (odoo_list,) = await demo.odoo(
        "product.pricelist", "search_read", domain=[["name", "=", "Store prices"]], fields=["name"]
    )
    rule = {
        "pricelist_id": odoo_list["id"],
        "applied_on": "0_product_variant",
        "product_id": variants[0]["id"],
        "compute_price": "formula",
        "base": "standard_price",
        "price_discount": -25.0,
        "min_quantity": 3,
    }
    await demo.odoo("product.pricelist.item", "create", vals_list=rule)
    path = f"/prices/v1/prices/{product['sku']}?quantity=3&price_list=store-prices"

    async def told() -> dict | None:
        found = (await demo.ask("GET", path)).body
        return found if found["source"] == "back-office" else None

    price = await until(told, "the price is asked of Odoo")
    assert Decimal(price["amount"]) == 5
    lines = {"price_list": "store-prices", "lines": [{"sku": product["sku"], "quantity": "3"}]}
    ordered = await demo.ask("POST", "/orders/v1/orders", body=lines)
    assert (ordered.status, Decimal(ordered.body["lines"][0]["unit_price"])) == (201, Decimal(5))
    await demo.event(ordered.body["id"], "order.accepted")


async def test_a_price_comes_down_from_odoo_to_the_feed(demo: Demo) -> None:
    """A person changes a list price in Odoo; price.changed names the lists, quotes follow, the hook tells it."""
    product = (await demo.ask("GET", "/products/v1/products?limit=100")).body["products"][-1]
    (variant,) = await demo.odoo(
        "product.product",
        "search_read",
        domain=[["default_code", "=", product["sku"]]],
        fields=["product_tmpl_id", "lst_price"],
    )
    before = (await demo.events(product["sku"]))[-1:]
    price = Decimal(str(variant["lst_price"])) + 7
    template = variant["product_tmpl_id"][0]
    (row,) = await demo.odoo("product.template", "read", ids=[template], fields=["list_price"])
    await demo.odoo("product.template", "write", ids=[template], vals={"list_price": row["list_price"] + 7})

    async def changed() -> dict | None:
        events = await demo.events(product["sku"])
        told = [event for event in events if event["type"] == "tillway.price.changed.v1"]
        return told[-1] if told and told[-1:] != before else None

    event = await until(changed, "price.changed")
    assert Decimal(event["data"]["list_price"]) == price
    assert "list" in event["data"]["lists"]
    assert (await demo.hook(product["sku"], "price.changed"))["id"] == event["id"]
    quote = await demo.ask(
        "POST", "/prices/v1/quotes", body={"price_list": "list", "lines": [{"sku": product["sku"], "quantity": "1"}]}
    )
    assert Decimal(quote.body["lines"][0]["price"]["amount"]) == price


async def test_an_order_is_taken_while_odoo_is_stopped_and_placed_when_it_is_back(demo: Demo) -> None:
    """201 with Odoo stopped; afterwards exactly one order there."""
    sku = (await demo.ask("GET", "/products/v1/products?limit=1")).body["products"][0]["sku"]
    await demo.panel(stopped=True)
    try:
        answer = await demo.ask("POST", "/orders/v1/orders", body={"lines": [{"sku": sku, "quantity": "1"}]})
        assert answer.status == 201
        await demo.event(answer.body["id"], "order.placed")
    finally:
        await demo.panel(stopped=False)
    await demo.event(answer.body["id"], "order.accepted")
    count = await demo.odoo("sale.order", "search_count", domain=[["client_order_ref", "=", answer.body["id"]]])
    assert count == 1
