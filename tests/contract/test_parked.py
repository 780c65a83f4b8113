"""Parked work as a person on duty sees it and acts on it."""

from __future__ import annotations

from urllib.parse import quote
from uuid import uuid4

import pytest
from tests.pure.gateway.front_door import token

PARKED = "/operations/v1/parked"
WHY = {"reason": "the receiver is mended"}

PARK = """
INSERT INTO journal.parked (follower, position, lane, partitionkey, event_id, behind, reason, detail, owner)
SELECT $1, position, 0, partitionkey, id, $3, 'poison', 'the receiver answered 400', 'it' FROM journal.events
WHERE subject = $2
"""


@pytest.fixture
async def parked(hub):
    """An order whose event a follower of this test's own could not apply: (follower, position, order)."""
    follower = f"webhook {uuid4()}"
    order = (await hub.post("/orders/v1/orders", {"lines": [{"sku": "TEE-CREW-S", "quantity": "1"}]})).json
    await hub.get(f"/events/v1/feed?subject={order['id']}&wait=5")
    await hub.db.fetchval(PARK, follower, order["id"], False)
    position = await hub.db.fetchval("SELECT position FROM journal.parked WHERE follower = $1", follower)
    return follower, position, order


def at(follower, position, act=""):
    return f"{PARKED}/{quote(follower)}/{position}{act}"


async def row(hub, follower):
    return await hub.db.fetchrow("SELECT skip, note, next_attempt FROM journal.parked WHERE follower = $1", follower)


async def test_a_parked_event_is_shown_with_what_it_says_and_nothing_personal(hub, parked):
    follower, position, order = parked
    shown = (await hub.get(at(follower, position), raw=True)).json
    assert (shown["parked"]["detail"], shown["behind"]) == ("the receiver answered 400", 0)
    data = shown["event"]["data"]
    assert data["gross"] == order["gross"]
    assert data["customer"].startswith("[token:personal:")
    assert (await hub.get(at(follower, position + 10_000), raw=True)).status == 404


async def test_parked_work_is_listed_by_follower(hub, parked):
    follower, position, _ = parked
    listed = (await hub.get(f"{PARKED}?follower={quote(follower)}", raw=True)).json["parked"]
    assert [item["position"] for item in listed] == [position]


@pytest.mark.parametrize("act", ["retry", "skip"])
async def test_an_act_on_one_event_answers_what_was_done_once(hub, parked, act):
    follower, position, order = parked
    key = {"Idempotency-Key": str(uuid4())}
    first, second = [await hub.post(at(follower, position, f"/{act}"), WHY, raw=True, headers=key) for _ in range(2)]
    assert (first.status, first.json["act"], first.json["partitionkey"]) == (200, act, order["id"])
    assert (second.json, second.headers["idempotency-replayed"]) == (first.json, "true")
    kept = await row(hub, follower)
    assert (kept["skip"], kept["note"]) == (act == "skip", "integrator: the receiver is mended")
    assert kept["next_attempt"] is not None


async def test_what_waits_behind_another_cannot_be_acted_on(hub, parked):
    follower, position, _ = parked
    await hub.db.fetchval("UPDATE journal.parked SET behind = true WHERE follower = $1", follower)
    assert (await hub.post(at(follower, position, "/skip"), WHY, raw=True)).status == 409
    assert (await hub.post(at(follower, position + 10_000, "/skip"), WHY, raw=True)).status == 404


@pytest.mark.parametrize("body", [{}, {"reason": ""}, {"reason": "x" * 501}, {"reason": "x", "force": True}])
async def test_an_act_without_a_reason_is_refused(hub, parked, body):
    follower, position, _ = parked
    assert (await hub.post(at(follower, position, "/skip"), body, raw=True)).status == 422
    assert (await row(hub, follower))["note"] is None


async def test_a_group_is_looked_over_then_retried_then_held(hub, parked):
    follower, position, order = parked
    chosen = {"follower": follower, "partitionkey": order["id"], "reason_code": "poison", "reason": "back again"}
    dry = (await hub.post(f"{PARKED}/retry", {**chosen, "dry_run": True})).json
    assert (dry["chosen"], dry["dry_run"], [item["position"] for item in dry["sample"]]) == (1, True, [position])
    assert (await row(hub, follower))["next_attempt"] is None
    done = (await hub.post(f"{PARKED}/retry", chosen)).json
    assert (done["taken"], done["until"] is None, done["act"]) == (1, False, "retry")
    assert (await row(hub, follower))["next_attempt"] is not None
    assert (await hub.post(f"{PARKED}/hold", chosen)).json["taken"] == 1
    assert (await row(hub, follower))["next_attempt"] is None


async def test_a_secret_in_a_reason_is_not_kept(hub, parked):
    follower, position, _ = parked
    await hub.post(at(follower, position, "/retry"), {"reason": "told by ann@example.com"}, raw=True)
    assert "ann@example.com" not in (await row(hub, follower))["note"]


async def test_who_may_only_look_may_not_act(hub, parked):
    follower, position, _ = parked
    looking = token("operator", scopes=["operations:read"], kind="operator")
    acting = token("operator", scopes=["operations:read", "operations:write"], kind="operator")
    path = at(follower, position, "/retry")
    assert (await hub.ask("POST", path, json=WHY, token=looking, raw=True)).status == 403
    assert (await hub.ask("POST", path, json=WHY, token=acting, raw=True)).status == 200
