"""One sealer numbers what waits; a sealer that was replaced can do nothing; what is kept can be verified."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import asyncpg
import pytest
from tests.rooms.audit.world import NODE, OTHER, entry, holder, sealed, sign, stage, verified

from tillway.audit import KEPT, LAST, Sealer, Wanted, export, keep, search
from tillway.audit.sealer import ANCHOR_EVERY, BATCH
from tillway.audit.staging import SQL
from tillway.postgres import Database

MIXED = [
    entry(kind_of=name, operation=f"{name}-{n}", personal=None if n else '{"a":1}') for n in range(3) for name in KEPT
]


async def test_entries_are_numbered_in_the_order_they_came_and_chained_by_class(db: Database) -> None:
    await sealed(db, *MIXED)
    rows = await export(db, 0, 100)
    assert [row.number for row in rows] == list(range(1, 13))
    assert [row.entry for row in rows] == MIXED
    assert {name: [row.seq for row in rows if row.entry.kind_of == name] for name in KEPT} == {
        name: [1, 2, 3] for name in KEPT
    }
    found = await verified(db)
    assert (found.broken, found.checked, found.anchors, found.unanchored) == (None, 12, 1, 0)


@pytest.mark.parametrize("limit", [1, 2, 5, 12, 13])
async def test_pages_of_any_size_find_the_same(db: Database, limit: int) -> None:
    sealer = await sealed(db, *MIXED)
    await stage(db, *MIXED)
    await sealer.step()
    assert (await verified(db, limit=limit)).broken is None
    await db.fetchval("UPDATE audit.entries SET operation = 'other' WHERE number = 17")
    broken = (await verified(db, limit=limit)).broken
    assert (broken.what, broken.number) == ("changed", 17)


async def test_one_node_seals_and_the_other_stands_by(db: Database) -> None:
    first, second = Sealer(db, NODE, sign), Sealer(db, OTHER, sign)
    await stage(db, entry())
    assert (await first.lease(), await second.lease()) == (True, False)
    assert (await second.step(), await second.anchor(due=True), await first.step(), await first.step()) == (
        0,
        False,
        1,
        0,
    )


async def test_a_sealer_that_was_replaced_seals_nothing(db: Database) -> None:
    first, second = Sealer(db, NODE, sign), Sealer(db, OTHER, sign)
    assert await first.lease()
    await stage(db, entry())
    await db.fetchval("UPDATE audit.head SET expires_at = '-infinity'")
    assert (await first.step(), await second.lease()) == (0, True)
    assert (await first.step(), await first.anchor(due=True), await second.step()) == (0, False, 1)
    assert await first.anchor(due=True) is False
    assert (await verified(db)).broken is None


async def test_a_sealer_that_died_in_the_middle_of_a_batch_leaves_everything_as_it_was(db: Database, dsn: str) -> None:
    """The statement it left behind on the server goes on there; whoever comes next waits for it or undoes it."""
    for commits in (False, True):
        await stage(db, entry(), entry())
        await db.fetchval("UPDATE audit.head SET expires_at = '-infinity'")
        left_behind = await asyncpg.connect(dsn)
        transaction = left_behind.transaction()
        await transaction.start()
        dead = Sealer(_On(left_behind), OTHER, sign)
        assert await dead.lease()
        assert await dead.step() == 2
        sealer = Sealer(db, NODE, sign)
        taking = asyncio.create_task(sealer.lease())
        await (transaction.commit() if commits else transaction.rollback())
        await left_behind.close()
        await taking
        await db.fetchval("UPDATE audit.head SET expires_at = '-infinity'")
        assert await sealer.lease()
        assert await sealer.step() == (0 if commits else 2)
        assert (await verified(db)).broken is None
    assert [row.number for row in await export(db, 0, 100)] == [1, 2, 3, 4]


class _On:
    """One connection, asked like a database."""

    def __init__(self, connection) -> None:
        self.fetch, self.fetchrow, self.fetchval = connection.fetch, connection.fetchrow, connection.fetchval


async def test_a_slow_transaction_delays_only_its_own_entry(db: Database, dsn: str) -> None:
    slow = await asyncpg.connect(dsn)
    transaction = slow.transaction()
    await transaction.start()
    await slow.execute(SQL["stage"], '["write"]')
    sealer = await sealed(db, entry(operation="quick"))
    await transaction.commit()
    await slow.close()
    assert await sealer.step() == 1
    rows = await export(db, 0, 9)
    assert [(row.entry.operation, row.entry.code) for row in rows] == [("quick", None), ("-", "unreadable-line")]
    assert (await verified(db)).broken is None


async def test_a_backlog_is_sealed_in_batches(db: Database) -> None:
    sealer = await holder(db)
    await db.fetch(SQL["stage_many"], [_line(n) for n in range(BATCH + 1)])
    assert [await sealer.step() for _ in range(3)] == [BATCH, 1, 0]
    assert (await verified(db, limit=100)).broken is None


def _line(n: int) -> str:
    from tillway.audit.entry import line

    return line(entry(subject=str(n)))


async def test_anchors_are_made_when_time_has_passed_and_something_was_sealed(db: Database) -> None:
    sealer = await sealed(db, entry(), anchored=False)
    now = datetime.now(UTC)
    assert [await sealer.anchor(now=now), await sealer.anchor(now=now + ANCHOR_EVERY)] == [True, False]
    await stage(db, entry())
    await sealer.step()
    assert await sealer.anchor(now=now + ANCHOR_EVERY / 2) is False
    assert await sealer.anchor(now=now + ANCHOR_EVERY) is True


@pytest.mark.parametrize(
    ("tampering", "what"),
    [
        ("DELETE FROM audit.entries WHERE number = 5", "missing"),
        ("DELETE FROM audit.entries WHERE number = 12", "missing"),
        ("DELETE FROM audit.entries WHERE number > 3", "missing"),
        ("UPDATE audit.entries SET status = 200 WHERE number = 7", "changed"),
        ("UPDATE audit.entries SET personal = '{\"a\":2}' WHERE number = 1", "changed"),
        ("UPDATE audit.entries SET policies = '{x}' WHERE number = 1", "changed"),
        ("UPDATE audit.entries SET number = 99 WHERE number = 2", "missing"),
        ("INSERT INTO audit.entries SELECT * FROM audit.entries WHERE number = 3", "unexpected"),
        ("DELETE FROM audit.anchors", "anchor"),
        ("UPDATE audit.anchors SET token = token || 'x'", "anchor"),
        ("UPDATE audit.chains SET floor_seq = seq, floor_hash = hash; DELETE FROM audit.entries", "missing"),
    ],
)
async def test_tampering_with_the_tables_is_found(db: Database, dsn: str, tampering: str, what: str) -> None:
    sealer = await sealed(db, *MIXED)
    await stage(db, entry())
    await sealer.step()
    await sealer.anchor(due=True)
    connection = await asyncpg.connect(dsn)
    await connection.execute(tampering)
    await connection.close()
    broken = (await verified(db)).broken
    assert broken is not None
    assert broken.what == what


async def test_personal_parts_are_erased_without_breaking_the_chain(db: Database) -> None:
    await sealed(db, *MIXED)
    await db.fetch("UPDATE audit.entries SET personal = NULL, salt = NULL")
    assert (await verified(db)).broken is None


async def test_old_months_are_dropped_and_what_is_left_can_be_verified(db: Database) -> None:
    long_ago = datetime.now(UTC) - KEPT["read"] - timedelta(days=62)
    await db.fetchval("SELECT audit.ensure_partitions($1, 8)", long_ago)
    await db.fetch("UPDATE audit.head SET sealed_at = $1", long_ago)
    sealer = await holder(db)
    await stage(db, *MIXED)
    assert await sealer.step(now=long_ago) == len(MIXED)
    await sealer.anchor(now=long_ago, due=True)
    await stage(db, *MIXED)
    await sealer.step()
    await sealer.anchor(due=True)
    assert (await verified(db)).broken is None
    now = datetime.now(UTC)
    assert await keep(db, now) > 0
    assert await keep(db, now) == 0
    rows = await export(db, 0, 100)
    assert [row.number for row in rows if row.entry.kind_of == "read"] == [15, 19, 23]
    assert len([row for row in rows if row.entry.kind_of == "act"]) == 6
    assert (await verified(db)).broken is None
    assert (await verified(db, limit=3)).broken is None


async def test_searching_finds_by_each_of_its_words_newest_first(db: Database) -> None:
    await sealed(
        db,
        entry(principal="shop", operation="placeOrder", subject="o-1", correlation="c-1"),
        entry(principal="shop", operation="placeOrder", kind_of="refusal", status=409, correlation="c-2"),
        entry(principal="till", operation="getOrder", kind_of="read", status=200, subject="o-1"),
    )

    async def found(**wanted) -> list[int]:
        return [row.number for row in await search(db, Wanted(**wanted), 10)]

    assert await found() == [3, 2, 1]
    assert await found(consumer="shop") == [2, 1]
    assert await found(consumer="shop", operation="getOrder") == []
    assert await found(operation="getOrder") == [3]
    assert await found(outcome="refused") == [2]
    assert await found(outcome="done") == [3, 1]
    assert await found(outcome="failed") == []
    assert await found(subject="o-1") == [3, 1]
    assert await found(subject="o-1", consumer="till") == [3]
    assert await found(correlation="c-2") == [2]
    assert await found(below=3) == [2, 1]
    assert await found(since=datetime(2026, 11, 2, tzinfo=UTC)) == []
    assert await found(until=datetime(2026, 11, 2, tzinfo=UTC), below=LAST) == [3, 2, 1]
