"""The server is killed under load and comes back: what was acknowledged is there, and everybody finds their way back."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import signal
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from itertools import count

import pytest
from tests.postgres_cluster import make_state

from tillway.errors import OutcomeUnknown, TryAgain, Unavailable
from tillway.postgres import Database, Embedded, Part

SECONDS = 10.0


@pytest.fixture
def server() -> Iterator[Embedded]:
    state = make_state()
    with Embedded(state, durable=False) as running:
        yield running
    shutil.rmtree(state)


@pytest.fixture
async def supervised(server: Embedded) -> AsyncIterator[Embedded]:
    task = asyncio.create_task(server.supervise())
    yield server
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task


@dataclass
class Writer:
    """Writes numbers one after the other and remembers what it was told of each."""

    database: Database
    done: list[int] = field(default_factory=list)
    undone: list[int] = field(default_factory=list)
    unknown: list[int] = field(default_factory=list)

    async def write(self, numbers: Iterator[int], *, asks_first: bool) -> None:
        for number in numbers:
            try:
                async with self.database.transaction() as tx:
                    if asks_first:
                        await tx.fetchval("SELECT 1")
                    tx.stage(Part("row", "INSERT INTO written VALUES ($1)", (number,)))
            except OutcomeUnknown:
                self.unknown.append(number)
            except Unavailable:
                self.undone.append(number)
                await asyncio.sleep(0.01)  # a caller's own pace, not a wait for anything
            else:
                self.done.append(number)


async def eventually(database: Database, sql: str) -> object:
    async with asyncio.timeout(SECONDS):
        while True:
            try:
                return await database.fetchval(sql)
            except TryAgain:
                await asyncio.sleep(0.01)


async def test_a_killed_server_is_back_with_everything_it_acknowledged(supervised: Embedded) -> None:
    heard: asyncio.Queue[None] = asyncio.Queue()
    async with Database(supervised.dsn(), "writer") as database, Database(supervised.dsn(), "reader") as reader:
        async with database.transaction() as tx:
            await tx.execute("CREATE TABLE written (number int PRIMARY KEY)")
        await reader.listen("news", lambda: heard.put_nowait(None))
        writer, numbers = Writer(database), count()
        tasks = [asyncio.create_task(writer.write(numbers, asks_first=index % 2 == 0)) for index in range(4)]
        async with asyncio.timeout(SECONDS):
            while len(writer.done) < 100:
                await asyncio.sleep(0)
        first = supervised.pid
        assert first is not None
        os.kill(first, signal.SIGKILL)
        async with asyncio.timeout(SECONDS):
            seen = len(writer.done)
            while not writer.undone or len(writer.done) < seen + 100:
                seen = len(writer.done) if not writer.undone else seen
                await asyncio.sleep(0)
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)
        found = {row["number"] for row in await reader.fetch("SELECT number FROM written")}
        assert set(writer.done) - found == set()
        assert set(writer.undone) & found == set()
        assert supervised.pid not in {None, first}
        async with asyncio.timeout(SECONDS):
            await heard.get()  # back, and told that something may have been missed
            database.nudge("news")
            await heard.get()


async def test_a_database_opened_before_its_server_says_unavailable_and_works_later(server: Embedded) -> None:
    dsn = server.dsn()
    async with Database(dsn, "early") as database:
        assert await database.fetchval("SELECT 1") == 1
        server.stop()
        with pytest.raises(Unavailable):
            await database.fetchval("SELECT 1")
        with pytest.raises(Unavailable):
            await write_nothing(database)
        with pytest.raises(Unavailable):
            await Database(dsn, "late").open()
        server.start()
        assert await eventually(database, "SELECT 2") == 2


async def write_nothing(database: Database) -> None:
    async with database.transaction() as tx:
        tx.stage(Part("nothing", "SELECT 1"))


async def test_supervising_ends_when_the_server_is_stopped(server: Embedded) -> None:
    task = asyncio.create_task(server.supervise())
    await asyncio.sleep(0)
    server.stop()
    await asyncio.wait_for(task, SECONDS)
    assert server.pid is None
