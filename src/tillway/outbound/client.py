"""The only HTTP client of the hub: one session, one deadline a call, no redirects, guarded addresses.

It tells three endings apart. A reply, whatever its status, is returned. No connection: nothing was done
(`Unavailable`). A connection and no whole reply: a call that changes nothing is simply tried again later, for one
that changes something the outcome is unknown (`OutcomeUnknown`). Bodies and headers are never logged.
"""

from __future__ import annotations

import asyncio
import errno
import socket
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType, TracebackType
from typing import Any, Final, NoReturn, Self

import aiohttp

from tillway import clock
from tillway.errors import Misconfigured, OutcomeUnknown, Poison, TryAgain, Unavailable
from tillway.postgres import in_transaction

from .breaker import DOWN, Breakers, left_alone
from .exchange import Reply, Request
from .reach import Reach, origin

CONNECTIONS: Final = 100
"""Connections at once over all far sides of one process; each far side has its own, smaller governor."""

IDLE_SECONDS: Final = 10.0
"""How long a connection is kept for the next call. Well below what servers keep (nginx 75 s, Granian 30 s): a call
sent into a connection that the other end is just closing has an unknown outcome."""

NAME_SECONDS: Final = 10
"""How long a resolved name is kept: a far side that fails over by DNS is followed within this."""

_REFUSED: Final = "this address may not be called"


class _AddressRefusedError(PermissionError):
    """Raised before a socket exists. One text for all addresses, so that several refused ones stay this class."""

    def __init__(self) -> None:
        super().__init__(errno.EPERM, _REFUSED)


@dataclass(slots=True)
class _Progress:
    """How far a call got. Once it holds a connection, any part of it may have been sent."""

    connected: bool = False


