from __future__ import annotations

import asyncio

import pytest
from tests.rooms.journal.world import Node, append, event, numbers, sequenced, told

from tillway.journal import Page, Tail, read
from tillway.journal.reading import SCAN_LIMIT
from tillway.journal.tail import REMEMBERED
from tillway.postgres import Database


async def pages(tail: Tail, limit: int, types: frozenset[str] | None) -> list[Page]:
    """All pages from the oldest event to the head."""
    found, after = [], 0
    while (page := await tail.page(after, limit=limit, types=types)).reached > after:
        found.append(page)
        after = page.reached
    return found


@pytest.mark.parametrize("types", [None, frozenset({"rare.thing"}), frozenset({"no.such"})])
@pytest.mark.parametrize("limit", [1, 7, 500])
async def test_memory_and_database_hand_out_the_same_events(
    db: Database, types: frozenset[str] | None, limit: int
) -> None:
    remembering, forgetful = Tail(db), Tail(db)
    await remembering.start()
    for number in range(30):
        await append(db, event(f"k{number % 4}", number, type="rare.thing" if number % 9 == 0 else "thing.happened"))
    await sequenced(db)
    await forgetful.start()
    while await remembering._advance():
        pass
    told_from_memory, told_from_database = await pages(remembering, limit, types), await pages(forgetful, limit, types)
    memory = [each for page in told_from_memory for each in page.events]
    assert memory == [each for page in told_from_database for each in page.events]
    assert memory == [each for each in (await read(db, 0)).events if types is None or each.type in types]
    assert told_from_memory[-1].reached == told_from_database[-1].reached == remembering.head == 30
    if types is None:
        assert told_from_memory == told_from_database
    assert [await remembering.page(at) for at in range(32)] == [await forgetful.page(at) for at in range(32)]


async def test_only_so_much_is_remembered_and_what_is_older_comes_from_the_database(db: Database) -> None:
    tail = Tail(db)
    await tail.start()
    await db.fetchval("""
        WITH made AS (INSERT INTO journal.events SELECT n, n, now(), gen_random_uuid(), 't', 's', 's', n, now(), 'c', NULL,
            NULL, 'internal', 'standard', '{}' FROM generate_series(1, 10100) AS n)
        UPDATE journal.head SET position = 10100 RETURNING 1""")
    while await tail._advance():
        pass
    assert (tail.head, len(tail._ring), tail._ring[0].position) == (10_100, REMEMBERED, 101)
    assert [each.position for each in (await tail.page(99, limit=3)).events] == [100, 101, 102]
    assert [each.position for each in (await tail.page(100, limit=3)).events] == [101, 102, 103]
    assert [each.position for each in (await tail.page(10_098, limit=3)).events] == [10_099, 10_100]


async def test_a_filtered_read_without_a_match_tells_how_far_it_looked(db: Database) -> None:
    await told(db, event("a"), event("b"))
    assert await read(db, 0, types=["no.such"]) == Page((), 0)
    assert await read(db, 0, types=["no.such"], head_at=2) == Page((), 2)
    assert await read(db, 0, types=["no.such"], head_at=SCAN_LIMIT + 7) == Page((), SCAN_LIMIT)


async def test_locals_hear_each_new_event_of_their_types_once_and_in_order(db: Database) -> None:
    await told(db, event("before"))
    node = Node(db)
    await node.tail.start()
    heard: list[tuple[str, int]] = []
    node.tail.local(("thing.happened", "other.thing"), lambda each: heard.extend(numbers([each])))
    await told(db, event("a", 1), event("b", 2, type="unheard.thing"), event("a", 3, type="other.thing"))
    await node.look()
    await node.look()
    assert heard == [("a", 1), ("a", 3)]


async def test_only_those_who_watch_a_type_are_woken(db: Database) -> None:
    node = Node(db)
    await node.tail.start()
    watching, elsewhere, everything, gone = (asyncio.Event() for _ in range(4))
    node.tail.watch(("thing.happened",), watching)
    node.tail.watch(("other.thing",), elsewhere)
    node.tail.watch(None, everything)
    node.tail.watch(("thing.happened",), gone)()
    await told(db, event("a"))
    await node.look()
    assert [each.is_set() for each in (watching, elsewhere, everything, gone)] == [True, False, True, False]
