"""What one door has to tell, while Postgres is away and after: nothing is dropped, and nobody waits for ever."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest
from tests.rooms.audit.world import NODE
from tests.rooms.audit.world import entry as made
from tests.rooms.postgres.relay import Relay, relayed

from tillway.audit import Buffer, Census, Entry, Strangers, buffer
from tillway.errors import Unavailable
from tillway.postgres import Database

ROOM = 5


def entry(number: int) -> Entry:
    return made(kind_of="read", operation="getProduct", status=200, correlation=f"c-{number}")


async def kept(dsn: str) -> list[str | None]:
    """The correlations that reached Postgres, in their order."""
    async with Database(dsn, "look") as db:
        rows = await db.fetch("SELECT line FROM audit.staged ORDER BY id")
        return [msgspec.json.decode(row[0], type=Entry).correlation for row in rows]


def told(first: int, last: int) -> list[str]:
    return [f"c-{number}" for number in range(first, last + 1)]


@pytest.fixture
async def far(dsn: str) -> AsyncIterator[tuple[Database, Relay]]:
    """A database whose line can be cut."""
    with tempfile.TemporaryDirectory(prefix="relay-") as name:
        async with relayed(dsn, Path(name)) as (far_dsn, relay), Database(far_dsn, "door") as db:
            yield db, relay


@pytest.fixture
def strangers() -> Strangers:
    return Strangers(NODE)


async def filled(held: Buffer) -> None:
    """Full, with an attempt to empty it that failed: what it took out is back, and no other is under way."""
    for number in range(1, ROOM + 1):
        assert held.offer(entry(number))
    with pytest.raises(Unavailable):
        await held.flush()
    assert not held.offer(entry(0))


async def test_who_comes_to_a_full_buffer_waits_until_postgres_is_back_and_nothing_is_lost(
    far: tuple[Database, Relay], dsn: str, strangers: Strangers
) -> None:
    db, relay = far
    async with Buffer(db, strangers, Census(), held_max=ROOM) as held:
        relay.answers = "away"
        await filled(held)
        waiting = [asyncio.create_task(held.put(entry(number))) for number in range(ROOM + 1, ROOM + 4)]
        await asyncio.sleep(0)
        with pytest.raises(Unavailable):
            await held.flush()
        assert not any(task.done() for task in waiting)
        assert await kept(dsn) == []
        relay.answers = "pass"
        await asyncio.wait_for(asyncio.gather(*waiting), 5)
        assert set(await kept(dsn)) >= set(told(1, ROOM))
    assert await kept(dsn) == told(1, ROOM + 3)


async def test_nobody_waits_longer_than_the_bound_and_is_not_told_of_then(
    far: tuple[Database, Relay], dsn: str, strangers: Strangers, monkeypatch: pytest.MonkeyPatch
) -> None:
    db, relay = far
    monkeypatch.setattr(buffer, "ROOM_SECONDS", 0.05)
    async with Buffer(db, strangers, Census(), held_max=ROOM) as held:
        relay.answers = "away"
        await filled(held)
        with pytest.raises(Unavailable) as refused:
            await asyncio.wait_for(held.put(entry(ROOM + 1)), 5)
        assert refused.value.retry_after
        relay.answers = "pass"
    assert await kept(dsn) == told(1, ROOM)


async def test_whose_waiting_is_cut_off_is_told_of_all_the_same(
    far: tuple[Database, Relay], dsn: str, strangers: Strangers
) -> None:
    db, relay = far
    async with Buffer(db, strangers, Census(), held_max=ROOM) as held:
        relay.answers = "away"
        await filled(held)
        gone = asyncio.create_task(held.put(entry(ROOM + 1)))
        await asyncio.sleep(0)
        gone.cancel()
        await asyncio.wait([gone])
        assert gone.cancelled()
        relay.answers = "pass"
    assert await kept(dsn) == told(1, ROOM + 1)


async def test_a_door_that_stops_with_a_full_buffer_keeps_it_and_what_was_counted(
    far: tuple[Database, Relay], dsn: str, strangers: Strangers
) -> None:
    db, relay = far
    async with Buffer(db, strangers, Census(), held_max=ROOM) as held:
        relay.answers = "away"
        await filled(held)
        for code in ("a", "b"):
            strangers.count(operation="getProduct", status=401, code=code, network="public", release="r1")
        relay.answers = "pass"
        # Full to the end: the loop that empties it has no turn before the door stops.
    assert await kept(dsn) == [*told(1, ROOM), None, None]
