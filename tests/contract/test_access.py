"""Suspensions, revocations and devices, as operators and tills meet them."""

from __future__ import annotations

import asyncio

import pytest
from tests.contract.small_hub import SCOPES
from tests.pure.gateway.front_door import token

from tillway import clock
from tillway.gateway.failures import FAILURES_MAX
from tillway.tokens import new_key, public_jwk

# Within this a restriction counts.
SECONDS = 2.0
BECAUSE = {"reason": "a drill"}


def fresh_key():
    return {name: value for name, value in public_jwk(new_key()).items() if name in {"kty", "crv", "x", "y"}}


async def act(hub, method, path, body=None):
    return await hub.ask(method, f"/operations/v1{path}", json=body, token=token("integrator", scopes=SCOPES))


async def code(hub, **more):
    asked = {"shop": "harbour", "till": "harbour-till", **BECAUSE, **more}
    reply = await act(hub, "POST", "/enrolments", asked)
    assert reply.status == 201, reply.json
    return reply.json


async def enrol(hub, code, key):
    return await hub.ask("POST", "/devices/v1/devices", json={"code": code, "key": key})


async def enrolled(hub):
    made = await code(hub)
    reply = await enrol(hub, made["code"], fresh_key())
    assert reply.status == 201, reply.json
    return reply.json


async def answers(hub, consumer, status, **claims):
    async with asyncio.timeout(SECONDS):
        while True:
            reply = await hub.get("/prices/v1/prices/TEE-CREW-S", by=consumer)
            if reply.status == status:
                return reply
            await asyncio.sleep(0.005)


async def test_a_suspended_consumer_is_refused_until_it_is_resumed(hub):
    assert (await hub.get("/prices/v1/prices/TEE-CREW-S", by="station-till")).status == 200
    reply = await act(hub, "PUT", "/consumers/station-till/suspension", BECAUSE)
    assert (reply.status, reply.json["state"], reply.json["by"]) == (200, "suspended", "integrator")
    refused = await answers(hub, "station-till", 403)
    assert refused.json["type"] == "/problems/suspended"
    listed = (await act(hub, "GET", "/restrictions")).json["restrictions"]
    assert [each["id"] for each in listed if each["kind"] == "consumer"] == ["station-till"]
    assert (await act(hub, "DELETE", "/consumers/station-till/suspension?reason=over")).status == 204
    await answers(hub, "station-till", 200)
    assert (await act(hub, "DELETE", "/consumers/station-till/suspension?reason=over")).status == 404


async def test_who_is_not_in_the_landscape_cannot_be_suspended(hub):
    assert (await act(hub, "PUT", "/consumers/nobody/suspension", BECAUSE)).status == 404
    assert (await act(hub, "PUT", "/consumers/operator/suspension", BECAUSE)).status == 404


@pytest.mark.parametrize("until", ["2020-01-01T00:00:00Z", "2026-13-01T00:00:00Z", "tomorrow"])
async def test_a_suspension_ends_in_the_future_or_by_hand(hub, until):
    reply = await act(hub, "PUT", "/consumers/station-till/suspension", BECAUSE | {"until": until})
    assert (reply.status, reply.json["violations"][0]["pointer"]) == (422, "/until")


async def test_an_act_says_why(hub):
    assert (await act(hub, "PUT", "/consumers/station-till/suspension", {})).status == 422
    assert (await act(hub, "DELETE", "/consumers/station-till/suspension")).status == 422


async def test_a_person_is_suspended_and_resumed_by_the_name_they_have_here(hub):
    path = f"/people/person:{'0' * 32}/suspension"
    reply = await act(hub, "PUT", path, BECAUSE)
    assert (reply.status, reply.json["kind"], reply.json["state"]) == (200, "person", "suspended")
    listed = (await act(hub, "GET", "/restrictions")).json["restrictions"]
    assert [each["id"] for each in listed if each["kind"] == "person"] == [f"person:{'0' * 32}"]
    assert [(await act(hub, "DELETE", f"{path}?reason=back")).status for _ in range(2)] == [204, 404]
    assert (await act(hub, "PUT", "/people/integrator/suspension", BECAUSE)).status == 422
    assert (await act(hub, "GET", "/people")).json == {"people": []}


async def test_a_revoked_token_is_none(hub):
    bearer = token("station-till", scopes=SCOPES)
    assert (await act(hub, "PUT", "/tokens/t-1/revocation", BECAUSE)).status in {200, 401}
    async with asyncio.timeout(SECONDS):
        while (await hub.ask("GET", "/prices/v1/prices/TEE-CREW-S", token=bearer)).status != 401:
            await asyncio.sleep(0.005)
    async with hub.db.transaction() as tx:  # every token of these tests has this id
        await tx.execute("DELETE FROM identity.restrictions WHERE kind = 'token'")
        tx.nudge("identity_restrictions")
    await answers(hub, "station-till", 200)


