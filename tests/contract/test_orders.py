"""Placing and reading orders."""

from __future__ import annotations

from uuid import uuid4

import pytest
from tests.contract.small_hub import landscape

ORDERS = "/orders/v1/orders"
TEE = {"lines": [{"sku": "TEE-CREW-S", "quantity": "2"}]}


def wrong(reply):
    return reply.status, {(each["pointer"], each["rule"]) for each in reply.json["violations"]}


async def test_an_order_needs_only_sku_and_quantity(hub):
    reply = await hub.post(ORDERS, TEE)
    order = reply.json
    assert (reply.status, reply.headers["location"]) == (201, f"{ORDERS}/{order['id']}")
    assert {
        key: order[key] for key in ("consumer", "shop", "customer", "price_list", "net", "tax", "gross", "status")
    } == {
        "consumer": "integrator",
        "shop": "harbour",
        "customer": "walk-in",
        "price_list": "store-prices",
        "net": "39.90",
        "tax": "7.98",
        "gross": "47.88",
        "status": "placed",
    }
    assert (await hub.get(reply.headers["location"])).json == order


async def test_a_placed_order_is_told_with_its_correlation_and_its_customer_to_those_who_may_know(hub):
    hub.active.swap(landscape(reader={"shops": "*", "event_types": "*"}))
    headers = {"X-Correlation-Id": f"c-{uuid4()}", "X-Causation-Id": "basket-7"}
    order = (await hub.post(ORDERS, TEE, headers=headers)).json
    feed = await hub.get(f"/events/v1/feed?subject={order['id']}&wait=5")
    (event,) = feed.json["events"]
    assert (event["type"], event["correlationid"], event["causationid"]) == (
        "tillway.order.placed.v1",
        headers["X-Correlation-Id"],
        "basket-7",
    )
    assert (event["data"]["gross"], event["data"]["customer"]) == ("47.88", "walk-in")
    (event,) = (await hub.get(f"/events/v1/feed?subject={order['id']}", by="reader")).json["events"]
    assert (event["data"]["gross"], "customer" in event["data"]) == ("47.88", False)


async def test_the_same_key_places_one_order(hub):
    headers = {"Idempotency-Key": str(uuid4())}
    first, second = [await hub.post(ORDERS, TEE, headers=headers) for _ in range(2)]
    assert (first.json, first.headers["location"]) == (second.json, second.headers["location"])
    feed = await hub.get(f"/events/v1/feed?subject={first.json['id']}&wait=5")
    assert len(feed.json["events"]) == 1


async def test_an_order_names_what_it_wants_and_what_it_expects_to_pay(hub):
    body = {
        "lines": [{"sku": "MUG-STON", "quantity": "4", "unit_price": "8.50", "gross": "40.80"}],
        "reference": "W-1",
        "shop": "station",
        "price_list": "store-prices",
        "customer": "walk-in",
        "currency": "EUR",
        "total": "40.80",
    }
    order = (await hub.post(ORDERS, body)).json
    assert (order["shop"], order["reference"], order["gross"]) == ("station", "W-1", "40.80")


@pytest.mark.parametrize(
    ("change", "violations"),
    [
        ({"lines": [{"sku": "NO-SUCH", "quantity": "1"}]}, {("/lines/0/sku", "sku-known")}),
        ({"lines": [{"sku": "OLD-1", "quantity": "1"}]}, {("/lines/0/sku", "sku-active")}),
        ({"lines": [{"sku": "MUG-STON", "quantity": "0"}]}, {("/lines/0/quantity", "quantity-positive")}),
        (
            {"lines": [{"sku": "MUG-STON", "quantity": "1", "unit_price": "1"}]},
            {("/lines/0/unit_price", "price-matches")},
        ),
        ({"total": "1.00"}, {("/total", "total-adds-up")}),
        ({"currency": "USD"}, {("/currency", "currency")}),
        ({"shop": "moon"}, {("/shop", "shop")}),
        ({"customer": "nobody"}, {("/customer", "customer")}),
        ({"price_list": "moon"}, {("/price_list", "price-list")}),
    ],
)
async def test_an_order_that_is_wrong_says_where(hub, change, violations):
    assert wrong(await hub.post(ORDERS, TEE | change)) == (422, violations)


async def test_a_consumer_orders_only_for_its_own_shops(hub):
    assert (await hub.post(ORDERS, TEE | {"shop": "harbour"}, by="station-till")).status == 403
    assert (await hub.post(ORDERS, TEE, by="station-till")).json["shop"] == "station"


async def test_a_consumer_without_a_shop_has_to_name_one(hub):
    hub.active.swap(landscape(integrator={"shops": "*", "event_types": "*"}))
    assert wrong(await hub.post(ORDERS, TEE)) == (422, {("/shop", "required")})
    assert (await hub.post(ORDERS, TEE | {"shop": "station"})).json["price_list"] == "store-prices"


async def test_an_order_of_another_shop_is_not_there(hub):
    order = (await hub.post(ORDERS, TEE)).json
    assert (await hub.get(f"{ORDERS}/{order['id']}", by="station-till")).status == 404


@pytest.mark.parametrize("order_id", ["0198c1f2-3a4b-7c5d-8e6f-0123456789ab", "not-an-id"])
async def test_an_order_that_was_never_placed_is_not_found(hub, order_id):
    assert (await hub.get(f"{ORDERS}/{order_id}")).status == 404


async def test_an_order_that_carries_a_card_number_is_refused_with_its_place(hub):
    reply = await hub.post(ORDERS, {**TEE, "reference": "4111 1111 1111 1111"})
    assert wrong(reply) == (422, {("/reference", "pan")})
    assert "4111" not in reply.content.decode()
