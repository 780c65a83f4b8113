"""Nudges between processes: NOTIFY that says only "look", sent apart from every business transaction.

A NOTIFY inside a transaction serialises all commits of the server (measured: 0.35 of the rate), so nudges leave on a
connection of their own, many as one, and never wait for the disk. They may be lost; whoever listens also looks by
timer, and is called once after every reconnect.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine
from contextvars import Context
from typing import Any

import asyncpg

from tillway import clock
from tillway.errors import TryAgain

from .connections import Connection, connect
from .failures import CONNECTION_LOST

NUDGE_SECONDS = 0.005
"""At most one NOTIFY leaves a process in this time; the first after a rest goes at once, and nobody feels 5 ms."""

FIRST_RETRY_SECONDS = 0.05
"""Wait before the first reconnect; it doubles up to LAST_RETRY_SECONDS."""

LAST_RETRY_SECONDS = 2.0
"""Longest wait between two reconnects: a restarted server is found again within this."""

ALIVE_SECONDS = 15.0
"""A listening connection is asked for a sign of life this often: a broken network says nothing by itself."""

CLOSE_SECONDS = 1.0
"""How long closing waits for a connection to end properly."""

LOST = (*CONNECTION_LOST, asyncpg.InterfaceError, asyncpg.InternalClientError, asyncpg.PostgresError, TryAgain)
"""What a background connection may meet while the server is away; anything else is a defect and ends the task."""

_log = logging.getLogger("tillway.postgres")


class Listener:
    """One connection that listens for all callbacks of a process and comes back by itself."""

    def __init__(self, dsn: str, name: str) -> None:
        self._dsn = dsn
        self._name = name
        self._callbacks: dict[str, list[Callable[[], None]]] = {}
        self._connection: Connection | None = None
        self._task: asyncio.Task[None] | None = None
        self._one_at_a_time = asyncio.Lock()

    async def listen(self, channel: str, callback: Callable[[], None]) -> Callable[[], None]:
        """See `Database.listen`."""
        async with self._one_at_a_time:
            if self._task is None:
                self._connection = await connect(self._dsn, self._name)
                self._task = _background(self._keep(), self._name)
            callbacks = self._callbacks.setdefault(channel, [])
            callbacks.append(callback)
            if self._connection is not None:
                try:
                    await self._connection.add_listener(channel, self._heard)
                except LOST:  # the task notices too, and listens to every channel when it has connected again
                    _log.info("%s: lost the connection while it began to listen", self._name)

        def stop() -> None:
            if callback in callbacks:
                callbacks.remove(callback)

        return stop

    async def close(self) -> None:
        """Stop for good."""
        task, self._task = self._task, None
        await _ended(task)
        connection, self._connection = self._connection, None
        await _closed(connection)

    def _heard(self, _connection: object, _pid: int, channel: object, _payload: object) -> None:
        for callback in tuple(self._callbacks.get(str(channel), ())):
            callback()

    async def _keep(self) -> None:
        """Watch the connection; when it is lost, connect and listen again, then call everybody once."""
        while True:
            try:
                await self._watch()
            except LOST as error:
                _log.info("%s: lost the connection (%s)", self._name, type(error).__name__)
            connection, self._connection = self._connection, None
            await _closed(connection)
            await self._reconnect()
            for channel in tuple(self._callbacks):
                self._heard(None, 0, channel, "")

    async def _watch(self) -> None:
        connection = self._connection
        if connection is None:
            return
        ended = asyncio.Event()
        connection.add_termination_listener(lambda _: ended.set())
        while not (ended.is_set() or connection.is_closed()):
            if not await clock.wait(ended, ALIVE_SECONDS):
                async with self._one_at_a_time:
                    await connection.execute("SELECT 1", timeout=ALIVE_SECONDS)

    async def _reconnect(self) -> None:
        wait = FIRST_RETRY_SECONDS
        while self._connection is None:
            try:
                async with self._one_at_a_time:
                    connection = await connect(self._dsn, self._name)
                    for channel in tuple(self._callbacks):
                        await connection.add_listener(channel, self._heard)
                    self._connection = connection
            except LOST:
                await asyncio.sleep(wait)
                wait = min(wait * 2, LAST_RETRY_SECONDS)


class Nudger:
    """Sends NOTIFY for a process: remembers which channels wait, and wakes them together."""

    def __init__(self, dsn: str, name: str) -> None:
        self._dsn = dsn
        self._name = name
        self._waiting: set[str] = set()
        self._connection: Connection | None = None
        self._task: asyncio.Task[None] | None = None
        self._closed = False

    def nudge(self, channel: str) -> None:
        """See `Database.nudge`."""
        self._waiting.add(channel)
        if self._task is None and not self._closed:
            self._task = _background(self._send(), self._name)

    async def close(self) -> None:
        """Send what waits if that works at once, then stop for good."""
        self._closed = True
        if self._task is not None:
            await asyncio.wait((self._task,), timeout=CLOSE_SECONDS)
            await _ended(self._task)
        connection, self._connection = self._connection, None
        await _closed(connection)

    async def _send(self) -> None:
        wait = FIRST_RETRY_SECONDS
        while self._waiting:
            channels, self._waiting = self._waiting, set()
            try:
                await self._notify(sorted(channels))
            except LOST as error:
                _log.info("%s: not sent, will be sent again (%s)", self._name, type(error).__name__)
                self._waiting |= channels
                connection, self._connection = self._connection, None
                await _closed(connection)
                await asyncio.sleep(wait)
                wait = min(wait * 2, LAST_RETRY_SECONDS)
            else:
                await asyncio.sleep(NUDGE_SECONDS)
        self._task = None

    async def _notify(self, channels: list[str]) -> None:
        if self._connection is None:
            self._connection = await connect(self._dsn, self._name, statement_timeout=ALIVE_SECONDS)
            await self._connection.execute("SET synchronous_commit = off")
        await self._connection.execute("SELECT pg_notify(channel, '') FROM unnest($1::text[]) AS channel", channels)


def _background(work: Coroutine[Any, Any, None], name: str) -> asyncio.Task[None]:
    """A task that does not inherit the caller's context: it may be started inside a transaction and outlives it."""
    return asyncio.get_running_loop().create_task(work, name=name, context=Context())


async def _ended(task: asyncio.Task[None] | None) -> None:
    if task is None:
        return
    task.cancel()
    (result,) = await asyncio.gather(task, return_exceptions=True)
    if isinstance(result, Exception):
        raise result


async def _closed(connection: Connection | None) -> None:
    if connection is None:
        return
    try:
        await connection.close(timeout=CLOSE_SECONDS)
    except LOST:
        connection.terminate()
