"""Many writers, two runners, two sequencers, and what happens to them: nothing is skipped, doubled or out of order.

Two simpler cursors read the same transactions and fail.
"""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg
import pytest
from tests.rooms.journal.actors import KEYS, LANES, SCHEMA, Stage, tell, until

from tillway import ids
from tillway.journal import Sequencer, read
from tillway.postgres import Database

WRITERS = 8

NAIVE = "SELECT id, key, n FROM story.outbox WHERE id > $1 ORDER BY id LIMIT 500"
BY_XID = """
SELECT id, key, n, xid::text::bigint AS xid FROM story.outbox
WHERE (xid, id) > ($1::text::xid8, $2) AND xid < pg_snapshot_xmin(pg_current_snapshot()) ORDER BY xid, id LIMIT 500
"""


@pytest.fixture
async def story(db: Database) -> Database:
    for statement in (*SCHEMA.split(";\n")[:-1], "CREATE INDEX ON story.outbox (xid, id)"):
        async with db.transaction() as tx:
            await tx.execute(statement)
    async with db.transaction() as tx:
        await tx.execute("INSERT INTO story.counters SELECT key, 0 FROM unnest($1::text[]) AS key", list(KEYS))
    return db


class Naive:
    """`id > last`: what an outbox is usually read by."""

    def __init__(self) -> None:
        self.read: list[tuple[str, int]] = []
        self._last = 0

    async def look(self, db: Database) -> int:
        rows = await db.fetch(NAIVE, self._last)
        self.read += [(row["key"], row["n"]) for row in rows]
        self._last = rows[-1]["id"] if rows else self._last
        return len(rows)


class ByTransaction:
    """By transaction id, only what is older than every open transaction: skips nothing, but has no order per key."""

    def __init__(self) -> None:
        self.read: list[tuple[str, int]] = []
        self._last = ("0", 0)

    async def look(self, db: Database) -> int:
        rows = await db.fetch(BY_XID, *self._last)
        self.read += [(row["key"], row["n"]) for row in rows]
        self._last = (str(rows[-1]["xid"]), rows[-1]["id"]) if rows else self._last
        return len(rows)


def out_of_order(read: list[tuple[str, int]]) -> int:
    """How many were read after a later one of their key."""
    last: dict[str, int] = {}
    wrong = 0
    for key, n in read:
        wrong += n < last.get(key, 0)
        last[key] = max(n, last.get(key, 0))
    return wrong


async def test_killed_and_stopped_in_the_middle_of_batches_nothing_is_skipped_doubled_or_out_of_order(
    story: Database, dsn: str, tmp_path: Path
) -> None:
    naive, by_transaction = Naive(), ByTransaction()
    async with Stage(dsn, tmp_path) as stage:
        writers = [("write", f"writer-{number}") for number in range(WRITERS)]
        for role, name in (("sequence", "seq-a"), ("follow", "run-a"), ("follow", "run-b"), *writers):
            await stage.start(role, name)
        await until(lambda: sequencer_is(story, "seq-a"))
        await stage.start("sequence", "seq-b")
        looking = asyncio.create_task(look_again_and_again(story, naive, by_transaction))
        await until(lambda: shares_are(story, {"run-a": 2, "run-b": 2}))

        stage.order("run-a", signal.SIGKILL)
        assert await stage.ended("run-a") == -signal.SIGKILL
        async with blocked_sequencer(story, dsn, "seq-a"):
            stage.send("seq-a", signal.SIGKILL)
        assert await stage.ended("seq-a") == -signal.SIGKILL
        await until(lambda: sequencer_is(story, "seq-b"))
        await until(lambda: shares_are(story, {"run-b": 4}))

        await stage.start("follow", "run-c")
        await stage.start("sequence", "seq-c")
        await until(lambda: shares_are(story, {"run-b": 2, "run-c": 2}))
        stage.order("run-b", signal.SIGSTOP)
        await until(lambda: stopped(stage, "run-b"))
        async with blocked_sequencer(story, dsn, "seq-b"):
            stage.send("seq-b", signal.SIGSTOP)
            await until(lambda: sequencer_is(story, "seq-c"))
        await until(lambda: shares_are(story, {"run-c": 4}))
        stage.send("run-b", signal.SIGCONT)
        stage.send("seq-b", signal.SIGCONT)
        await until(lambda: shares_are(story, {"run-b": 2, "run-c": 2}))

        (tmp_path / "stop").touch()
        for number in range(WRITERS):
            assert await stage.ended(f"writer-{number}") == 0
        written = await story.fetchval("SELECT count(*) FROM story.outbox")
        await until(lambda: applied(story, written))
        looking.cancel()
        await asyncio.gather(looking, return_exceptions=True)
        while await naive.look(story) + await by_transaction.look(story):
            pass

    skipped, wrong = written - len(set(naive.read)), out_of_order(by_transaction.read)
    print(f"of {written} events: `id > last` skips {skipped}, by transaction id {wrong} are out of order")
    assert await what_was_applied(story) == {"twice": 0, "skipped": 0, "foreign": 0}
    assert await keys_out_of_order(story) == []
    assert await positions(story) == (1, written, written)
    assert await sequences_that_are_not_the_order_of_commits(story) == 0
    assert skipped > 0
    assert (len(by_transaction.read), wrong > 0) == (written, True)


