"""Stands between a client and the server's socket: counts answers, and can keep the last one back."""

from __future__ import annotations

import asyncio
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

SOCKET = ".s.PGSQL.5432"


class Relay:
    """`rounds` counts what the server finished ("ready for query"): one a round trip, one more for each connect."""

    def __init__(self, server: Path) -> None:
        self.rounds = 0
        # Or "drop": cut the line instead of answering; "hold": say nothing; "away": cut every line, take no new one.
        self.answers = "pass"
        self._server = server

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.answers == "away":
            writer.close()
            return
        back, forth = await asyncio.open_unix_connection(self._server)
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._requests(reader, forth))
                group.create_task(self._replies(back, writer))
        finally:
            for one in (forth, writer):
                one.close()

    async def _requests(self, reader: asyncio.StreamReader, forth: asyncio.StreamWriter) -> None:
        while chunk := await reader.read(65536):
            forth.write(chunk)
        forth.close()

    async def _replies(self, back: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            try:
                head = await back.readexactly(5)
                body = await back.readexactly(struct.unpack("!I", head[1:])[0] - 4)
            except (asyncio.IncompleteReadError, ConnectionError):
                break
            self.rounds += head[:1] == b"Z"
            if self.answers == "pass":
                writer.write(head + body)
            elif self.answers == "away" or (self.answers == "drop" and head[:1] == b"Z"):
                break
        writer.close()


@asynccontextmanager
async def relayed(dsn: str, directory: Path) -> AsyncIterator[tuple[str, Relay]]:
    """A DSN that leads through a relay in `directory` (a short path)."""
    parts = urlsplit(dsn)
    relay = Relay(Path(parse_qs(parts.query)["host"][0]) / SOCKET)
    server = await asyncio.start_unix_server(relay.serve, directory / SOCKET)
    try:
        yield f"postgresql://{parts.netloc}{parts.path}?host={directory}", relay
    finally:
        server.close()