async def test_a_till_is_enrolled_once_with_a_key_of_its_own(hub):
    made, key = await code(hub), fresh_key()
    assert made["state"] == "open"
    first = await enrol(hub, made["code"], key)
    assert (first.status, first.json["shop"], first.json["till"]) == (201, "harbour", "harbour-till")
    assert first.json["consumer"] == "harbour-tills"
    again = await enrol(hub, made["code"].lower().replace("-", " "), key)
    assert (again.status, again.json) == (201, first.json)
    other = await enrol(hub, made["code"], fresh_key())
    assert (other.status, other.json["type"]) == (401, "/problems/wrong-code")
    seen = (await act(hub, "GET", f"/enrolments/{made['id']}")).json
    assert (seen["state"], seen["device"]) == ("used", first.json["id"])
    assert "code" not in seen


async def test_a_key_is_enrolled_once(hub):
    key = fresh_key()
    assert (await enrol(hub, (await code(hub))["code"], key)).status == 201
    assert (await enrol(hub, (await code(hub))["code"], key)).status == 409


async def test_of_two_tills_that_bring_one_code_at_once_one_is_let_in(hub):
    made = await code(hub)
    replies = await asyncio.gather(*(enrol(hub, made["code"], fresh_key()) for _ in range(4)))
    assert sorted(reply.status for reply in replies) == [201, 401, 401, 401]


async def test_a_code_that_is_too_old_does_not_count(hub):
    made = await code(hub)
    async with hub.db.transaction() as tx:
        await tx.execute("UPDATE identity.enrolments SET expires_at = $1", clock.now())
    assert (await enrol(hub, made["code"], fresh_key())).status == 401
    assert (await act(hub, "GET", f"/enrolments/{made['id']}")).json["state"] == "expired"


async def test_a_code_is_kept_as_its_hash_only(hub):
    made = await code(hub)
    row = await hub.db.fetchrow("SELECT e::text AS all FROM identity.enrolments e WHERE id = $1", made["id"])
    assert made["code"].replace("-", "") not in row["all"].replace("-", "").upper()


@pytest.mark.parametrize("key", [{"x": "A" * 43}, {"crv": "P-384"}, {"d": "A" * 43}, {"y": "short"}])
async def test_a_key_that_is_none_does_not_use_the_code_up(hub, key):
    made = await code(hub)
    assert (await enrol(hub, made["code"], fresh_key() | key)).status == 422
    assert (await enrol(hub, made["code"], fresh_key())).status == 201


@pytest.mark.parametrize(
    ("asked", "pointer"),
    [
        ({"shop": "nowhere"}, "/shop"),
        ({"till": "station-till"}, "/till"),
        ({"consumer": "integrator"}, "/consumer"),
        ({"shop": "station", "till": "station-till"}, "/consumer"),
    ],
)
async def test_a_code_is_for_a_till_that_some_device_consumer_covers(hub, asked, pointer):
    body = {"shop": "harbour", "till": "harbour-till", **BECAUSE} | asked
    reply = await act(hub, "POST", "/enrolments", body)
    assert (reply.status, reply.json["violations"][0]["pointer"]) == (422, pointer)


async def test_who_keeps_guessing_waits(hub):
    statuses = [(await enrol(hub, f"guess-{place}", fresh_key())).status for place in range(FAILURES_MAX + 1)]
    assert statuses == [401] * FAILURES_MAX + [429]
    made = await code(hub)
    reply = await enrol(hub, made["code"], fresh_key())
    assert (reply.status, int(reply.headers["retry-after"]) > 60) == (429, True)


async def test_a_lost_device_is_told_and_may_be_readmitted(hub):
    device = await enrolled(hub)
    path = f"/devices/{device['id']}"
    lost = await act(hub, "PUT", f"{path}/loss", BECAUSE)
    assert (lost.status, lost.json["state"]) == (200, "lost")
    assert (await act(hub, "GET", path)).json["lost_at"] is not None
    found = await act(hub, "DELETE", f"{path}/loss?reason=found")
    assert (found.status, found.json["state"], found.json["lost_at"]) == (200, "active", None)
    assert (await act(hub, "DELETE", f"{path}/loss?reason=found")).status == 404
    listed = (await act(hub, "GET", "/devices?shop=harbour")).json["devices"]
    assert device["id"] in [each["id"] for each in listed]
    assert (await act(hub, "GET", "/devices?shop=station")).json["devices"] == []


async def test_a_device_that_nobody_knows_is_not_lost(hub):
    assert (await act(hub, "PUT", "/devices/device-nobody/loss", BECAUSE)).status == 404
    assert (await act(hub, "GET", "/devices/device-nobody")).status == 404
    assert (await act(hub, "GET", "/enrolments/nothing")).status == 404


async def test_every_change_is_told_in_the_journal(hub):
    device = await enrolled(hub)
    await act(hub, "PUT", f"/devices/{device['id']}/loss", BECAUSE)
    told = []
    async with asyncio.timeout(SECONDS):
        while len(told) < 2:
            page = (await act(hub, "GET", "/journal?types=access.changed&limit=500")).json["entries"]
            told = [each["event"] for each in page if each["event"]["subject"] == device["id"]]
            await asyncio.sleep(0.005)
    assert [each["data"]["state"] for each in told] == ["enrolled", "lost"]
