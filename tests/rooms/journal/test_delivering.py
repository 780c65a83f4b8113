from __future__ import annotations

import asyncio
from collections import defaultdict
from datetime import timedelta
from typing import Any

import asyncpg
from tests.rooms.journal.actors import until
from tests.rooms.journal.world import OTHER, Node, append, event, position, reached, running, told

from tillway.errors import Poison, Unavailable
from tillway.journal import Follower, Recorded, follower_states, parked_items
from tillway.journal.acting import retry
from tillway.postgres import Database

NAME = "outside"


class Outside:
    """The far side: remembers what arrived, can refuse an event, be away, or keep one waiting."""

    def __init__(self) -> None:
        self.arrived: list[tuple[str, int]] = []
        self.in_flight: dict[str, int] = defaultdict(int)
        self.most_in_flight = 0
        self.most_in_flight_of_a_key = 0
        self.refused: set[tuple[str, int]] = set()
        self.away = False
        self.doors: dict[tuple[str, int], asyncio.Event] = {}
        self.asked: list[tuple[str, int]] = []

    def follower(self, **given: Any) -> Follower:
        return Follower(
            **{
                "name": NAME,
                "types": None,
                "owner": "test",
                "starts": "oldest",
                "deliver": self.deliver,
                "hold": (timedelta(milliseconds=1),),
                **given,
            }
        )

    async def deliver(self, each: Recorded) -> None:
        what = (each.partitionkey, each.data["n"])
        self.asked.append(what)
        self.in_flight[each.partitionkey] += 1
        self.most_in_flight = max(self.most_in_flight, sum(self.in_flight.values()))
        self.most_in_flight_of_a_key = max(self.most_in_flight_of_a_key, self.in_flight[each.partitionkey])
        try:
            if what in self.doors:
                await self.doors[what].wait()
            if self.away:
                raise Unavailable("away")
            if what in self.refused:
                raise Poison("refused")
            self.arrived.append(what)
        finally:
            self.in_flight[each.partitionkey] -= 1


async def test_one_in_flight_a_key_many_at_once_and_the_position_is_the_lowest_done(db: Database) -> None:
    outside = Outside()
    outside.doors[("slow", 0)] = asyncio.Event()
    quick = [("quick", number) for number in range(5)]
    async with running(db, outside.follower()):
        await append(db, event("first"), event("slow", 0), event("slow", 1), *(event(*each) for each in quick))
        await until(lambda: arrived(outside, 6))
        await reached(db, 1, NAME)
        assert (outside.arrived, await position(db, NAME)) == ([("first", 0), *quick], 1)
        outside.doors[("slow", 0)].set()
        await reached(db, 8, NAME)
    assert outside.arrived == [("first", 0), *quick, ("slow", 0), ("slow", 1)]
    assert (outside.most_in_flight_of_a_key, outside.most_in_flight > 1) == (1, True)


async def test_what_was_delivered_and_not_stored_comes_again_with_its_id(db: Database) -> None:
    outside = Outside()
    outside.doors[("a", 0)] = asyncio.Event()
    async with running(db, outside.follower()):
        await append(db, event("a", 0), event("b", 0))
        await until(lambda: arrived(outside, 1))
    assert await position(db, NAME) == 0
    outside.doors[("a", 0)].set()
    async with running(db, outside.follower()):
        await reached(db, 2, NAME)
    assert sorted(outside.arrived) == [("a", 0), ("b", 0), ("b", 0)]


async def test_the_far_side_away_holds_all_and_parks_nothing(db: Database) -> None:
    outside = Outside()
    outside.away = True
    async with running(db, outside.follower(hold=(timedelta(milliseconds=1), timedelta(hours=1)))):
        await append(db, event("a", 0), event("b", 0), event("a", 1))
        states = await until(lambda: holding(db, 2))
        assert [(state.held_for, state.position) for state in states] == [("unavailable", 0)]
    assert await parked_items(db) == ()
    outside.away = False
    await db.fetchval("UPDATE journal.followers SET held_until = NULL")
    async with running(db, outside.follower()):
        await reached(db, 3, NAME)
    assert sorted(outside.arrived) == [("a", 0), ("a", 1), ("b", 0)]
    assert [each for each in outside.arrived if each[0] == "a"] == [("a", 0), ("a", 1)]


async def test_a_hold_outlives_its_node(db: Database) -> None:
    outside = Outside()
    outside.away = True
    async with running(db, outside.follower(hold=(timedelta(hours=1),))):
        await append(db, event("a", 0))
        await until(lambda: holding(db, 1))
    outside.asked.clear()
    async with running(db, outside.follower()):
        await until(lambda: owned(db))
        await append(db, event("a", 1))
        await until(lambda: sequenced_to(db, 2))
    assert outside.asked == []