async def test_a_cursor_by_id_skips_what_commits_late_and_the_journal_does_not(story: Database, dsn: str) -> None:
    naive, sequencer = Naive(), Sequencer(story, ids.named("seq-a"))
    assert await sequencer.lease()
    async with open_transaction(dsn) as slow:
        await tell(slow, "key-1")
        async with open_transaction(dsn) as quick:
            await tell(quick, "key-2")
        assert (await naive.look(story), await sequencer.step()) == (1, 1)
    assert (await naive.look(story), await sequencer.step()) == (0, 1)
    assert naive.read == [("key-2", 1)]
    assert await journal_of(story) == [("key-2", 1), ("key-1", 1)]


async def test_a_cursor_by_transaction_breaks_the_order_of_a_key_and_the_journal_does_not(
    story: Database, dsn: str
) -> None:
    by_transaction, sequencer = ByTransaction(), Sequencer(story, ids.named("seq-a"))
    assert await sequencer.lease()
    async with open_transaction(dsn) as older:
        await older.execute("INSERT INTO story.work VALUES (1)")
        async with open_transaction(dsn) as younger:
            await tell(younger, "key-1")
        assert (await by_transaction.look(story), await sequencer.step()) == (0, 1)
        await tell(older, "key-1")
    assert (await by_transaction.look(story), await sequencer.step()) == (2, 1)
    assert by_transaction.read == [("key-1", 2), ("key-1", 1)]
    assert await journal_of(story) == [("key-1", 1), ("key-1", 2)]


@asynccontextmanager
async def open_transaction(dsn: str) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(dsn)
    try:
        async with connection.transaction():
            yield connection
    finally:
        await connection.close()


async def journal_of(db: Database) -> list[tuple[str, int]]:
    return [(event.partitionkey, event.data["n"]) for event in (await read(db, 0)).events]


async def look_again_and_again(db: Database, *readers: Naive | ByTransaction) -> None:
    while True:
        for reader in readers:
            await reader.look(db)
        await asyncio.sleep(0.005)


class blocked_sequencer:  # noqa: N801 - reads as what it is: async with blocked_sequencer(...)
    """Inside, this sequencer is in the middle of its statement: the server holds it at the events table."""

    def __init__(self, db: Database, dsn: str, name: str) -> None:
        self._db, self._dsn, self._name = db, dsn, name

    async def __aenter__(self) -> None:
        self._lock = await asyncpg.connect(self._dsn)
        await self._lock.execute("BEGIN")
        await self._lock.execute("LOCK TABLE journal.events IN SHARE MODE")
        await until(self._waits)

    async def _waits(self) -> bool:
        return bool(
            await self._db.fetchval(
                "SELECT count(*) FROM pg_stat_activity WHERE application_name = $1 AND wait_event_type = 'Lock'",
                f"tillway {self._name}",
            )
        )

    async def __aexit__(self, *_: object) -> None:
        await self._lock.execute("COMMIT")
        await self._lock.close()


async def sequencer_is(db: Database, name: str) -> bool:
    return await db.fetchval("SELECT owner FROM journal.head") == ids.named(name)


async def shares_are(db: Database, wanted: dict[str, int]) -> bool:
    names = {ids.named(name): name for name in ("run-a", "run-b", "run-c")}
    rows = await db.fetch("SELECT owner, count(*) FROM journal.followers GROUP BY owner")
    held = {names.get(row[0]): row[1] for row in rows}
    return sum(held.values()) == LANES and held == wanted


async def stopped(stage: Stage, name: str) -> bool:
    return stage.stopped(name)


async def applied(db: Database, wanted: int) -> bool:
    return await db.fetchval("SELECT count(*) FROM story.applied") >= wanted


async def what_was_applied(db: Database) -> dict[str, int]:
    row = await db.fetchrow("""
        WITH applied AS (SELECT key, n, count(*) AS times FROM story.applied GROUP BY key, n)
        SELECT count(*) FILTER (WHERE a.times > 1) AS twice, count(*) FILTER (WHERE a.n IS NULL) AS skipped,
            count(*) FILTER (WHERE o.n IS NULL) AS foreign
        FROM story.outbox o FULL JOIN applied a USING (key, n)""")
    return dict(row.items())


async def keys_out_of_order(db: Database) -> list[str]:
    rows = await db.fetch("""
        SELECT DISTINCT key FROM (
            SELECT key, n, row_number() OVER (PARTITION BY key ORDER BY serial) AS place FROM story.applied) AS a
        WHERE n <> place""")
    return [row[0] for row in rows]


async def positions(db: Database) -> tuple[int, int, int]:
    row = await db.fetchrow("SELECT min(position), max(position), count(*) FROM journal.events")
    return tuple(row)


async def sequences_that_are_not_the_order_of_commits(db: Database) -> int:
    return await db.fetchval("SELECT count(*) FROM journal.events WHERE sequence <> (data ->> 'n')::int")
