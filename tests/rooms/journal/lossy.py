"""A line to Postgres on which the answer to a commit is lost: what was committed is committed, and nobody knows."""

from __future__ import annotations

import asyncio
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from tests.rooms.postgres.relay import SOCKET, Relay


class LossyRelay(Relay):
    """`lose` armed: the line breaks instead of carrying the next answer that says COMMIT."""

    lose = False

    async def _replies(self, back: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            try:
                head = await back.readexactly(5)
                body = await back.readexactly(struct.unpack("!I", head[1:])[0] - 4)
            except (asyncio.IncompleteReadError, ConnectionError):
                break
            if self.lose and head[:1] == b"C" and body.startswith(b"COMMIT"):
                self.lose = False
                break
            writer.write(head + body)
        writer.close()


@asynccontextmanager
async def lossy(dsn: str, directory: Path) -> AsyncIterator[tuple[str, LossyRelay]]:
    """A DSN that leads through such a line, with its socket in `directory` (a short path)."""
    parts = urlsplit(dsn)
    relay = LossyRelay(Path(parse_qs(parts.query)["host"][0]) / SOCKET)
    server = await asyncio.start_unix_server(relay.serve, directory / SOCKET)
    try:
        yield f"postgresql://{parts.netloc}{parts.path}?host={directory}", relay
    finally:
        server.close()
