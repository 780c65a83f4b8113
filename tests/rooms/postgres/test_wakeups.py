from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import asyncpg
import pytest

from tillway.errors import Misconfigured
from tillway.postgres import Database, Part

SECONDS = 5.0


@pytest.fixture
async def other(dsn: str) -> AsyncIterator[Database]:
    """A second process of the hub, as far as Postgres can tell."""
    async with Database(dsn, "other") as database:
        yield database


async def test_a_nudge_wakes_listeners_of_its_channel_in_other_processes(db: Database, other: Database) -> None:
    news, noise = asyncio.Event(), asyncio.Event()
    await other.listen("news", news.set)
    await other.listen("noise", noise.set)
    db.nudge("news")
    await asyncio.wait_for(news.wait(), SECONDS)
    assert not noise.is_set()


async def test_a_committed_part_wakes_and_a_rolled_back_one_does_not(db: Database, other: Database) -> None:
    heard: asyncio.Queue[str] = asyncio.Queue()
    for channel in ("kept", "told", "undone"):
        await other.listen(channel, lambda channel=channel: heard.put_nowait(channel))

    async def undo() -> None:
        async with db.transaction() as tx:
            tx.stage(Part("one", "SELECT 1", wakes="undone"))
            tx.nudge("undone")
            raise LookupError

    with pytest.raises(LookupError):
        await undo()
    async with db.transaction() as tx:
        tx.stage(Part("one", "SELECT 1", wakes="kept"))
        tx.nudge("told")
    assert sorted([await asyncio.wait_for(heard.get(), SECONDS) for _ in range(2)]) == ["kept", "told"]
    assert heard.empty()


async def test_many_nudges_leave_as_few_notifications(db: Database, dsn: str) -> None:
    heard: list[str] = []
    done = asyncio.Event()
    listener = await asyncpg.connect(dsn)
    try:
        await listener.add_listener("many", lambda *_: heard.append("many"))
        await listener.add_listener("last", lambda *_: done.set())
        for _ in range(500):
            db.nudge("many")
        db.nudge("last")
        await asyncio.wait_for(done.wait(), SECONDS)
    finally:
        await listener.close()
    assert heard == ["many"]


async def test_whoever_stopped_listening_is_not_called(db: Database, other: Database) -> None:
    calls: list[str] = []
    second = asyncio.Event()
    stop = await other.listen("news", lambda: calls.append("first"))
    await other.listen("news", second.set)
    stop()
    stop()
    db.nudge("news")
    await asyncio.wait_for(second.wait(), SECONDS)
    assert calls == []


async def test_a_nudge_pending_at_the_end_still_leaves(dsn: str, other: Database) -> None:
    news = asyncio.Event()
    await other.listen("news", news.set)
    async with Database(dsn, "short-lived") as short_lived:
        short_lived.nudge("news")
    await asyncio.wait_for(news.wait(), SECONDS)


async def test_a_listener_whose_session_was_ended_is_called_once_when_it_is_back(db: Database, other: Database) -> None:
    heard: asyncio.Queue[None] = asyncio.Queue()
    await other.listen("news", lambda: heard.put_nowait(None))
    ended = await db.fetchval(
        "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE application_name = 'tillway other listen'"
        " AND datname = current_database()"
    )
    assert ended == 1
    await asyncio.wait_for(heard.get(), SECONDS)
    db.nudge("news")
    await asyncio.wait_for(heard.get(), SECONDS)


async def test_listening_where_nothing_is_says_so(dsn: str) -> None:
    database = Database(dsn.replace("@/test_", "@/absent_"), "test")
    with pytest.raises(Misconfigured):
        await database.listen("news", lambda: None)
    await database.close()
