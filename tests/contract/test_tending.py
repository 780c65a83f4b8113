"""Reading again, and subscriptions that go on."""

from __future__ import annotations

import asyncio
from urllib.parse import quote

import pytest

SUBSCRIPTIONS = "/subscriptions/v1/subscriptions"
WANTED = {"types": ["order.placed"], "delivery": {"kind": "webhook", "url": "http://127.0.0.1:9000/hook"}}
WHY = {"reason": "the receiver lost a day"}


@pytest.fixture
async def made(hub):
    """A subscription that is told of everything so far: (id, follower, first position after its making)."""
    before = hub.tail.head
    subscription = (await hub.post(SUBSCRIPTIONS, WANTED)).json["id"]
    order = (await hub.post("/orders/v1/orders", {"lines": [{"sku": "TEE-CREW-S", "quantity": "1"}]})).json
    async with asyncio.timeout(20):
        while not (await hub.get(f"/events/v1/feed?subject={order['id']}&wait=5")).json["events"]:
            pass
    follower = f"webhook {subscription}"
    await hub.db.fetchval(
        "UPDATE journal.followers SET position = (SELECT position FROM journal.head) WHERE name = $1", follower
    )
    return subscription, follower, before + 1


def replay(follower):
    return f"/operations/v1/followers/{quote(follower)}/replay"


async def position(hub, follower):
    return await hub.db.fetchval("SELECT position FROM journal.followers WHERE name = $1", follower)


async def test_a_replay_is_told_first_and_then_done(hub, made):
    _, follower, first = made
    was = await position(hub, follower)
    dry = (await hub.post(replay(follower), {**WHY, "from": str(first), "dry_run": True}, raw=True)).json
    assert (dry["lanes"], dry["events"], dry["types"], dry["after"]) == (
        1,
        1,
        [{"type": "order.placed", "events": 1}],
        first - 1,
    )
    assert await position(hub, follower) == was
    done = (await hub.post(replay(follower), {**WHY, "from": str(first)}, raw=True)).json
    assert {**done, "dry_run": True} == dry
    assert await position(hub, follower) == first - 1


async def test_a_replay_takes_a_cursor_too(hub, made):
    _, follower, _ = made
    cursor = (await hub.get("/events/v1/feed?limit=1")).json["next"]
    done = await hub.post(replay(follower), {**WHY, "from": cursor, "dry_run": True}, raw=True)
    assert (done.status, done.json["after"]) == (200, 1)


@pytest.mark.parametrize(
    ("begin", "status"), [("999999999", 409), ("0", 422), ("nonsense", 422), ("A" * 32, 410), ("9" * 40, 422)]
)
async def test_a_replay_that_cannot_be_is_refused(hub, made, begin, status):
    assert (await hub.post(replay(made[1]), {**WHY, "from": begin}, raw=True)).status == status


async def test_nobody_is_replayed_who_is_not_there(hub):
    assert (await hub.post(replay("webhook nobody"), {**WHY, "from": "1"}, raw=True)).status == 404


async def test_a_subscription_that_was_given_up_is_seen_and_goes_on(hub, made):
    subscription, follower, _ = made
    await hub.db.fetchval(
        "UPDATE subscriptions.subscriptions SET status = 'disabled', reason = 'answered 410' WHERE id = $1",
        subscription,
    )
    assert (await seen(hub, subscription))["status"] == "suspended"
    done = await hub.post(f"/operations/v1/subscriptions/{subscription}/resume", WHY)
    assert (done.status, done.json["was"], done.json["status"]) == (200, "disabled", "active")
    now = await seen(hub, subscription)
    assert (now["status"], now["reason"], now["parked"], now["position"]) == (
        "active",
        None,
        0,
        await position(hub, follower),
    )
    assert (await hub.post("/operations/v1/subscriptions/nobody/resume", WHY)).status == 404


async def test_a_hold_is_ended_by_resuming(hub, made):
    subscription, follower, _ = made
    await hub.db.fetchval(
        "UPDATE journal.followers SET attempts = 9, held_for = 'unavailable', held_until = now() + interval '1 day' "
        "WHERE name = $1",
        follower,
    )
    held = await seen(hub, subscription)
    assert (held["status"], held["reason"], held["held_until"] is None) == ("held", "unavailable", False)
    await hub.post(f"/operations/v1/subscriptions/{subscription}/resume", WHY)
    assert (await seen(hub, subscription))["status"] == "active"


async def seen(hub, subscription):
    listed = (await hub.get("/operations/v1/subscriptions")).json["subscriptions"]
    return next(each for each in listed if each["id"] == subscription)
