"""Versions on their way out: who may begin, who is counted, and the ledger that names them."""

from __future__ import annotations

import asyncio
from datetime import date, timedelta

from tests.contract.small_hub import SCOPES, landscape, texts
from tests.contract.test_access import code, enrol, fresh_key
from tests.pure.gateway.front_door import token

from tillway import clock, governance
from tillway.audit import Line, first_seen

LEDGER = "/operations/v1/apis/prices/versions/v1/migration"
PRICE = "/prices/v1/prices/TEE-CREW-S"


# Known to the landscape of these tests alone, so that no other test called by their names.
OTHERS = {name: {"shops": "*", "event_types": "*"} for name in ("partner", "hit", "curious")}


def living(**life):
    """The landscape with version 1 of prices in this life."""
    return landscape(versions={"prices": {"v1": life, "v2": {}}}, **OTHERS)


async def known(hub, consumer):
    """Wait until the census has told that a consumer calls."""
    async with asyncio.timeout(20):
        while await first_seen(hub.db, Line("prices", 1, consumer), []) is None:
            await asyncio.sleep(0.02)


def tomorrow():
    return str(clock.now().date() + timedelta(days=2))


async def test_who_called_before_calls_on_and_who_did_not_begins_with_the_successor(hub):
    assert (await hub.get(PRICE)).status == 200
    await known(hub, "integrator")
    # As if the call had been before the version was deprecated.
    async with hub.db.transaction() as tx:
        await tx.execute("UPDATE audit.callers SET first_seen = '2026-01-01' WHERE consumer = 'integrator'")
    hub.active.swap(living(lifecycle="deprecated", deprecated="2026-07-01", successor="prices/v2"))
    reply = await hub.get(PRICE)
    assert (reply.status, reply.headers["deprecation"][0]) == (200, "@")
    refused = await hub.get(PRICE, by="station-till")
    assert (refused.status, refused.json["type"]) == (403, "/problems/version-deprecated")
    assert "prices/v2" in refused.json["remedy"]


async def test_a_deprecation_that_lies_ahead_refuses_nobody(hub):
    hub.active.swap(living(lifecycle="deprecated", deprecated=tomorrow()))
    assert (await hub.get(PRICE, by="partner")).status == 200


async def test_the_ledger_names_whoever_calls_and_nobody_who_was_refused(hub):
    hub.active.swap(living(lifecycle="draft", testers=["station-till"]))
    assert (await hub.get(PRICE, by="curious")).status == 404
    hub.active.swap(living(lifecycle="published", successor="prices/v2"))
    assert (await hub.get(PRICE, by="station-till")).status == 200
    await known(hub, "station-till")
    ledger = (await hub.get(LEDGER)).json
    assert (ledger["version"], ledger["lifecycle"], ledger["successor"]) == ("prices/v1", "published", "prices/v2")
    named = {each["consumer"]: each for each in ledger["callers"]}
    mine = named["station-till"]
    # A draft's tester, and whoever is let in; not who was told that there is nothing.
    assert "curious" not in named
    assert (mine["owner"], mine["device"], mine["following_seen"]) == ("it", None, None)
    assert mine["calls"] >= 1
    assert (await hub.get("/operations/v1/apis/prices/versions/v7/migration")).status == 404


async def test_a_brown_out_is_counted_for_whoever_it_hits(hub):
    now = clock.now()
    window = {"begins": (now - timedelta(hours=1)).isoformat(), "ends": (now + timedelta(hours=1)).isoformat()}
    hub.active.swap(living(lifecycle="published", brownouts=[window]))
    assert (await hub.get(PRICE, by="hit")).status == 410
    await known(hub, "hit")


async def test_a_silent_till_is_named_before_its_version_is_retired(hub):
    """A till that calls once a day holds the retirement up, by its name."""
    made = await code(hub)
    device = (await enrol(hub, made["code"], fresh_key())).json
    day = date.today()  # noqa: DTZ011 - the day of the census
    async with hub.db.transaction() as tx:
        await tx.execute(
            "INSERT INTO audit.calls VALUES ($1, 'prices', 1, 'harbour-tills', $2, 'harbour', 1, $3)",
            day,
            device["id"],
            clock.now(),
        )
    (mine,) = [each for each in (await hub.get(LEDGER)).json["callers"] if each["device"] == device["id"]]
    assert (mine["shop"], mine["till"], mine["calls"]) == ("harbour", "harbour-till", 1)
    found = await governance.retirements(
        hub.db, living(lifecycle="published"), living(lifecycle="retired"), clock.now()
    )
    tills = {each.consumer: each.tills for each in found}
    assert f"{device['id']} at harbour" in tills["harbour-tills"]


async def test_a_change_that_retires_what_is_called_is_held_up_by_whoever_calls(hub):
    assert (await hub.get(PRICE, by="integrator")).status == 200
    await known(hub, "integrator")
    files = texts(versions={"prices": {"v1": {"lifecycle": "retired"}}})
    body = {"files": files, "reason": "a drill", "dry_run": True}
    evidence = (await hub.post("/operations/v1/changes", body)).json["evidence"]
    assert any("prices/v1 is still called by integrator" in each for each in evidence["blockers"])


async def test_members_on_their_way_out_are_counted_in_every_call(hub):
    hub.active.swap(living(lifecycle="published", fields={"getPrice:sku": {"deprecated": "2026-07-01"}}))
    for _ in range(2):
        assert "sku is deprecated" in (await hub.get(PRICE)).headers["link"]
    bearer = token("integrator", scopes=SCOPES)
    async with asyncio.timeout(20):
        seen = 0
        while seen < 2:
            used = (await hub.ask("GET", "/operations/v1/consumers/integrator/usage", token=bearer)).json["operations"]
            fields = [field for each in used if each["operation"] == "getPrice" for field in each["fields"]]
            seen = sum(
                each["seen"] for each in fields if (each["direction"], each["pointer"]) == ("deprecated", "/sku")
            )
            await asyncio.sleep(0.02)
    assert seen == 2
