"""The registry and off-boarding, as operators and the one who leaves meet them."""

from __future__ import annotations

import asyncio
from uuid import UUID

import pytest
from tests.contract.small_hub import SCOPES, landscape
from tests.contract.test_access import BECAUSE, act
from tests.pure.gateway.front_door import token

from tillway import ids
from tillway.identity import Overlay

PRICE = "/prices/v1/prices/TEE-CREW-S"
VENDOR = {"shops": "*", "event_types": "*"}
HOOK = {"types": ["order.placed"], "delivery": {"kind": "webhook", "url": "http://127.0.0.1:9000/hook"}}


def vendor(hub, name):
    """A vendor of this test's own: who left once does not come back."""
    hub.active.swap(landscape(**{name: VENDOR}))
    return name


async def refused(hub, name):
    async with asyncio.timeout(20):
        while (reply := await hub.get(PRICE, by=name)).status == 200:
            await asyncio.sleep(0.01)
    return reply


async def test_the_registry_tells_of_everybody_and_what_is_amiss(hub):
    assert (await hub.get(PRICE)).status == 200
    listed = {each["id"]: each for each in (await act(hub, "GET", "/consumers")).json["consumers"]}
    assert {"integrator", "harbour-tills", "station-till"} <= listed.keys()
    mine = listed["harbour-tills"]
    assert (mine["state"], mine["standing"], mine["unused_scopes"]) == ("active", "ok", mine["scopes"])
    assert set(mine["amiss"]) == {"never-seen", "unused-scopes"}
    async with asyncio.timeout(20):
        while "prices:read" in (await act(hub, "GET", "/consumers/integrator")).json["unused_scopes"]:
            await asyncio.sleep(0.02)
    shown = (await act(hub, "GET", "/consumers/integrator")).json
    assert (shown["credentials"], shown["offboarding"]) == (["secret"], None)


async def test_pages_follow_one_another(hub):
    listed = (await act(hub, "GET", "/consumers")).json["consumers"]
    rest = (await act(hub, "GET", f"/consumers?after={listed[0]['id']}")).json["consumers"]
    assert [each["id"] for each in rest] == [each["id"] for each in listed[1:]]


async def test_whoever_is_off_boarded_is_out_for_good(hub):
    name = vendor(hub, "vendor-a")
    subscription = (await hub.post("/subscriptions/v1/subscriptions", HOOK, by=name)).json["id"]
    left = await act(hub, "PUT", f"/consumers/{name}/offboarding", BECAUSE)
    assert (left.status, left.json["subscriptions"], left.json["by"]) == (200, [subscription], "integrator")
    assert (await refused(hub, name)).json["type"] == "/problems/suspended"
    gone = await hub.db.fetchval("SELECT count(*) FROM subscriptions.subscriptions WHERE id = $1", subscription)
    assert gone == 0
    assert (await act(hub, "DELETE", f"/consumers/{name}/suspension?reason=sorry")).status == 409
    until = BECAUSE | {"until": "2999-01-01T00:00:00Z"}
    assert (await act(hub, "PUT", f"/consumers/{name}/suspension", until)).status == 409
    assert (await act(hub, "PUT", f"/consumers/{name}/offboarding", BECAUSE)).status == 409
    restricted = (await act(hub, "GET", "/restrictions")).json["restrictions"]
    assert [each["permanent"] for each in restricted if each["id"] == name] == [True]
    listed = (await act(hub, "GET", f"/consumers/{name}")).json
    assert (listed["state"], listed["amiss"], listed["offboarding"]["reason"]) == (
        "offboarded",
        ["still-declared"],
        "a drill",
    )


async def test_it_outlives_the_entry_and_whoever_gives_the_id_away_again(hub):
    name = vendor(hub, "vendor-b")
    await act(hub, "PUT", f"/consumers/{name}/offboarding", BECAUSE)
    await refused(hub, name)
    hub.active.swap(landscape())
    assert (await hub.get(PRICE, by=name)).status == 401
    shown = (await act(hub, "GET", f"/consumers/{name}")).json
    assert (shown["state"], shown["owner"], shown["amiss"]) == ("offboarded", None, [])
    vendor(hub, name)
    assert (await hub.get(PRICE, by=name)).status == 403


async def test_the_proof_says_which_processes_refuse_and_what_was_answered(hub):
    name = vendor(hub, "vendor-c")
    node = ids.new()
    async with hub.db.transaction() as tx:
        await tx.execute(
            "INSERT INTO governance.nodes (id, kind, host, pid, directory, version, hash, started_at)"
            " VALUES ($1, 'door', 'other', 1, '/', '1', 'h', now() - interval '1 hour')",
            node,
        )
    await act(hub, "PUT", f"/consumers/{name}/offboarding", BECAUSE)
    path = f"/consumers/{name}/offboarding"
    before = (await act(hub, "GET", path)).json
    mine = {each["id"]: each["since"] for each in before["nodes"]}
    assert (mine[str(node)], before["in_force"], before["in_force_since"]) == (None, False, None)
    other = Overlay(hub.db, hub.tail, UUID(str(node)))
    running = asyncio.create_task(other.run())
    try:
        async with asyncio.timeout(20):
            while not (proof := (await act(hub, "GET", path)).json)["in_force"]:
                await asyncio.sleep(0.02)
    finally:
        running.cancel()
    assert (proof["calls_since"], proof["last_call"], proof["declared"]) == (0, None, True)
    assert proof["in_force_since"] >= proof["since"]


@pytest.mark.parametrize("path", ["", "/offboarding"])
async def test_whom_nobody_knows_is_not_there(hub, path):
    assert (await act(hub, "GET", f"/consumers/nobody{path}")).status == 404
    assert (await act(hub, "PUT", "/consumers/nobody/offboarding", BECAUSE)).status == 404


async def test_off_boarding_is_told_in_the_journal(hub):
    name = vendor(hub, "vendor-d")
    await act(hub, "PUT", f"/consumers/{name}/offboarding", BECAUSE)
    bearer = token("integrator", scopes=SCOPES)
    async with asyncio.timeout(20):
        told = []
        while not told:
            page = await hub.ask("GET", "/operations/v1/journal?types=access.changed&limit=500", token=bearer)
            told = [each["event"]["data"] for each in page.json["entries"] if each["event"]["subject"] == name]
            await asyncio.sleep(0.01)
    assert told == [{"kind": "consumer", "id": name, "state": "suspended", "until": None, "permanent": True}]
