"""A door on its port: HTTP/1.1, with TLS 1.3 also HTTP/2, and a certificate that is exchanged while it runs.

A new certificate is a new server on the same listening socket; the one before stops accepting, tells its connections to
go and ends when the last request on them is answered. The queue of the socket is shared, so nobody waits in vain in it.
"""

from __future__ import annotations

import asyncio
import logging
import os
import socket
from collections.abc import Awaitable
from typing import Any, Final

from granian._granian import SocketHolder
from granian.constants import HTTPModes, Interfaces, SSLProtocols
from granian.http import HTTP1Settings, HTTP2Settings
from granian.server.embed import Server

from tillway.app import child
from tillway.app.tls import Mark, Tls, tls_of
from tillway.errors import Misconfigured
from tillway.gateway import Door
from tillway.settings import Settings

log = logging.getLogger(__name__)

# Connections that may wait to be accepted: a burst of a few thousand tills reconnecting at once.
BACKLOG: Final = 4_096

# A request's head arrives within this, or its connection is closed: it is one packet from whoever means well.
HEADER_MILLISECONDS: Final = 10_000

# The head of a request is no larger: tokens and proofs take 4 KiB, and every connection may hold one.
HEAD_BYTES: Final = 64 * 1024

# Requests in flight on one HTTP/2 connection: as many as a busy middleware has, far below what a door holds.
STREAMS: Final = 128

# An HTTP/2 connection is asked this often whether somebody is there, and closed when nobody says so in time.
PING_MILLISECONDS: Final = 30_000
PONG_SECONDS: Final = 20

# A stopping door waits this long for requests in flight before it closes their connections.
DRAIN_SECONDS: Final = 10.0

# A changed certificate is taken over within two looks; both files are then as they will stay.
LOOK_SECONDS: Final = 1.0

# A server that cannot start says so within this; it is one read of two files.
START_SECONDS: Final = 1.0


class _Served(Server):
    """The embedded server on a listening socket that outlives it."""

    def __init__(self, listener: socket.socket, door: Door, given: Settings, tls: Tls | None) -> None:
        super().__init__(
            door,
            address=given.host,
            port=given.port,
            interface=Interfaces.ASGINL,
            # Telling the two apart waits for a client's first bytes for ever; proxies that come by plain HTTP speak
            # HTTP/1.1. Over TLS it costs a stranger a handshake each.
            http=HTTPModes.http1 if tls is None else HTTPModes.auto,
            backlog=BACKLOG,
            log_enabled=False,
            http1_settings=HTTP1Settings(header_read_timeout=HEADER_MILLISECONDS, max_buffer_size=HEAD_BYTES),
            http2_settings=HTTP2Settings(
                max_headers_size=HEAD_BYTES,
                max_concurrent_streams=STREAMS,
                keep_alive_interval=PING_MILLISECONDS,
                keep_alive_timeout=PONG_SECONDS,
            ),
            websockets=False,
            ssl_cert=None if tls is None else tls.certificate,
            ssl_key=None if tls is None else tls.key,
            ssl_protocol_min=SSLProtocols.tls13,
        )
        self._listener = listener

    def _init_shared_socket(self) -> None:
        self._shd = SocketHolder(os.dup(self._listener.fileno()), False, BACKLOG)  # type: ignore[call-arg, assignment]


class Serving:
    """A door being served; `run` until stopped."""

    def __init__(self, given: Settings, door: Door) -> None:
        self._given = given
        self._door = door
        self._tls = tls_of(given)
        self._listener = _listener(given)
        self._running: dict[asyncio.Task[None], _Served] = {}
        self._current: asyncio.Task[None] | None = None
        self._over = asyncio.Event()

    async def run(self, stop: asyncio.Event) -> None:
        """Serve until `stop`, then let what is under way end, for some seconds at most."""
        works: list[Awaitable[Any]] = [self._over.wait()]
        try:
            if self._tls is not None:
                mark = self._tls.mark()
                self._tls.check()
                works.append(self._renew(self._tls, mark))
            self._current = self._start()
            await child.until(stop, *works)
        finally:
            await self._end()

    def _start(self) -> asyncio.Task[None]:
        server = _Served(self._listener, self._door, self._given, self._tls)
        task = asyncio.ensure_future(server.serve())
        self._running[task] = server
        task.add_done_callback(self._ended)
        return task

    def _ended(self, task: asyncio.Task[None]) -> None:
        del self._running[task]
        error = None if task.cancelled() else task.exception()
        if error is not None:
            log.error("a server ended: %s", type(error).__name__, exc_info=error)
        if task is self._current:
            self._over.set()

    async def _renew(self, tls: Tls, mark: Mark) -> None:
        """Watch the certificate; exchange the server when it is another, and whole."""
        seen = mark
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            try:
                found = await asyncio.to_thread(tls.mark)
                if found == mark or found != seen:
                    seen = found
                    continue
                mark = found
                until = await asyncio.to_thread(tls.check)
            except Misconfigured as error:
                log.error("the new certificate is not taken over: %s", error)  # noqa: TRY400 - an operator's error
                continue
            if await self._exchange():
                log.info("a new certificate is in force, until %s", until.isoformat())

    async def _exchange(self) -> bool:
        """A new server for new connections; the one before ends with its last request."""
        before, fresh = self._current, self._start()
        done, _ = await asyncio.wait({fresh}, timeout=START_SECONDS)
        if done:
            log.error("the new certificate is not taken over: no server starts with it")
            return False
        self._current = fresh
        if before in self._running:
            self._running[before].stop()  # type: ignore[no-untyped-call]
        return True

    async def _end(self) -> None:
        self._door.drain()
        for server in self._running.values():
            server.stop()  # type: ignore[no-untyped-call]
        if self._running:
            await asyncio.wait(self._running, timeout=DRAIN_SECONDS)
        self._listener.close()


def _listener(given: Settings) -> socket.socket:
    """The socket that this door accepts from; doors of a node share the port, each with its own."""
    family = socket.AF_INET6 if ":" in given.host else socket.AF_INET
    try:
        listener = socket.create_server((given.host, given.port), family=family, backlog=BACKLOG, reuse_port=True)
    except OSError as error:
        raise Misconfigured(
            f"port {given.port} of {given.host} cannot be taken: {error.strerror}",
            remedy="stop who listens there, or choose another with TILLWAY_HOST and TILLWAY_PORT",
        ) from error
    listener.setblocking(False)
    return listener
