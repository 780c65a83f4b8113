"""A keep-alive HTTP connection with as little client as possible, so that what is measured is the server."""

from __future__ import annotations

import asyncio
import re
from typing import Self
from urllib.parse import urlsplit

_LENGTH = re.compile(rb"content-length: *([0-9]+)", re.IGNORECASE)


class HttpLine:
    """One connection, one request at a time."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, host: str) -> None:
        self._reader = reader
        self._writer = writer
        self._host = host

    @classmethod
    async def open(cls, base_url: str) -> Self:
        """Connect to the host and port of a URL."""
        at = urlsplit(base_url)
        reader, writer = await asyncio.open_connection(at.hostname, at.port)
        return cls(reader, writer, at.netloc)

    async def post(self, path: str, headers: str, body: bytes) -> tuple[int, bytes]:
        """Status and body of the answer. `headers` are whole lines, each ended by CR LF."""
        head = f"POST {path} HTTP/1.1\r\nHost: {self._host}\r\nContent-Length: {len(body)}\r\n{headers}\r\n"
        return await self._exchange(head.encode() + body)

    async def get(self, path: str, headers: str) -> tuple[int, bytes]:
        """As `post`, for a read."""
        return await self._exchange(f"GET {path} HTTP/1.1\r\nHost: {self._host}\r\n{headers}\r\n".encode())

    async def _exchange(self, request: bytes) -> tuple[int, bytes]:
        self._writer.write(request)
        answer = await self._reader.readuntil(b"\r\n\r\n")
        length = _LENGTH.search(answer)
        content = await self._reader.readexactly(int(length[1])) if length else b""
        return int(answer[9:12]), content

    def close(self) -> None:
        """Hang up."""
        self._writer.close()
