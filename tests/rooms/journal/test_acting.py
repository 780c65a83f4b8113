"""What a person does about parked work and positions."""

from __future__ import annotations

from datetime import timedelta

import pytest
from tests.rooms.journal.actors import until
from tests.rooms.journal.world import Effects, append, event, reached, running

from tillway import clock
from tillway.errors import Conflict, Gone, NotFound, Poison
from tillway.journal import acting, bury, parked_items, replay
from tillway.journal.acting import Chosen
from tillway.postgres import Database

ALL = Chosen(follower="effects")
KEYS = ("a", "b", "c")


@pytest.fixture
async def effects(db: Database) -> Effects:
    return await Effects(db).make()


async def three_parked(db: Database, effects: Effects) -> None:
    """Three keys parked, one event more behind the first."""
    for key in KEYS:
        effects.faults[(key, 0)] = Poison(f"{key} is wrong")
    sold = {"n": 0, "gross": "12.30", "currency": "EUR"}
    await append(db, *(event(key, data=sold) for key in KEYS), event("a", 1), event("d", 0))
    await reached(db, 5)


async def test_money_at_stake_is_told_where_an_event_has_a_total(db: Database, effects: Effects) -> None:
    async with running(db, effects.follower()):
        await three_parked(db, effects)
    assert [(item.partitionkey, item.value_at_stake) for item in await parked_items(db)] == [
        ("a", "12.30 EUR"),
        ("b", "12.30 EUR"),
        ("c", "12.30 EUR"),
        ("a", None),
    ]


async def test_a_look_over_a_group_changes_nothing_and_counts_the_first_of_each_key(
    db: Database, effects: Effects
) -> None:
    async with running(db, effects.follower()):
        await three_parked(db, effects)
    before = await parked_items(db)
    found = await acting.look_over(db, ALL)
    assert (found.chosen, found.taken, [item.partitionkey for item in found.sample], found.until) == (
        3,
        3,
        [*KEYS],
        None,
    )
    assert (await acting.look_over(db, Chosen(follower="effects", partitionkey="b"))).chosen == 1
    assert (await acting.look_over(db, Chosen(follower="effects", reason="other"))).chosen == 0
    assert (await acting.look_over(db, Chosen(follower="nobody"))).chosen == 0
    assert await parked_items(db) == before


async def test_a_group_that_is_retried_flows_again_in_order(db: Database, effects: Effects) -> None:
    async with running(db, effects.follower()):
        await three_parked(db, effects)
        effects.faults.clear()
        async with db.transaction() as tx:
            done = await acting.retry_all(tx, ALL, per_second=100, note="ann: mended")
        await until(lambda: nothing_parked(db))
    assert (done.chosen, done.taken) == (3, 3)
    assert sorted(await effects.seen()) == [("a", 0), ("a", 1), ("b", 0), ("c", 0), ("d", 0)]
    assert [n for key, n in await effects.seen() if key == "a"] == [0, 1]


async def test_a_group_falls_due_at_its_pace_and_a_hold_stops_the_rest(db: Database, effects: Effects) -> None:
    async with running(db, effects.follower()):
        await three_parked(db, effects)
        effects.faults.clear()
        began = clock.now()
        async with db.transaction() as tx:
            done = await acting.skip_all(tx, ALL, per_second=0.01, note="ann: wrong ones")
        assert done.until is not None
        assert timedelta(seconds=199) < done.until - began < timedelta(seconds=210)
        await until(lambda: only_parked(db, "b", "c"))
        left = await parked_items(db)
        assert [(item.skip, item.note) for item in left] == [(True, "ann: wrong ones")] * 2
        async with db.transaction() as tx:
            held = await acting.hold_all(tx, ALL, "bob: wait")
    assert (held.taken, [(item.next_attempt, item.skip, item.note) for item in await parked_items(db)]) == (
        2,
        [(None, False, "bob: wait")] * 2,
    )
    assert await effects.seen() == [("d", 0), ("a", 1)]


