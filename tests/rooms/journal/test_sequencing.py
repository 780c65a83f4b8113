from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import asyncpg
import pytest
from tests.rooms.journal.actors import until
from tests.rooms.journal.world import NODE, OTHER, Effects, append, event, reached, running, told

from tillway.journal import Sequencer, ensure_partitions, head, oldest, read, retain
from tillway.journal.appending import SQL
from tillway.journal.sequencer import BATCH, MARK_EVERY
from tillway.postgres import Database


async def test_one_node_sequences_and_the_other_stands_by(db: Database) -> None:
    first, second = Sequencer(db, NODE), Sequencer(db, OTHER)
    await append(db, event("a"))
    assert (await first.lease(), await second.lease(), await first.lease()) == (True, False, True)
    assert (await second.step(), await first.step(), await first.step()) == (0, 1, 0)


async def test_a_sequencer_that_was_replaced_moves_nothing(db: Database) -> None:
    first, second = Sequencer(db, NODE), Sequencer(db, OTHER)
    assert await first.lease()
    await db.fetchval("UPDATE journal.head SET expires_at = '-infinity'")
    assert await second.lease()
    await append(db, event("a"))
    assert (await first.step(), await first.lease(), await first.step(), await second.step()) == (0, False, 0, 1)


async def test_an_expired_lease_moves_nothing_even_when_nobody_else_took_it(db: Database) -> None:
    sequencer = Sequencer(db, NODE)
    assert await sequencer.lease()
    await append(db, event("a"))
    await db.fetchval("UPDATE journal.head SET expires_at = '-infinity'")
    assert (await sequencer.step(), await sequencer.lease(), await sequencer.step()) == (0, True, 1)


async def test_a_step_that_waited_for_another_moves_nothing_twice(db: Database, dsn: str) -> None:
    """A line that broke leaves its statement behind on the server; the next one waits for it, with an older view."""
    sequencer = Sequencer(db, NODE)
    assert await sequencer.lease()
    await append(db, event("a"), event("b"))
    left_behind = await asyncpg.connect(dsn)
    await left_behind.execute("BEGIN")
    fence = await left_behind.fetchval("SELECT fence FROM journal.head")
    assert tuple(await left_behind.fetchrow(SQL["sequence"], NODE, fence, BATCH, MARK_EVERY)) == (2, 2)
    step = asyncio.create_task(sequencer.step())
    await until(lambda: waiting_for_a_lock(db))
    await left_behind.execute("COMMIT")
    await left_behind.close()
    assert (await step, await sequencer.step()) == (0, 0)
    assert [each.position for each in (await read(db, 0)).events] == [1, 2]
    await append(db, event("c"))
    assert await sequencer.step() == 1


async def test_a_backlog_is_moved_in_batches_with_dense_positions(db: Database) -> None:
    sequencer = Sequencer(db, NODE)
    assert await sequencer.lease()
    for _ in range(5):
        await append(db, *(event(f"k{number}") for number in range(1000)))
    assert [await sequencer.step() for _ in range(4)] == [2000, 2000, 1000, 0]
    row = await db.fetchrow(
        "SELECT count(*), min(position), max(position), count(DISTINCT position) FROM journal.events"
    )
    assert tuple(row) == (5000, 1, 5000, 5000)
    marks = [each[0] for each in await db.fetch("SELECT position FROM journal.marks ORDER BY position")]
    assert marks == [1, 1001, 2001, 3001, 4001]


async def test_time_in_the_journal_never_goes_back(db: Database) -> None:
    await told(db, event("a"))
    ahead = datetime.now(UTC) + timedelta(hours=1)
    await db.fetchval("UPDATE journal.head SET recorded_at = $1", ahead)
    await told(db, event("b"))
    events = (await read(db, 0)).events
    assert events[1].recorded_at == ahead


async def test_a_sequencer_that_ends_hands_over_at_once(db: Database) -> None:
    effects = await Effects(db).make()
    async with running(db, effects.follower()):
        await append(db, event("a", 0))
        await reached(db, 1)
    assert await Sequencer(db, OTHER).lease()


async def test_the_head_and_the_oldest_kept(db: Database) -> None:
    assert ((await head(db)).position, await oldest(db)) == (0, 1)
    await told(db, event("a"), event("b"))
    assert ((await head(db)).position, await oldest(db)) == (2, 1)
    await db.fetchval("DELETE FROM journal.events WHERE position = 1")
    assert await oldest(db) == 2
    await db.fetchval("DELETE FROM journal.events")
    assert ((await head(db)).position, await oldest(db)) == (2, 3)


async def test_partitions_are_made_ahead_by_class_and_month_and_again_without_effect(db: Database) -> None:
    at = datetime(2031, 11, 30, 23, 59, tzinfo=UTC)
    await ensure_partitions(db, at)
    await ensure_partitions(db, at)
    names = [
        row[0]
        for row in await db.fetch(
            "SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid "
            "WHERE c.relkind = 'r' AND c.relname ~ '_203' ORDER BY 1"
        )
    ]
    assert names == [
        f"events_{kept}_{month}" for kept in ("brief", "long", "standard") for month in ("203111", "203112", "203201")
    ]


@pytest.mark.parametrize("retention", ["brief", "standard", "long"])
async def test_the_month_after_next_has_a_partition_from_the_first_start(db: Database, retention: str) -> None:
    coming = (datetime.now(UTC).replace(day=1) + timedelta(days=31)).replace(day=1) + timedelta(days=31)
    await db.fetchval("UPDATE journal.head SET recorded_at = $1", coming.replace(day=1))
    await told(db, event("a", retention=retention))
    assert len((await read(db, 0)).events) == 1


async def waiting_for_a_lock(db: Database) -> bool:
    query = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
    return await db.fetchval(query) > 0


async def test_an_event_is_kept_as_long_as_its_type_is_declared_to_be(db: Database) -> None:
    """The partition is chosen when the position is given; what is not declared is kept as its appender says."""
    await retain(db, {"thing.happened": "long", "thing.ended": "brief"})
    await told(db, event("a"), event("b", type="thing.ended"), event("c", type="thing.else"))
    await retain(db, {"thing.happened": "standard"})
    await told(db, event("a"), event("b", type="thing.ended", retention="long"))
    rows = await db.fetch("SELECT retention FROM journal.events ORDER BY position")
    assert [row[0] for row in rows] == ["long", "brief", "standard", "standard", "long"]
