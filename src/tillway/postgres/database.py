"""The way to Postgres: a small pool, reads, and transactions that begin only when they must.

    async with database.transaction() as tx:
        tx.stage(records.saving(order))
        tx.stage(journal.appending(events))

is one statement and one round trip. As soon as the body asks for something (`await tx.fetchrow(...)`), a real
transaction begins: what was staged so far runs first, the rest before the commit.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any, Self

import asyncpg

from tillway.errors import Unavailable

from .connections import CONNECT_SECONDS, Connection, connect, drop, give_back, refused, session_settings
from .failures import translate
from .parts import Part
from .sessions import Sessions
from .transactions import TRANSACTION_CUT_SECONDS, Tx, in_transaction
from .wakeups import Listener, Nudger

POOL_SIZE = 4
"""Connections a process holds for its work; four suffice (measured), and a server's slots are counted."""

STATEMENT_SECONDS = 30.0
"""The server ends a statement that runs longer, unless the caller of `Database` says otherwise."""

CONNECTION_STATEMENTS = 5_000_000
"""A session is renewed after this many statements, about an hour of full load, so that its memory cannot grow."""

ACQUIRE_SECONDS = 5.0
"""Longest wait of a read for a free connection."""


class Database:
    """One Postgres database. `name` shows as `tillway <name>` in `pg_stat_activity`.

    Use as `async with Database(dsn, "door") as database:` or with `open` and `close`. Values of `json` and `jsonb`
    are text both ways; timestamps are aware. Errors of the driver come translated (see `failures`): a lost connection
    is Unavailable, contention TryAgain, a lost commit OutcomeUnknown; constraint violations pass through as they are.
    """

    def __init__(self, dsn: str, name: str, *, statement_timeout: float = STATEMENT_SECONDS) -> None:
        self.dsn = dsn
        self.name = name
        self._statement_timeout = statement_timeout
        self._open_pool: asyncpg.Pool[Any] | None = None
        self._open_sessions: Sessions | None = None
        self._listener = Listener(dsn, f"{name} listen")
        self._nudger = Nudger(dsn, f"{name} nudge")

    async def open(self) -> None:
        """Connect. Unavailable when the server is not there, Misconfigured when it refuses this DSN."""
        if self._open_pool is not None:
            return
        try:
            self._open_pool = await asyncpg.create_pool(
                self.dsn,
                min_size=0,  # else the driver itself keeps knocking, and logs each time, while the server is away
                max_size=POOL_SIZE,
                max_inactive_connection_lifetime=0,  # the pool is small; keep prepared statements
                max_queries=CONNECTION_STATEMENTS,
                timeout=CONNECT_SECONDS,
                command_timeout=self._statement_timeout + CONNECT_SECONDS if self._statement_timeout else None,
                connection_class=Connection,
                server_settings=session_settings(self.name, self._statement_timeout),
            )
            await give_back(self._open_pool, await self._open_pool.acquire())
            self._open_sessions = Sessions(self._open_pool, POOL_SIZE, CONNECTION_STATEMENTS)
        except Exception as error:
            self._open_pool = None
            raise refused(error, self.dsn) from error

    async def close(self) -> None:
        """Stop listening and nudging, give pending nudges a moment, and close every connection."""
        await self._listener.close()
        await self._nudger.close()
        pool, self._open_pool = self._open_pool, None
        sessions, self._open_sessions = self._open_sessions, None
        if sessions is not None:
            await sessions.close()
        if pool is not None:
            try:
                await asyncio.wait_for(pool.close(), CONNECT_SECONDS)
            except TimeoutError:
                pool.terminate()

    async def __aenter__(self) -> Self:
        await self.open()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    def transaction(
        self, cut: float = TRANSACTION_CUT_SECONDS, *, closing: Callable[[], Part] | None = None
    ) -> AbstractAsyncContextManager[Tx]:
        """All or nothing; see `Tx`. `cut` is the longest time in seconds from entering to committed.

        `closing` is asked for a last part once the body is done: what must not be forgotten.

        Unavailable: cut, or the server is away, and nothing was done. OutcomeUnknown: the connection was lost while
        it committed. TryAgain: contention. An error of the body rolls back and passes through.
        """
        return Tx(self._sessions, self._nudger.nudge, self._cancel, closing).running(cut)

    async def fetch(self, sql: str, *args: Any) -> list[Any]:
        """All rows of a read outside any transaction."""
        async with self._reading() as connection:
            rows: list[Any] = await connection.fetch(sql, *args)
            return rows

    async def fetchrow(self, sql: str, *args: Any) -> Any:
        """The first row of a read, or None."""
        async with self._reading() as connection:
            return await connection.fetchrow(sql, *args)

    async def fetchval(self, sql: str, *args: Any) -> Any:
        """The first column of the first row of a read, or None."""
        async with self._reading() as connection:
            return await connection.fetchval(sql, *args)

    async def listen(self, channel: str, callback: Callable[[], None]) -> Callable[[], None]:
        """Call `callback` on each nudge of `channel`, and once after every reconnect (a nudge may have been missed).

        A nudge says only "look"; the callback must be quick and not raise. Returns once listening; calling what is
        returned ends it. Unavailable when the server is not there now.
        """
        return await self._listener.listen(channel, callback)

    def nudge(self, channel: str) -> None:
        """Wake the listeners of `channel` in all processes, soon; many nudges become one. Never waits, never fails.

        Inside a transaction use `tx.nudge` or `Part.wakes`: nobody should wake before there is something to see.
        """
        if in_transaction():
            raise RuntimeError("nudge after the commit: use tx.nudge(channel) inside a transaction")
        self._nudger.nudge(channel)

    @property
    def _sessions(self) -> Sessions:
        if self._open_sessions is None:
            raise RuntimeError("the database is not open: use `async with Database(...)` or `await database.open()`")
        return self._open_sessions

    @asynccontextmanager
    async def _reading(self) -> AsyncIterator[Any]:
        if in_transaction():
            # A second connection could wait for the first for ever once all are taken, and would see other rows.
            raise RuntimeError("read with tx.fetch inside a transaction")
        connection, clean = None, False
        try:
            connection = await self._sessions.take(ACQUIRE_SECONDS)
            yield connection
            clean = True
        except Exception as error:
            raised = translate(error)
            if raised is error:
                raise
            if connection is not None and isinstance(raised, Unavailable):
                drop(connection)
            raise raised from error
        finally:
            if connection is not None:
                await self._sessions.give_back(connection, clean=clean)

    async def _cancel(self, pid: int) -> None:
        """Ask the server to give up what the session with this process id is doing."""
        connection = await connect(self.dsn, f"{self.name} cancel", statement_timeout=CONNECT_SECONDS)
        try:
            await connection.execute("SELECT pg_cancel_backend($1)", pid)
        finally:
            await connection.close(timeout=CONNECT_SECONDS)