async def test_what_was_held_is_tried_when_a_person_asks_for_it(db: Database, effects: Effects) -> None:
    async with running(db, effects.follower()):
        await three_parked(db, effects)
        async with db.transaction() as tx:
            await acting.hold_all(tx, ALL)
        effects.faults.clear()
        assert await acting.retry(db, "effects", 2, "ann: go on") == "b"
        await until(lambda: only_parked(db, "a", "c", "a"))
    assert ("b", 0) in await effects.seen()


async def test_one_parked_event_is_looked_at_with_what_waits_behind_it(db: Database, effects: Effects) -> None:
    async with running(db, effects.follower()):
        await three_parked(db, effects)
    first = await acting.parked_at(db, "effects", 1)
    assert (first.reason, first.detail, await acting.waiting_behind(db, first)) == ("poison", "a is wrong", 1)
    with pytest.raises(NotFound):
        await acting.parked_at(db, "effects", 5)


async def test_a_replay_is_looked_at_first_by_type(db: Database, effects: Effects) -> None:
    async with running(db, effects.follower()):
        await append(db, event("a", 0), event("a", 1, type="thing.ended"), event("b", 0))
        await reached(db, 3)
        found = await acting.look_ahead(db, "effects", 0, None)
        assert (found.lanes, found.events, found.types) == (1, 3, {"thing.ended": 1, "thing.happened": 2})
        assert (await acting.look_ahead(db, "effects", 1, ["thing.happened"])).types == {"thing.happened": 1}
        assert await effects.seen() == [("a", 0), ("a", 1), ("b", 0)]
        await replay(db, "effects", after=1)
        await until(lambda: applied(effects, 5))
    assert await effects.seen() == [("a", 0), ("a", 1), ("b", 0), ("a", 1), ("b", 0)]


async def test_a_replay_never_goes_forward(db: Database, effects: Effects) -> None:
    """A lane that has not come so far would pass events over."""
    async with running(db, effects.follower()):
        await append(db, event("a", 0), event("b", 0))
        await reached(db, 2)
    await db.fetchval("INSERT INTO journal.followers (name, lane, lanes, position) VALUES ('effects', 1, 2, 1)")
    async with db.transaction() as tx:
        assert await acting.replaying(tx, "effects", 1) == 1
    assert [row[0] for row in await db.fetch("SELECT position FROM journal.followers ORDER BY lane")] == [1, 1]
    with pytest.raises(Conflict):
        await replay(db, "effects", after=1)
    with pytest.raises(NotFound):
        await replay(db, "nobody", after=0)


async def test_a_replay_of_what_is_no_longer_kept_is_gone(db: Database, effects: Effects) -> None:
    async with running(db, effects.follower()):
        await append(db, event("a", 0), event("b", 0), event("c", 0))
        await reached(db, 3)
    await db.fetchval("DELETE FROM journal.events WHERE position = 1")
    with pytest.raises(Gone):
        await acting.look_ahead(db, "effects", 0, None)
    assert (await acting.look_ahead(db, "effects", 1, None)).events == 2


async def test_nodes_that_ended_long_ago_are_forgotten(db: Database) -> None:
    await db.fetchval(
        "INSERT INTO journal.nodes (node, kind, expires_at) VALUES (gen_random_uuid(), 'works', now()), "
        "(gen_random_uuid(), 'works', now() - interval '2 hours')"
    )
    await bury(db)
    assert await db.fetchval("SELECT count(*) FROM journal.nodes") == 1


async def nothing_parked(db: Database) -> bool:
    return await parked_items(db) == ()


async def only_parked(db: Database, *keys: str) -> bool:
    return [item.partitionkey for item in await parked_items(db)] == [*keys]


async def applied(effects: Effects, count: int) -> bool:
    return len(await effects.seen()) == count
