from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path

import asyncpg
import pytest
from tests.rooms.journal.actors import until
from tests.rooms.journal.lossy import lossy
from tests.rooms.journal.world import NODE, OTHER, Effects, Node, append, event, position, reached, running, told

from tillway.errors import Conflict, NotFound, Poison, TryAgain, Unavailable
from tillway.journal import Recorded, follower_states, parked_items, replay
from tillway.journal.acting import retry, skip
from tillway.postgres import Database, Tx


@pytest.fixture
async def effects(db: Database) -> Effects:
    return await Effects(db).make()


async def test_a_poison_event_parks_its_key_and_all_other_keys_flow(db: Database, effects: Effects) -> None:
    effects.faults[("a", 1)] = Poison("the shop does not exist")
    async with running(db, effects.follower()):
        await append(db, event("a", 0), event("b", 0), event("a", 1), event("b", 1), event("a", 2), event("c", 0))
        await append(db, event("a", 3), event("b", 2))
        await reached(db, 8)
    assert await effects.seen() == [("a", 0), ("b", 0), ("b", 1), ("c", 0), ("b", 2)]
    items = await parked_items(db)
    assert [(item.position, item.partitionkey, item.behind, item.reason, item.detail) for item in items] == [
        (3, "a", False, "poison", "the shop does not exist"),
        (5, "a", True, "behind", "waits for an earlier event"),
        (7, "a", True, "behind", "waits for an earlier event"),
    ]
    assert {(item.follower, item.lane, item.owner, item.attempts) for item in items} == {("effects", 0, "test", 0)}
    assert items[0].next_attempt - items[0].parked_at > items[0].parked_at - items[0].parked_at
    assert [item.next_attempt for item in items[1:]] == [None, None]


async def test_a_foreign_error_parks_too_and_tells_its_class_only(db: Database, effects: Effects) -> None:
    effects.faults[("a", 0)] = KeyError("card 4111")
    async with running(db, effects.follower()):
        await append(db, event("a", 0))
        await reached(db, 1)
    assert [(item.reason, item.detail) for item in await parked_items(db)] == [("unexpected", "unexpected KeyError")]


async def test_a_retry_that_succeeds_frees_the_key_in_order(db: Database, effects: Effects) -> None:
    effects.faults[("a", 0)] = Poison()
    async with running(db, effects.follower()):
        await append(db, *(event("a", number) for number in range(50)), event("b", 0))
        await reached(db, 51)
        assert await effects.seen() == [("b", 0)]
        effects.faults.clear()
        await retry(db, "effects", 1)
        await append(db, event("a", 50))
        await until(lambda: nothing_parked(db))
    assert await effects.seen() == [("b", 0), *(("a", number) for number in range(51))]


async def test_a_retry_that_fails_waits_for_its_next_time(db: Database, effects: Effects) -> None:
    effects.faults[("a", 0)] = Poison()
    async with running(db, effects.follower()):
        await append(db, event("a", 0), event("a", 1))
        await reached(db, 2)
        await retry(db, "effects", 1)
        await until(lambda: tried(db, 1))
    (first, second) = await parked_items(db)
    assert (first.attempts, first.behind, first.next_attempt is not None) == (1, False, True)
    assert (second.behind, second.next_attempt) == (True, None)


async def test_a_person_may_skip_only_the_first_of_a_key(db: Database, effects: Effects) -> None:
    effects.faults[("a", 0)] = Poison()
    async with running(db, effects.follower()):
        await append(db, event("a", 0), event("a", 1))
        await reached(db, 2)
        with pytest.raises(Conflict):
            await skip(db, "effects", 2)
        with pytest.raises(Conflict):
            await retry(db, "effects", 2)
        with pytest.raises(NotFound):
            await skip(db, "effects", 3)
        await skip(db, "effects", 1)
        await until(lambda: nothing_parked(db))
    assert await effects.seen() == [("a", 1)]


