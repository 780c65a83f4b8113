"""The body of a request: read up to a limit, or drained so that a refusal is answered instead of cut off.

A client that is still sending does not read: closing on it loses the answer. So whatever is refused before its body
was read is drained first, within bounds, and only beyond them the connection is closed.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from typing import Any, Final

from tillway.errors import Rejected, TooLarge

Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]

# What is read and thrown away of a refused body at most; more than eight times the largest limit of any operation.
DRAIN_BYTES: Final = 64 * 1024 * 1024
DRAIN_SECONDS: Final = 10.0

# A body within the limit arrives within this: 8 MiB over a shop's slow line of 2.5 Mbit/s.
READ_SECONDS: Final = 30.0

# Who sends must go on sending: after the first seconds at least this many bytes a second on average, a modem's worth.
PATIENT_SECONDS: Final = 5.0
BYTES_PER_SECOND: Final = 2_048


class TooSlow(Rejected):
    """The body did not arrive in time; the connection is closed behind the answer."""

    code, title, status = "too-slow", "The request came too slowly", 408


class ClientGone(Exception):
    """The client hung up before its request was complete: nobody is left to answer."""


class Incoming:
    """The body of one request. `done` says that nothing of it is left on the line."""

    __slots__ = ("_expects", "_given_up", "_receive", "_seen", "declared", "done")

    def __init__(self, receive: Receive, headers: Mapping[bytes, bytes]) -> None:
        self._receive = receive
        length = headers.get(b"content-length")
        self.declared = int(length) if length is not None and length.isdigit() else None
        self._expects = b"expect" in headers
        self._seen = 0
        self._given_up = False
        self.done = self.declared == 0 or (self.declared is None and b"transfer-encoding" not in headers)

    async def read(self, limit: int) -> bytes:
        """The whole body. TooLarge beyond `limit` bytes, TooSlow when it does not arrive in time, ClientGone."""
        if self.declared is not None and self.declared > limit:
            raise self._too_large(limit)
        try:
            async with asyncio.timeout(PATIENT_SECONDS) as timer:
                return await self._read(limit, timer)
        except TimeoutError:
            self._given_up = True
            remedy = f"send at least {BYTES_PER_SECOND} bytes a second, and all of it within {READ_SECONDS:.0f} s"
            raise TooSlow("the body did not arrive in time", remedy=remedy) from None

    async def _read(self, limit: int, timer: asyncio.Timeout) -> bytes:
        first, more = await self._next()
        if not more and len(first) <= limit:
            return first
        began = (timer.when() or 0.0) - PATIENT_SECONDS
        chunks = [first]
        while more and self._seen <= limit:
            timer.reschedule(began + min(READ_SECONDS, PATIENT_SECONDS + self._seen / BYTES_PER_SECOND))
            chunk, more = await self._next()
            chunks.append(chunk)
        if self._seen > limit:
            raise self._too_large(limit)
        return b"".join(chunks)

    async def drain(self) -> bool:
        """Throw away what is left; True when the line is clean, False when the connection has to be closed."""
        if self.done:
            return True
        if self._given_up or (self._expects and not self._seen):
            return False  # the client waits for permission to send; the refusal is its answer
        try:
            async with asyncio.timeout(DRAIN_SECONDS):
                while self._seen <= DRAIN_BYTES:
                    _, more = await self._next()
                    if not more:
                        return True
        except TimeoutError:
            return False
        return False

    async def _next(self) -> tuple[bytes, bool]:
        """The next piece, and whether more follows."""
        message = await self._receive()
        if message["type"] == "http.disconnect":
            raise ClientGone
        body: bytes = message.get("body", b"")
        self._seen += len(body)
        more: bool = message.get("more_body", False)
        self.done = not more
        return body, more

    @staticmethod
    def _too_large(limit: int) -> TooLarge:
        return TooLarge(f"the body is larger than {limit} bytes", remedy="split it into smaller requests")
