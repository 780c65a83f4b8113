"""A database with the governor's room, and a far side that counts how many calls it has at once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator

import pytest
from tests.postgres_cluster import RunningCluster, run

from tillway.postgres import Database, Room, migrate


class Counting:
    """Answers each request after `seconds`, and remembers the most it had at once. Paths that it saw, in order."""

    def __init__(self) -> None:
        self.seconds = 0.02
        self.running = self.most = self.seen = 0
        self.paths: list[str] = []
        self.port = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            self.paths.append(head.split(b" ")[1].decode())
            self.running += 1
            self.seen += 1
            self.most = max(self.most, self.running)
            # A connection that is closed meanwhile is a call that nobody has under way any more.
            gone = asyncio.ensure_future(reader.read())
            await asyncio.wait({gone}, timeout=self.seconds)
            self.running -= 1
            gone.cancel()
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}")
            await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            return
        finally:
            writer.close()


@pytest.fixture
async def far() -> AsyncIterator[Counting]:
    counting = Counting()
    server = await asyncio.start_server(counting.answer, "127.0.0.1", 0)
    counting.port = server.sockets[0].getsockname()[1]
    try:
        yield counting
    finally:
        server.close()


@pytest.fixture
def dsn(cluster: RunningCluster) -> Iterator[str]:
    made = cluster.database(migrated=False)
    run(migrate(made, (Room("outbound", "tillway.outbound"),), "test"))
    yield made
    cluster.drop(made)


@pytest.fixture
async def database(dsn: str) -> AsyncIterator[Database]:
    async with Database(dsn, "governor test") as opened:
        yield opened
