"""Subscribing, and looking at how the hub is doing."""

from __future__ import annotations

from uuid import uuid4

import pytest
from tests.pure.gateway.front_door import token

SUBSCRIPTIONS = "/subscriptions/v1/subscriptions"
WANTED = {"types": ["order.accepted"], "delivery": {"kind": "webhook", "url": "http://127.0.0.1:9000/hook"}}


async def test_a_subscription_shows_its_secret_once(hub):
    reply = await hub.post(SUBSCRIPTIONS, WANTED)
    made = reply.json
    assert (reply.status, reply.headers["location"]) == (201, f"{SUBSCRIPTIONS}/{made['id']}")
    secret = made.pop("secret")
    assert secret.startswith("whsec_")
    assert (await hub.get(reply.headers["location"])).json == made
    assert made == {**WANTED, "id": made["id"], "status": "active", "created_at": made["created_at"]}


async def test_a_repetition_makes_no_second_subscription_and_shows_no_secret(hub):
    headers = {"Idempotency-Key": str(uuid4())}
    first, second = [await hub.post(SUBSCRIPTIONS, WANTED, headers=headers) for _ in range(2)]
    shown = first.json
    del shown["secret"]
    assert (second.status, second.json) == (201, shown)
    kept = await hub.db.fetchval("SELECT body FROM gateway.idempotency WHERE key = $1", headers["Idempotency-Key"])
    assert b"whsec_" not in kept


async def test_a_deleted_subscription_is_gone(hub):
    path = (await hub.post(SUBSCRIPTIONS, WANTED)).headers["location"]
    asked = {"token": token("integrator", scopes=["subscriptions:write"])}
    assert [(await hub.ask("DELETE", path, **asked)).status for _ in range(2)] == [204, 404]
    assert (await hub.get(path)).status == 404


async def test_somebody_elses_subscription_is_not_there(hub):
    path = (await hub.post(SUBSCRIPTIONS, WANTED)).headers["location"]
    assert (await hub.get(path, by="station-till")).status == 404


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"types": ["moon.risen"]}, "/types/0"),
        ({"types": []}, "/types"),
        ({"delivery": {"kind": "webhook", "url": "http://10.0.0.1/hook"}}, "/delivery/url"),
        ({"delivery": {"kind": "webhook", "url": "ftp://example.com"}}, "/delivery/url"),
        ({"delivery": {"kind": "pigeon", "url": "http://127.0.0.1/"}}, "/delivery/kind"),
    ],
)
async def test_a_subscription_that_cannot_be_is_refused_with_its_place(hub, change, pointer):
    reply = await hub.post(SUBSCRIPTIONS, WANTED | change)
    assert (reply.status, reply.json["violations"][0]["pointer"]) == (422, pointer)


async def test_the_journal_is_followed_with_positions(hub):
    order = (await hub.post("/orders/v1/orders", {"lines": [{"sku": "TEE-CREW-S", "quantity": "1"}]})).json
    page = (await hub.get("/operations/v1/journal?types=order.placed&wait=5&limit=500")).json
    positions = [entry["position"] for entry in page["entries"]]
    assert positions == sorted(positions)
    assert page["entries"][-1]["event"]["subject"] == order["id"]
    assert "customer" not in page["entries"][-1]["event"]["data"]


async def test_a_transaction_is_traced_by_what_is_known_of_it(hub):
    headers = {"X-Correlation-Id": f"c-{uuid4()}"}
    order = (
        await hub.post("/orders/v1/orders", {"lines": [{"sku": "TEE-CREW-S", "quantity": "1"}]}, headers=headers)
    ).json
    await hub.get(f"/events/v1/feed?subject={order['id']}&wait=5")
    by_correlation = (await hub.get(f"/operations/v1/traces/{headers['X-Correlation-Id']}")).json
    by_subject = (await hub.get(f"/operations/v1/traces/{order['id']}")).json
    assert by_correlation["entries"] == by_subject["entries"]
    assert (by_subject["subjects"], len(by_subject["entries"])) == ([order["id"]], 1)
    assert (await hub.get("/operations/v1/traces/no-such-thing")).status == 404


async def test_an_operator_sees_how_the_hub_is(hub):
    operator = token("operator", scopes=["operations:read"], kind="operator")
    health = (await hub.ask("GET", "/operations/v1/health", token=operator)).json
    assert (health["status"], health["reasons"], health["exceptions"]) == ("ready", [], 0)
    assert health["landscape"] == hub.active.current.hash
    hub.door.drain()
    assert (await hub.ask("GET", "/operations/v1/health", token=operator)).json["status"] == "draining"


async def test_followers_are_listed_lane_by_lane(hub):
    made = (await hub.post(SUBSCRIPTIONS, WANTED)).json
    followers = (await hub.get("/operations/v1/followers")).json["followers"]
    assert [each["lane"] for each in followers if made["id"] in each["name"]] == [0]
