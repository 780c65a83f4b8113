"""The sessions of a process: in turn, one owner each, never lost to a cancellation and renewed in time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import asyncpg
import pytest

from tillway.postgres.connections import Connection
from tillway.postgres.sessions import Sessions

SIZE = 2
RENEW_AFTER = 3


@pytest.fixture
async def sessions(dsn: str) -> AsyncIterator[Sessions]:
    async with asyncpg.create_pool(dsn, min_size=0, max_size=SIZE, connection_class=Connection) as pool:
        made = Sessions(pool, SIZE, RENEW_AFTER)
        yield made
        await made.close()


async def pid(session: asyncpg.Connection) -> int:
    return int(await session.fetchval("SELECT pg_backend_pid()"))


async def test_a_session_goes_from_one_use_to_the_next(sessions: Sessions) -> None:
    first = await sessions.take()
    before = await pid(first)
    await sessions.give_back(first, clean=True)
    second = await sessions.take()
    assert await pid(second) == before
    await sessions.give_back(second, clean=True)


async def test_who_waits_is_served_in_order(sessions: Sessions) -> None:
    held = [await sessions.take() for _ in range(SIZE)]
    served: list[int] = []

    async def use(number: int) -> None:
        session = await sessions.take()
        served.append(number)
        await sessions.give_back(session, clean=True)

    waiting = [asyncio.create_task(use(number)) for number in range(5)]
    await asyncio.sleep(0)
    for session in held:
        await sessions.give_back(session, clean=True)
    await asyncio.gather(*waiting)
    assert served == [0, 1, 2, 3, 4]


async def test_a_place_handed_to_somebody_who_left_is_handed_on(sessions: Sessions) -> None:
    held = [await sessions.take() for _ in range(SIZE)]
    leaving, staying = (asyncio.create_task(sessions.take()) for _ in range(2))
    await asyncio.sleep(0)
    await sessions.give_back(held[0], clean=True)  # the first in line has the place now, and leaves before it knows
    leaving.cancel()
    with pytest.raises(asyncio.CancelledError):
        await leaving
    async with asyncio.timeout(20):
        session = await staying
    await sessions.give_back(session, clean=True)
    await sessions.give_back(held[1], clean=True)


async def test_waiting_ends_in_time(sessions: Sessions) -> None:
    held = [await sessions.take() for _ in range(SIZE)]
    with pytest.raises(TimeoutError):
        await sessions.take(0.01)
    for session in held:
        await sessions.give_back(session, clean=True)
    again = [await sessions.take(1) for _ in range(SIZE)]
    assert len({await pid(session) for session in again}) == SIZE
    for session in again:
        await sessions.give_back(session, clean=True)


async def test_one_that_is_not_clean_is_looked_over_by_the_pool(sessions: Sessions) -> None:
    session = await sessions.take()
    await session.execute("BEGIN")
    await sessions.give_back(session, clean=False)
    again = await sessions.take()
    assert not again.is_in_transaction()
    await sessions.give_back(again, clean=True)


async def test_one_that_was_used_long_is_taken_out_of_hand(sessions: Sessions) -> None:
    proxies = set()
    for _ in range(RENEW_AFTER):
        session = await sessions.take()
        proxies.add(session)
        await sessions.give_back(session, clean=True)
    assert len(proxies) == 1
    fresh = await sessions.take()
    assert fresh not in proxies
    await sessions.give_back(fresh, clean=True)


async def test_one_that_died_while_idle_is_replaced(sessions: Sessions, dsn: str) -> None:
    session = await sessions.take()
    dead = await pid(session)
    await sessions.give_back(session, clean=True)
    killer = await asyncpg.connect(dsn)
    await killer.execute("SELECT pg_terminate_backend($1, 1000)", dead)
    await killer.close()
    fresh = await sessions.take()
    assert await pid(fresh) != dead
    await sessions.give_back(fresh, clean=True)
