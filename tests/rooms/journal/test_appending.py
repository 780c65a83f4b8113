from __future__ import annotations

import asyncio
import contextlib
import tempfile
from datetime import UTC, datetime
from pathlib import Path

import pytest
from tests.rooms.journal.actors import until
from tests.rooms.journal.world import append, event, sequenced, told
from tests.rooms.postgres.relay import relayed

from tillway.journal import Recorded, appending, beginning, by_correlation, by_subject, read
from tillway.journal.appending import APPEND_LIMIT
from tillway.postgres import Database, Part


async def journal(db: Database) -> tuple[Recorded, ...]:
    await sequenced(db)
    return (await read(db, 0)).events


async def test_an_append_with_other_writes_is_one_round_trip(db: Database) -> None:
    await db.fetchval("CREATE TABLE notes (n int)")
    with tempfile.TemporaryDirectory(prefix="relay-") as directory:
        async with relayed(db.dsn, Path(directory)) as (dsn, relay), Database(dsn, "far") as far:
            for number in range(2):
                await until(lambda: nudged(far))
                relay.rounds = 0
                async with far.transaction() as tx:
                    tx.stage(Part("note", "INSERT INTO notes VALUES ($1)", (number,)))
                    tx.stage(appending([event("a", number), event("b", number)]))
                rounds = relay.rounds
    assert rounds == 1
    assert await db.fetchval("SELECT count(*) FROM notes") == 2
    assert [(each.position, each.partitionkey, each.sequence) for each in await journal(db)] == [
        (1, "a", 1),
        (2, "b", 1),
        (3, "a", 2),
        (4, "b", 2),
    ]


async def test_an_event_comes_out_as_it_went_in(db: Database) -> None:
    moment = datetime(2026, 11, 23, 12, 0, 0, 123456, tzinfo=UTC)
    given = event(
        "order-1",
        data={"total": "12.30", "lines": [1, {"é": "\U0001f6d2"}]},
        personal={"name": "Ada"},
        partitionkey="customer-7",
        correlation="corr",
        causation="cause",
        traceparent="00-1-2-01",
        dataclass="personal",
        retention="long",
        time=moment,
    )
    await append(db, given)
    (found,) = await journal(db)
    assert found == Recorded(
        position=1,
        id=given.id,
        type="thing.happened",
        subject="order-1",
        partitionkey="customer-7",
        sequence=1,
        time=moment,
        recorded_at=found.recorded_at,
        correlation="corr",
        causation="cause",
        traceparent="00-1-2-01",
        dataclass="personal",
        data_json=found.data_json,
        personal_json=found.personal_json,
    )
    assert (found.data, found.whole) == (given.data, given.data | {"name": "Ada"})


async def test_the_events_of_one_write_keep_their_order(db: Database) -> None:
    keys = [f"key-{(number * 7) % 5}" for number in range(200)]
    await append(db, *(event(key, number) for number, key in enumerate(keys)))
    found = await journal(db)
    assert [(each.partitionkey, each.data["n"]) for each in found] == [(key, n) for n, key in enumerate(keys)]
    for key in set(keys):
        assert [each.sequence for each in found if each.partitionkey == key] == list(range(1, keys.count(key) + 1))


async def test_appends_of_one_transaction_that_are_written_apart_keep_their_order(db: Database) -> None:
    async with db.transaction() as tx:
        for number in range(4):
            tx.stage(appending([event("a", number), event("b", number)]))
            await tx.fetchval("SELECT 1")
    found = await journal(db)
    assert [(each.partitionkey, each.data["n"], each.sequence) for each in found] == [
        (key, number, number + 1) for number in range(4) for key in "ab"
    ]


async def test_two_appends_of_one_write_are_both_kept_without_a_gap(db: Database) -> None:
    async with db.transaction() as tx:
        for number in range(2):
            tx.stage(appending([event("a", number)]))
    found = await journal(db)
    assert (sorted(each.data["n"] for each in found), [each.sequence for each in found]) == ([0, 1], [1, 2])


async def test_a_sequence_has_no_gap_after_what_was_undone(db: Database) -> None:
    for number in range(20):
        with contextlib.suppress(ZeroDivisionError):
            async with db.transaction() as tx:
                tx.stage(appending([event("a", number), event("b", number)]))
                await tx.fetchval("SELECT 1")
                if number % 3:
                    raise ZeroDivisionError
    found = await journal(db)
    assert [each.sequence for each in found if each.partitionkey == "a"] == [1, 2, 3, 4, 5, 6, 7]
    assert [each.position for each in found] == list(range(1, 15))


async def test_writers_of_one_key_come_one_after_the_other_without_a_deadlock(db: Database) -> None:
    keys = [f"key-{number}" for number in range(6)]

    async def write(number: int) -> None:
        order = keys if number % 2 else keys[::-1]
        await append(db, *(event(key, number) for key in order))

    await asyncio.gather(*(write(number) for number in range(40)))
    found = await journal(db)
    numbers = {key: [each.data["n"] for each in found if each.partitionkey == key] for key in keys}
    assert all(order == numbers["key-0"] for order in numbers.values())
    assert sorted(numbers["key-0"]) == list(range(40))


@pytest.mark.parametrize("count", [0, APPEND_LIMIT + 1])
def test_too_few_and_too_many_events_are_refused(count: int) -> None:
    with pytest.raises(ValueError, match=f"1 to {APPEND_LIMIT} events, not {count}"):
        appending([event("a")] * count)


async def test_as_many_events_as_are_allowed_go_in_one_write(db: Database) -> None:
    await append(db, *(event(f"key-{number % 10}", number) for number in range(APPEND_LIMIT)))
    assert [each.data["n"] for each in await journal(db)] == list(range(APPEND_LIMIT))


async def test_events_are_found_by_subject_and_by_correlation(db: Database) -> None:
    await told(db, event("a", 0), event("b", 1, correlation="d"), event("a", 2, correlation="d"), event("a", 3))
    assert [each.data["n"] for each in await by_subject(db, "a")] == [0, 2, 3]
    assert [each.data["n"] for each in await by_subject(db, "a", after=1, limit=1)] == [2]
    assert [each.data["n"] for each in await by_correlation(db, "d")] == [1, 2]
    assert [each.data["n"] for each in await by_correlation(db, "c", "d")] == [0, 1, 2, 3]


async def test_a_story_begins_with_its_first_event_also_before_that_has_a_position(db: Database) -> None:
    assert await beginning(db, "a") is None
    first = event("a", 0)
    await append(db, first)
    assert (await beginning(db, "a")).id == first.id
    await append(db, event("a", 1, correlation="d"))
    await sequenced(db)
    await append(db, event("a", 2, correlation="e"))
    found = await beginning(db, "a")
    assert (found.id, found.correlation) == (first.id, first.correlation)


async def nudged(db: Database) -> bool:
    """The nudge of the last write is through: it takes the same line."""
    return db._nudger._task is None
