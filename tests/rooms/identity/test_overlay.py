"""Restrictions as every process knows them: loaded, followed, and read anew when nothing is told."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest
from tests.postgres_cluster import run

from tillway import clock, ids
from tillway.errors import NotFound
from tillway.identity import Act, Overlay, forget_restrictions, lift, restrict, restricted_now
from tillway.journal import Sequencer, Tail
from tillway.postgres import Database, Room, migrate

ROOMS = [Room("journal", "tillway.journal"), Room("identity", "tillway.identity")]

# Within this a restriction counts on every node.
SECONDS = 2.0


@pytest.fixture
def dsn(make_database: Callable[..., str]) -> str:
    made = make_database(migrated=False)
    run(migrate(made, ROOMS, "test"))
    return made


@pytest.fixture
async def db(dsn: str) -> AsyncIterator[Database]:
    async with Database(dsn, "test") as opened:
        yield opened


@asynccontextmanager
async def node(db: Database, *, tail: bool = True, nudged: bool = True) -> AsyncIterator[Overlay]:
    """One process's overlay, told by the tail, by nudges, or by both."""
    following = Tail(db)
    await following.start()
    overlay = Overlay(db, following)
    await overlay.load()
    ways = [following.run] * tail + [overlay.run] * nudged
    works = [asyncio.create_task(way()) for way in ways]
    await asyncio.sleep(0)
    try:
        yield overlay
    finally:
        for work in works:
            work.cancel()
        await asyncio.gather(*works, return_exceptions=True)


@asynccontextmanager
async def sequencing(db: Database) -> AsyncIterator[None]:
    work = asyncio.create_task(Sequencer(db, ids.new()).run())
    try:
        yield
    finally:
        work.cancel()
        await asyncio.gather(work, return_exceptions=True)


def act(reason: str = "drill") -> Act:
    return Act(by="operator", reason=reason, at=clock.now(), correlation="c-1")


async def suspend(db: Database, consumer: str = "webshop", **more) -> None:
    async with db.transaction() as tx:
        await restrict(tx, "consumer", consumer, act(), **more)


async def resume(db: Database, consumer: str = "webshop") -> None:
    async with db.transaction() as tx:
        await lift(tx, "consumer", consumer, act())


async def until(overlay: Overlay, held: bool, consumer: str = "webshop") -> None:
    async with asyncio.timeout(SECONDS):
        while overlay().holds("consumer", consumer, clock.now()) != held:
            await asyncio.sleep(0.005)


async def test_what_holds_is_known_from_the_start(db: Database) -> None:
    await suspend(db)
    async with node(db) as overlay:
        assert overlay().holds("consumer", "webshop", clock.now())


@pytest.mark.parametrize(("tail", "nudged"), [(True, False), (False, True), (True, True)])
async def test_it_counts_on_every_node_by_either_way(db: Database, tail: bool, nudged: bool) -> None:
    ways = {"tail": tail, "nudged": nudged}
    async with sequencing(db), node(db, **ways) as one, node(db, **ways) as other:
        await suspend(db)
        await asyncio.gather(until(one, True), until(other, True))
        await resume(db)
        await asyncio.gather(until(one, False), until(other, False))


async def test_a_change_that_overtakes_a_read_is_not_covered_up(db: Database, monkeypatch) -> None:
    async with sequencing(db), node(db, nudged=False) as overlay:
        fetch, held = db.fetch, asyncio.Event()

        async def slow(sql, *args):
            rows = await fetch(sql, *args)
            if "identity.restrictions" in sql and not held.is_set():
                held.set()
                await suspend(db)
                await until(overlay, True)
            return rows

        monkeypatch.setattr(db, "fetch", slow)
        await overlay.load()
        assert overlay().holds("consumer", "webshop", clock.now())


async def test_who_restricts_again_says_anew_why(db: Database) -> None:
    await suspend(db)
    async with db.transaction() as tx:
        await restrict(tx, "consumer", "webshop", act("found out more"), until=clock.now() + timedelta(hours=1))
    found = await restricted_now(db, clock.now())
    assert [(each.id, each.state, each.reason) for each in found] == [("webshop", "suspended", "found out more")]
    assert found[0].until is not None


async def test_what_holds_not_cannot_be_lifted(db: Database) -> None:
    with pytest.raises(NotFound):
        await resume(db)
    await suspend(db, until=clock.now() - timedelta(seconds=1))
    with pytest.raises(NotFound):
        await resume(db)


async def test_what_has_ended_is_forgotten(db: Database) -> None:
    await suspend(db, "gone", until=clock.now() - timedelta(seconds=1))
    await suspend(db, "there", until=clock.now() + timedelta(hours=1))
    await suspend(db, "for-ever")
    await forget_restrictions(db, clock.now())
    kept = await db.fetch("SELECT id FROM identity.restrictions ORDER BY id")
    assert [row["id"] for row in kept] == ["for-ever", "there"]