async def test_the_far_side_down_holds_the_follower_and_parks_nothing(db: Database, effects: Effects) -> None:
    effects.faults[("b", 0)] = Unavailable("Postgres of the shop is away")
    async with running(db, effects.follower()):
        await append(db, event("b", 0), event("a", 0), event("b", 1))
        (state,) = await until(lambda: held(db))
        assert (state.position, state.held_for, state.held_until is None) == (0, "unavailable", False)
        effects.faults.clear()
        await reached(db, 3)
        (state,) = await follower_states(db)
    assert (state.attempts, state.held_until, state.held_for, state.lag) == (0, None, None, 0)
    assert await effects.seen() == [("b", 0), ("a", 0), ("b", 1)]
    assert await parked_items(db) == ()


async def test_what_was_applied_singly_before_a_hold_is_not_applied_again(db: Database, effects: Effects) -> None:
    effects.faults[("a", 0)] = Poison()
    effects.faults[("c", 0)] = TryAgain()
    async with running(db, effects.follower()):
        await append(db, event("a", 0), event("b", 0), event("c", 0), event("d", 0))
        await until(lambda: held(db))
        del effects.faults[("c", 0)]
        await reached(db, 4)
    assert await effects.seen() == [("b", 0), ("c", 0), ("d", 0)]


async def test_a_batch_whose_commit_went_unanswered_is_not_applied_again(db: Database, effects: Effects) -> None:
    with tempfile.TemporaryDirectory(prefix="lossy-") as directory:
        async with lossy(db.dsn, Path(directory)) as (dsn, line), Database(dsn, "far") as far:
            inner = effects.follower().apply

            async def apply(tx: Tx, events: Sequence[Recorded]) -> None:
                line.lose = events[0].data["n"] == 0
                assert inner is not None
                await inner(tx, events)

            async with running(far, effects.follower(apply=apply)):
                await append(db, event("a", 0))
                await reached(db, 1)
                await append(db, event("a", 1))
                await reached(db, 2)
    assert await effects.seen() == [("a", 0), ("a", 1)]


async def test_replay_applies_again_from_a_position(db: Database, effects: Effects) -> None:
    async with running(db, effects.follower()):
        await append(db, *(event("a", number) for number in range(4)))
        await reached(db, 4)
        await replay(db, "effects", after=2)
        await reached(db, 4)
        with pytest.raises(NotFound):
            await replay(db, "nobody", after=0)
    assert await effects.seen() == [("a", number) for number in (0, 1, 2, 3, 2, 3)]


async def test_a_replay_meets_what_was_parked_again_in_its_place(db: Database, effects: Effects) -> None:
    effects.faults[("a", 2)] = Poison()
    async with running(db, effects.follower()):
        await append(db, *(event("a", number) for number in range(4)))
        await reached(db, 4)
        effects.faults.clear()
        await replay(db, "effects", after=1)
        await reached(db, 4)
        await until(lambda: nothing_parked(db))
    assert await effects.seen() == [("a", number) for number in (0, 1, 1, 2, 3)]


async def test_a_lane_taken_over_in_the_middle_of_a_batch_writes_nothing(db: Database, effects: Effects) -> None:
    inner = effects.follower().apply
    takes = [True]

    async def apply(tx: Tx, events: Sequence[Recorded]) -> None:
        assert inner is not None
        await inner(tx, events)
        if takes.pop() if takes else False:
            connection = await asyncpg.connect(db.dsn)
            await connection.execute("UPDATE journal.followers SET owner = $1, fence = fence + 1", OTHER)
            await connection.close()

    await told(db, event("a", 0))
    node = Node(db, effects.follower(apply=apply))
    await node.tail.start()
    await node.beat()
    await until(lambda: lanes_ended(node))
    assert (await effects.seen(), await position(db)) == ([], 0)
    await node.beat()  # OTHER is no live node, so the lane is free
    await reached(db, 1)
    assert await effects.seen() == [("a", 0)]
    await node.leave()


