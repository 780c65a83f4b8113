"""Changing orders, recording payments and returning goods, as those who ask see it."""

from __future__ import annotations

import asyncio
from uuid import uuid4

from tests.contract.test_orders import ORDERS, TEE, wrong
from tests.contract.test_sales import SALES, identity, sale

PAID = {"provider": "larkpay", "amount": "10.00", "currency": "EUR"}
ONE = {"lines": [{"line": 1, "quantity": "1"}]}


async def placed(hub):
    return (await hub.post(ORDERS, TEE)).json


async def test_a_change_is_kept_told_and_found(hub):
    order = await placed(hub)
    asked = await hub.post(f"{ORDERS}/{order['id']}/cancellations", {"reason": "ordered twice"})
    change = asked.json
    assert (asked.status, change["kind"], change["status"], change["reason"]) == (
        202,
        "cancel",
        "asked",
        "ordered twice",
    )
    assert (await hub.get(asked.headers["location"])).json == change
    (event,) = (await hub.get(f"/events/v1/feed?subject={change['id']}&wait=5")).json["events"]
    assert (event["type"], event["data"]["order"]) == ("tillway.order.change-requested.v1", order["id"])


async def test_one_change_at_a_time_and_a_refusal_says_what_is_allowed(hub):
    order = await placed(hub)
    path = f"{ORDERS}/{order['id']}"
    replies = await asyncio.gather(*(hub.post(f"{path}/invoices", {}) for _ in range(4)))
    assert sorted(reply.status for reply in replies) == [202, 409, 409, 409]
    refused = await hub.post(f"{path}/amendments", TEE)
    assert (refused.status, refused.json["remedy"]) == (409, "allowed now: nothing")
    assert "another change (invoice) is under way" in refused.json["detail"]


async def test_an_amendment_is_priced_as_the_order_was_and_checked(hub):
    order = await placed(hub)
    path = f"{ORDERS}/{order['id']}/amendments"
    bad = {"lines": [{"sku": "NO-SUCH", "quantity": "1"}], "total": "1.00"}
    assert wrong(await hub.post(path, bad)) == (422, {("/lines/0/sku", "sku-known")})
    assert wrong(await hub.post(path, TEE | {"total": "1.00"})) == (422, {("/total", "total-adds-up")})
    assert (await hub.post(path, TEE | {"total": order["gross"]})).status == 202


async def test_own_orders_are_listed_newest_first_page_by_page(hub):
    made = [(await hub.post(ORDERS, TEE | {"reference": "L-1"})).json["id"] for _ in range(3)]
    first = (await hub.get(f"{ORDERS}?limit=2&reference=L-1")).json
    rest = (await hub.get(f"{ORDERS}?limit=2&reference=L-1&after={first['next']}")).json
    assert [order["id"] for order in first["orders"] + rest["orders"]] == made[::-1]
    assert rest["next"] is None
    assert wrong(await hub.get(f"{ORDERS}?after=abc")) == (422, {("/query/after", "cursor")})


async def test_a_reference_is_one_payment_and_money_that_does_not_fit_is_kept_apart(hub):
    order = await placed(hub)
    path = f"/payments/v1/orders/{order['id']}/payments"
    one = PAID | {"reference": str(uuid4())}
    first, again = await hub.post(path, one), await hub.post(path, one)
    assert (first.status, first.json) == (201, again.json)
    assert (await hub.post(path, one | {"amount": "11.00"})).status == 409
    much = await hub.post(path, PAID | {"reference": str(uuid4()), "amount": "37.89"})
    assert (much.status, much.json["payment"]["status"]) == (202, "quarantined")
    assert [each["rule"] for each in much.json["violations"]] == ["ledger"]
    listed = (await hub.get(path)).json
    assert [each["status"] for each in listed["payments"]] == ["recorded", "quarantined"]
    assert (listed["ledger"]["total"], listed["ledger"]["captured"]) == ("47.88", "10.00")


async def test_of_many_payments_at_once_no_more_is_kept_than_the_order_comes_to(hub):
    order = await placed(hub)
    path = f"/payments/v1/orders/{order['id']}/payments"
    replies = await asyncio.gather(*(hub.post(path, PAID | {"reference": str(uuid4())}) for _ in range(7)))
    assert sorted(reply.status for reply in replies) == [201] * 4 + [202] * 3
    assert (await hub.get(path)).json["ledger"]["captured"] == "40.00"


async def test_a_card_number_is_no_reference(hub):
    order = await placed(hub)
    reply = await hub.post(f"/payments/v1/orders/{order['id']}/payments", PAID | {"reference": "4111111111111111"})
    assert wrong(reply) == (422, {("/reference", "pan")})
    assert "4111" not in reply.content.decode()


async def test_nothing_of_an_order_comes_back_before_it_is_accepted(hub):
    order = await placed(hub)
    assert (await hub.post(f"/returns/v1/sold/{order['id']}/returns", ONE)).status == 409
    assert (await hub.post(f"/returns/v1/sold/{uuid4()}/returns", ONE)).status == 404


async def test_a_receipt_comes_back_once_step_by_step(hub):
    sold = sale()
    await hub.post(SALES, {"sales": [sold]})
    receipt = f"{sold['till']}:{sold['epoch']}:{sold['sequence']}"
    made = await hub.post(f"/returns/v1/sold/{receipt}/returns", ONE)
    back = made.json
    assert (made.status, back["sold"], back["sold_as"], back["gross"]) == (
        201,
        identity(sold),
        "sale",
        sold["lines"][0]["gross"],
    )
    again = await hub.post(f"/returns/v1/sold/{identity(sold)}/returns", ONE)
    assert wrong(again) == (422, {("/lines/0/quantity", "over-return")})
    assert "line 1" in again.json["violations"][0]["detail"]
    path = f"/returns/v1/returns/{back['id']}"
    assert (await hub.post(f"{path}/credit", {})).status == 409
    assert wrong(await hub.post(f"{path}/receipt", {"lines": [{"line": 1, "quantity": "2"}]}))[0] == 422
    here = (await hub.post(f"{path}/receipt", ONE)).json
    assert (here["status"], here["lines"][0]["condition"]) == ("received", "resellable")
    assert (await hub.post(f"{path}/receipt", ONE)).status == 409
    due = await hub.post(f"{path}/credit", {"tender": "cash"})
    assert (due.status, due.json["status"], due.json["tender"]) == (202, "crediting", "cash")
    assert (await hub.post(f"{path}/credit", {})).status == 409
    events = (await hub.get(f"/events/v1/feed?subject={back['id']}&wait=5")).json["events"]
    assert [event["type"] for event in events][:1] == ["tillway.return.authorised.v1"]
