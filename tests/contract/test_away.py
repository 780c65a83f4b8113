"""With Postgres away: reads from memory where the landscape allows it, no writes, and nobody waits for ever."""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path

import msgspec
import pytest
from tests.contract.small_hub import fill, opened, signed, texts
from tests.postgres_cluster import run
from tests.rooms.postgres.relay import relayed

from tillway.audit import Entry, buffer
from tillway.postgres import Database
from tillway.records import cache

PRODUCT = "/products/v1/products/MUG-STON"
ORDER = {"lines": [{"sku": "TEE-CREW-S", "quantity": "1"}]}
STALE_SECONDS = 60
HELD = 4
NAMES = [f"c-{number}" for number in range(HELD + 6)]
ROOM_SECONDS = 0.2
# What an answer may take beyond its waiting, on a machine that is busy.
SPARE_SECONDS = 3.0


def remembering() -> dict[str, str]:
    """Products may be given from memory, nothing else."""
    content = msgspec.json.decode(texts()["landscape.yaml"])
    content["apis"]["products"]["stale_seconds"] = STALE_SECONDS
    return {"landscape.yaml": msgspec.json.encode(content).decode()}


@pytest.fixture(scope="module")
def filled(dsn):
    run(fill(dsn))
    return dsn


@pytest.fixture
async def cut(filled, monkeypatch):
    """A hub that has read a product, and a moment later the relay before its Postgres that can be cut."""
    monkeypatch.setattr(cache, "TOLERANCE", 0.0)
    monkeypatch.setattr(buffer, "ROOM_SECONDS", ROOM_SECONDS)
    with tempfile.TemporaryDirectory(prefix="relay-") as name:
        async with (
            relayed(filled, Path(name)) as (far, relay),
            opened(far, releases=signed(remembering), held_max=HELD) as hub,
        ):
            # Everything that follows the journal has begun.
            await hub.post("/orders/v1/orders", ORDER)
            await hub.settled(hub.tail.head + 1)
            assert "age" not in (await hub.get(PRODUCT)).headers
            relay.answers = "away"
            yield hub, relay
            relay.answers = "pass"


async def told(dsn, operation: str) -> list[Entry]:
    async with Database(dsn, "look") as db:
        lines = await db.fetch("SELECT line FROM audit.staged ORDER BY id")
    entries = [msgspec.json.decode(line[0], type=Entry) for line in lines]
    return [each for each in entries if each.operation == operation]


async def test_products_are_given_with_their_age_and_nothing_is_written(cut):
    hub, _ = cut
    read = await hub.get(PRODUCT)
    assert (read.status, read.json["sku"]) == (200, "MUG-STON")
    assert 1 <= int(read.headers["age"]) <= STALE_SECONDS
    assert (await hub.get("/products/v1/products/OLD-1")).status == 503  # was never read
    written = await hub.post("/orders/v1/orders", ORDER)
    assert (written.status, written.json["type"]) == (503, "/problems/unavailable")


async def test_what_is_older_than_allowed_is_not_given(cut, monkeypatch):
    hub, _ = cut
    assert (await hub.get(PRODUCT)).status == 200
    monkeypatch.setattr(cache.clock, "monotonic", lambda now=cache.clock.monotonic: now() + STALE_SECONDS)
    assert (await hub.get(PRODUCT)).status == 503


async def test_nothing_goes_out_untold_and_nobody_waits_longer_than_the_bound(cut, filled):
    """The audit is full: reads are refused in time and counted; with Postgres back all is told, and all is well."""
    hub, relay = cut
    reads = {name: await hub.get(PRODUCT, headers={"X-Correlation-Id": name}) for name in NAMES}
    given = {name for name, read in reads.items() if read.status == 200}
    refused = [read for read in reads.values() if read.status != 200]
    assert given
    assert {read.status for read in refused} == {503}
    assert all("retry-after" in read.headers for read in refused)
    began = asyncio.get_running_loop().time()
    many = await asyncio.gather(*(hub.post("/orders/v1/orders", ORDER) for _ in range(20)))
    assert {answer.status for answer in many} == {503}
    assert asyncio.get_running_loop().time() - began < ROOM_SECONDS + SPARE_SECONDS

    relay.answers = "pass"
    async with asyncio.timeout(20):
        while True:
            entries = await told(filled, "getProduct")
            told_of = {each.correlation for each in entries if each.status == 200} & set(NAMES)
            if told_of == given and sum(each.count for each in entries if each.status == 503) >= len(refused):
                break
            await asyncio.sleep(0.05)
    assert (await hub.post("/orders/v1/orders", ORDER)).status == 201