async def test_a_follower_of_rare_types_finds_them_among_many(db: Database, effects: Effects) -> None:
    await many_events(db, 100_000)
    for number in range(3):
        await told(db, event("rare", number, type="rare.thing"))
    async with running(db, effects.follower(types=frozenset({"rare.thing"}))):
        await reached(db, 100_003)
    assert await effects.seen() == [("rare", number) for number in range(3)]


async def test_the_lanes_of_a_follower_share_the_keys_between_them(db: Database, effects: Effects) -> None:
    async with running(db, effects.follower(lanes=4)):
        await append(db, *(event(f"key-{number % 40}", number) for number in range(400)))
        await reached(db, 400)
    seen = await effects.seen()
    assert sorted(seen) == sorted((f"key-{number % 40}", number) for number in range(400))
    assert all(ordered(seen, key) for key in {key for key, _ in seen})


async def test_another_number_of_lanes_is_not_taken_over_by_a_follower_that_has_begun(
    db: Database, effects: Effects
) -> None:
    async with running(db, effects.follower(lanes=1)):
        await append(db, *(event(f"key-{number}") for number in range(20)))
        await reached(db, 20)
    async with running(db, effects.follower(lanes=4)):
        await append(db, *(event(f"later-{number}") for number in range(20)))
        await reached(db, 40)
    seen = await effects.seen()
    assert (len(seen), len(set(seen))) == (40, 40)


async def test_a_new_follower_begins_at_the_head_unless_it_says_otherwise(db: Database, effects: Effects) -> None:
    await told(db, event("a", 0))
    async with running(db, effects.follower("old"), effects.follower("new", starts="head")) as node:
        await until(lambda: enrolled(db, 2))
        await append(db, event("a", 1))
        await reached(db, 2, "old")
        await reached(db, 2, "new")
        assert node.tail.head == 2
    assert (await effects.seen("old"), await effects.seen("new")) == ([("a", 0), ("a", 1)], [("a", 1)])


async def test_a_node_that_leaves_gives_its_lanes_back_at_once(db: Database, effects: Effects) -> None:
    async with running(db, effects.follower(lanes=3)):
        await until(lambda: enrolled(db, 3))
    assert {state.owner for state in await follower_states(db)} == {None}
    assert await db.fetchval("SELECT count(*) FROM journal.nodes WHERE node = $1", NODE) == 0


async def nothing_parked(db: Database) -> bool:
    return await parked_items(db) == ()


async def tried(db: Database, attempts: int) -> bool:
    return (await parked_items(db))[0].attempts == attempts


async def held(db: Database) -> object:
    states = await follower_states(db)
    return states if states and states[0].held_for else None


async def enrolled(db: Database, lanes: int) -> bool:
    return len([state for state in await follower_states(db) if state.owner]) == lanes


async def lanes_ended(node: Node) -> bool:
    return bool(node.tasks()) and all(task.done() for task in node.tasks())


def ordered(seen: list[tuple[str, int]], key: str) -> bool:
    numbers = [number for each, number in seen if each == key]
    return numbers == sorted(numbers)


async def many_events(db: Database, count: int) -> None:
    """History as if it had been sequenced: only what readers look at."""
    await db.fetchval(
        """
        WITH made AS (
            INSERT INTO journal.events (position, append_id, recorded_at, id, type, subject, partitionkey, sequence, time,
                correlationid, dataclass, retention, data)
            SELECT n, n, now(), gen_random_uuid(), 'common.thing', 'k' || n % 1000, 'k' || n % 1000, n / 1000 + 1, now(),
                'c' || n % 5000, 'internal', 'standard', '{"n": 0}'
            FROM generate_series(1, $1::bigint) AS n)
        UPDATE journal.head SET position = $1, recorded_at = now() RETURNING position""",
        count,
    )
