"""An order and what comes after it, end to end: placed, amended, invoiced, paid, taken back, credited, paid out."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from tests.running_demo import Demo


async def post(demo: Demo, path: str, body: dict[str, Any], status: int) -> Any:
    answer = await demo.ask("POST", path, body=body)
    assert answer.status == status, answer.body
    return answer.body


async def rows(demo: Demo, model: str, domain: list[Any], *fields: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = await demo.odoo(model, "search_read", domain=domain, fields=list(fields), order="id")
    return found


async def deliver(demo: Demo, order: str) -> None:
    """As the warehouse does in Odoo itself: tills may have sold the last one, so goods are counted in first."""
    wanted = [["sale_id.client_order_ref", "=", order]]
    (picking,) = await rows(demo, "stock.picking", wanted, "location_id", "move_ids")
    (move,) = await demo.odoo("stock.move", "read", ids=picking["move_ids"], fields=["product_id"])
    counted = {"product_id": move["product_id"][0], "location_id": picking["location_id"][0], "inventory_quantity": 500}
    quants = await demo.odoo("stock.quant", "create", vals_list=counted, context={"inventory_mode": True})
    await demo.odoo("stock.quant", "action_apply_inventory", ids=quants)
    await demo.odoo("stock.picking", "action_assign", ids=[picking["id"]])
    context = {"skip_sms": True, "skip_backorder": True}
    assert await demo.odoo("stock.picking", "button_validate", ids=[picking["id"]], context=context) is True


async def test_an_order_is_amended_invoiced_paid_and_partly_returned_each_once(demo: Demo) -> None:
    product = (await demo.ask("GET", "/products/v1/products?limit=1")).body["products"][0]
    lines = {"lines": [{"sku": product["sku"], "quantity": "3"}]}
    order = (await post(demo, "/orders/v1/orders", {**lines, "reference": "BACK-1"}, 201))["id"]
    await demo.event(order, "order.accepted")

    two = {"lines": [{"sku": product["sku"], "quantity": "2"}]}
    await post(demo, f"/orders/v1/orders/{order}/amendments", two, 202)
    amended = (await demo.event(order, "order.amended"))["data"]
    gross = Decimal(amended["gross"])
    assert [line["quantity"] for line in amended["lines"]] == ["2"]

    paid = {"provider": "larkpay", "reference": f"psp-{order}", "amount": str(gross), "currency": amended["currency"]}
    payment = (await post(demo, f"/payments/v1/orders/{order}/payments", paid, 201))["payment"]["id"]
    await deliver(demo, order)
    refused = await demo.ask("POST", f"/orders/v1/orders/{order}/cancellations", body={})
    assert (refused.status, refused.body["remedy"]) == (409, "allowed now: invoice")

    await post(demo, f"/orders/v1/orders/{order}/invoices", {}, 202)
    invoiced = (await demo.event(order, "order.invoiced"))["data"]
    assert Decimal(invoiced["invoiced"]) == gross
    await demo.event(payment, "payment.booked")

    one = {"lines": [{"line": 1, "quantity": "1"}]}
    back = (await post(demo, f"/returns/v1/sold/{order}/returns", one, 201))["id"]
    over = await demo.ask("POST", f"/returns/v1/sold/{order}/returns", body={"lines": [{"line": 1, "quantity": "2"}]})
    assert (over.status, over.body["violations"][0]["rule"]) == (422, "over-return")
    await post(demo, f"/returns/v1/returns/{back}/receipt", one, 200)
    owed = Decimal((await post(demo, f"/returns/v1/returns/{back}/credit", {}, 202))["gross"])
    await demo.event(back, "return.credited")
    out = paid | {"kind": "refunded", "reference": f"out-{order}", "amount": str(owed), "credited": back}
    refund = (await post(demo, f"/payments/v1/orders/{order}/payments", out, 201))["payment"]["id"]
    await demo.event(refund, "payment.booked")

    moves = await rows(demo, "account.move", [["invoice_origin", "=", (await there(demo, order))["name"]]], "move_type", "state", "amount_total")  # fmt: skip
    assert [(row["move_type"], row["state"], Decimal(str(row["amount_total"]))) for row in moves] == [
        ("out_invoice", "posted", gross),
        ("out_refund", "posted", owed),
    ]
    booked = await rows(demo, "account.payment", [["memo", "in", [payment, refund]]], "payment_type", "amount")
    assert [(row["payment_type"], Decimal(str(row["amount"]))) for row in booked] == [
        ("inbound", gross),
        ("outbound", owed),
    ]
    goods = await rows(demo, "stock.picking", [["origin", "=", back]], "state")
    assert [row["state"] for row in goods] == ["done"]
    ledger = (await demo.ask("GET", f"/payments/v1/orders/{order}/payments")).body["ledger"]
    assert (Decimal(ledger["captured"]), Decimal(ledger["refunded"])) == (gross, owed)


async def there(demo: Demo, order: str) -> dict[str, Any]:
    (found,) = await rows(demo, "sale.order", [["client_order_ref", "=", order]], "name", "state")
    return found