async def test_a_refused_event_parks_its_key_with_all_that_is_in_hand(db: Database) -> None:
    outside = Outside()
    outside.refused.add(("a", 1))
    outside.doors[("b", 0)] = asyncio.Event()
    async with running(db, outside.follower()):
        await append(db, *(event("a", number) for number in range(5)), event("b", 0))
        await until(lambda: parked(db, 4))
        outside.doors[("b", 0)].set()
        await append(db, event("a", 5), event("c", 0))
        await reached(db, 8, NAME)
        assert sorted(outside.arrived) == [("a", 0), ("b", 0), ("c", 0)]
        assert [
            (item.position, item.behind) for item in sorted(await parked_items(db), key=lambda it: it.position)
        ] == [
            (2, False),
            (3, True),
            (4, True),
            (5, True),
            (7, True),
        ]
        outside.refused.clear()
        await retry(db, NAME, 2)
        await until(lambda: parked(db, 0))
    assert [each for each in outside.arrived if each[0] == "a"] == [("a", number) for number in range(6)]


async def test_what_comes_in_while_its_key_is_being_parked_waits_behind_it(db: Database) -> None:
    """The lane is held at the moment it takes the later event in hand, and meanwhile the earlier one is refused."""
    outside = Outside()
    outside.refused.add(("a", 0))
    doors = [outside.doors.setdefault(each, asyncio.Event()) for each in (("a", 0), ("b", 0))]
    node = Node(db, outside.follower())
    await node.tail.start()
    await node.beat()
    await told(db, event("a", 0), event("b", 0))
    await node.look()
    await until(lambda: asked(outside, 2))
    connection = await asyncpg.connect(db.dsn)
    async with connection.transaction():
        await connection.execute("SELECT FROM journal.followers FOR UPDATE")
        await told(db, event("a", 1))
        await node.look()
        doors[1].set()
        await until(lambda: waiting_for_a_lock(db))
        doors[0].set()
        await until(lambda: none_in_flight(outside))
    await connection.close()
    await reached(db, 3, NAME)
    await node.leave()
    assert outside.arrived == [("b", 0)]
    items = sorted(await parked_items(db), key=lambda item: item.position)
    assert [(item.position, item.behind) for item in items] == [(1, False), (3, True)]


async def test_a_lane_that_was_taken_over_parks_nothing(db: Database) -> None:
    outside = Outside()
    outside.refused.add(("a", 0))
    outside.doors[("a", 0)] = asyncio.Event()
    await told(db, event("a", 0))
    node = Node(db, outside.follower())
    await node.tail.start()
    await node.beat()
    await until(lambda: asked(outside, 1))
    connection = await asyncpg.connect(db.dsn)
    await connection.execute("UPDATE journal.followers SET owner = $1, fence = fence + 1", OTHER)
    await connection.close()
    outside.doors[("a", 0)].set()
    await until(lambda: ended(node))
    assert (await parked_items(db), await position(db, NAME)) == ((), 0)


async def test_more_than_fits_in_hand_is_delivered_in_order(db: Database) -> None:
    outside = Outside()
    async with running(db, outside.follower(lanes=2)):
        await append(db, *(event(f"key-{number % 7}", number) for number in range(500)))
        await reached(db, 500, NAME)
    assert sorted(outside.arrived) == sorted((f"key-{number % 7}", number) for number in range(500))
    for key in {key for key, _ in outside.arrived}:
        mine = [number for each, number in outside.arrived if each == key]
        assert mine == sorted(mine)


async def arrived(outside: Outside, count: int) -> bool:
    return len(outside.arrived) >= count


async def asked(outside: Outside, count: int) -> bool:
    return len(outside.asked) >= count


async def none_in_flight(outside: Outside) -> bool:
    return not any(outside.in_flight.values())


async def waiting_for_a_lock(db: Database) -> bool:
    query = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
    return await db.fetchval(query) > 0


async def parked(db: Database, count: int) -> bool:
    return len(await parked_items(db)) == count


async def holding(db: Database, attempts: int) -> Any:
    states = await follower_states(db)
    return states if states and states[0].attempts >= attempts else None


async def owned(db: Database) -> bool:
    return all(state.alive for state in await follower_states(db))


async def sequenced_to(db: Database, wanted: int) -> bool:
    return await db.fetchval("SELECT position FROM journal.head") == wanted


async def ended(node: Node) -> bool:
    return bool(node.tasks()) and all(task.done() for task in node.tasks())