class Client:
    """Calls the outside. Make one per process, inside the loop that uses it, and close it at the end."""

    def __init__(
        self, reach: Reach, *, now: Callable[[], datetime] = clock.now, breakers: Breakers | None = None
    ) -> None:
        """`reach` says which networks may be called beside the public internet; `breakers` (none: never) when not."""
        self._reach = reach
        self._breakers = breakers
        self._now = now
        self._session: aiohttp.ClientSession | None = None

    def reaches(self, reach: Reach) -> None:
        """From now on these networks may be called; connections that are open stay until they are idle."""
        self._reach = reach

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Close all connections. A call after this opens new ones."""
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    def leaves_alone(self, name: str) -> bool:
        """Whether this far side is left alone just now, because it did not answer."""
        return self._breakers is not None and self._breakers.wait(name, clock.monotonic()) is not None

    def willing(self, name: str) -> None:
        """Unavailable when this far side is left alone just now: no need to queue for it."""
        wait = None if self._breakers is None else self._breakers.wait(name, clock.monotonic())
        if wait is not None:
            raise left_alone(name, wait)

    async def send(self, request: Request) -> Reply:
        """The reply, whatever its status.

        Unavailable: nothing was done (no connection, or a call that changes nothing had no answer). TryAgain: the
        deadline passed before it was sent. OutcomeUnknown: it may have been done. Misconfigured: the URL is not one
        that may be called. Poison: an answer too large to keep. RuntimeError: asked for inside a transaction.
        """
        if in_transaction():
            raise RuntimeError("a transaction awaits nothing but Postgres: call the outside before or after it")
        place = _place(request.url)
        seconds = self._seconds(request)
        if seconds <= 0:
            raise TryAgain(f"the deadline passed before {place} was called")
        if self._breakers is None:
            return await self._asked(request, seconds, place)
        return await self._guarded(request, seconds, place, self._breakers)

    async def _guarded(self, request: Request, seconds: float, place: str, breakers: Breakers) -> Reply:
        """The same, unless the far side is left alone just now: then Unavailable, and nothing is sent."""
        name = request.upstream or place
        breakers.check(name, clock.monotonic())
        well: bool | None = None
        try:
            reply = await self._asked(request, seconds, place)
            well = reply.status not in DOWN
        except (Unavailable, OutcomeUnknown):
            well = False
            raise
        finally:
            breakers.ended(name, well=well, now=clock.monotonic())
        return reply

    async def _asked(self, request: Request, seconds: float, place: str) -> Reply:
        progress = _Progress()
        try:
            return await self._exchange(request, seconds, progress)
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            _explain(error, request, place, progress)

    def _seconds(self, request: Request) -> float:
        if request.deadline is None:
            return request.limits.total
        return min(request.limits.total, (request.deadline - self._now()).total_seconds())

    async def _exchange(self, request: Request, seconds: float, progress: _Progress) -> Reply:
        if self._session is None:
            self._session = self._open()
        async with self._session.request(
            request.method,
            request.url,
            data=request.body or None,
            headers={"Accept-Encoding": "identity", **request.headers},
            allow_redirects=False,
            timeout=aiohttp.ClientTimeout(total=seconds, connect=min(request.limits.connect, seconds)),
            trace_request_ctx=progress,
        ) as response:
            body = await _bounded(response, request)
            headers = {name.lower(): value for name, value in response.headers.items()}
            return Reply(status=response.status, headers=MappingProxyType(headers), body=body)

    def _open(self) -> aiohttp.ClientSession:
        trace = aiohttp.TraceConfig()
        trace.on_connection_create_end.append(_connected)
        trace.on_connection_reuseconn.append(_connected)
        connector = aiohttp.TCPConnector(
            limit=CONNECTIONS,
            keepalive_timeout=IDLE_SECONDS,
            resolver=aiohttp.ThreadedResolver(),
            ttl_dns_cache=NAME_SECONDS,
            socket_factory=self._socket,
        )
        return aiohttp.ClientSession(
            connector=connector,
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,
            trust_env=False,
            trace_configs=[trace],
        )

    def _socket(self, target: tuple[Any, ...]) -> socket.socket:
        """The last step before a connection, for names and literal addresses alike: here the real address is known."""
        family, kind, protocol, _, address = target
        if not self._reach.allows(address[0]):
            raise _AddressRefusedError
        return socket.socket(family=family, type=kind, proto=protocol)


async def _connected(session: Any, context: Any, _: Any) -> None:  # noqa: ARG001 - aiohttp gives three arguments
    context.trace_request_ctx.connected = True


async def _bounded(response: aiohttp.ClientResponse, request: Request) -> bytes:
    """The whole body, or a refusal once it is larger than the limit."""
    chunks: list[bytes] = []
    size = 0
    async for chunk in response.content.iter_any():
        size += len(chunk)
        if size > request.limits.answer:
            response.close()
            detail = f"the answer of {_place(request.url)} is larger than {request.limits.answer} bytes"
            raise OutcomeUnknown(detail) if request.changes else Poison(detail)
        chunks.append(chunk)
    return b"".join(chunks)


def _place(url: str) -> str:
    try:
        return origin(url)
    except ValueError as error:
        raise Misconfigured(str(error), remedy="correct the URL in the landscape") from None


def _explain(error: Exception, request: Request, place: str, progress: _Progress) -> NoReturn:
    """Raise what the failure means. Texts of the library stay behind: they can hold the whole URL."""
    if isinstance(error, aiohttp.ClientConnectorError) and isinstance(error.os_error, _AddressRefusedError):
        raise Misconfigured(
            f"{place} leads to an address that may not be called",
            remedy="if it is meant, add its network to outbound.allow_networks of the landscape",
        ) from None
    if isinstance(error, aiohttp.InvalidURL | aiohttp.NonHttpUrlClientError):
        raise Misconfigured(f"{place} is not a URL that can be called", remedy="correct it in the landscape") from None
    if not progress.connected:
        raise Unavailable(f"{place} can't be reached: {_reason(error)}") from None
    if request.changes:
        raise OutcomeUnknown(f"{place} was asked and gave no whole answer: {_reason(error)}") from None
    raise Unavailable(f"{place} gave no whole answer: {_reason(error)}") from None


def _reason(error: Exception) -> str:
    """A few words of ours."""
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        return "its certificate is not valid"
    if isinstance(error, aiohttp.ClientSSLError):
        return "no secure connection"
    if isinstance(error, aiohttp.ClientConnectorDNSError):
        return "its name is not known"
    if isinstance(error, asyncio.TimeoutError):
        return "no answer in time"
    if isinstance(error, aiohttp.ClientConnectorError):
        return "no connection"
    return "the connection broke"
