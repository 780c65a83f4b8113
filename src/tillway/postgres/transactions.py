"""A transaction that begins late, ends definitely and is cut when it takes too long."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from contextvars import Context, ContextVar
from typing import Any

from tillway.errors import OutcomeUnknown, Unavailable

from .connections import RELEASE_SECONDS, drop
from .failures import translate
from .parts import Part, compose
from .sessions import Sessions

TRANSACTION_CUT_SECONDS = 1.0
"""A transaction is cut after this; it should take 25 ms (DESIGN section 4)."""

LONGEST_CUT_SECONDS = 5.0
"""The longest cut a caller may ask for, e.g. to wait for a lock."""

ANSWER_SECONDS = 1.0
"""How much longer than the cut a commit in flight may take to say how it ended, once it was asked to stop."""

_log = logging.getLogger("tillway.postgres")


class Tx:
    """What the body of a transaction may do. Not for use after the block, nor by two tasks at once."""

    def __init__(
        self,
        sessions: Sessions,
        nudge: Callable[[str], None],
        cancel: Callable[[int], Awaitable[None]],
        closing: Callable[[], Part] | None = None,
    ) -> None:
        self.open = True
        self._closing = closing
        self._sessions = sessions
        self._nudge = nudge
        self._cancel = cancel
        self._staged: list[Part] = []
        self._wakes: set[str] = set()
        self._connection: Any = None
        self._begun = False
        self._committing = False
        self._failure: Exception | None = None

    def stage(self, part: Part) -> None:
        """Add a part of the write. It runs together with the others: at the end, or before the next `fetch`."""
        self._refuse_closed()
        self._staged.append(part)

    def nudge(self, channel: str) -> None:
        """Wake the listeners of `channel` once this transaction is committed."""
        self._refuse_closed()
        self._wakes.add(channel)

    async def fetch(self, sql: str, *args: Any) -> list[Any]:
        """All rows; staged parts run first."""
        rows: list[Any] = await self._run("fetch", sql, args)
        return rows

    async def fetchrow(self, sql: str, *args: Any) -> Any:
        """The first row or None; staged parts run first."""
        return await self._run("fetchrow", sql, args)

    async def fetchval(self, sql: str, *args: Any) -> Any:
        """The first column of the first row or None; staged parts run first."""
        return await self._run("fetchval", sql, args)

    async def execute(self, sql: str, *args: Any) -> str:
        """Run a statement for its effect and return Postgres's tag, e.g. `UPDATE 1`; staged parts run first."""
        tag: str = await self._run("execute", sql, args)
        return tag

    @asynccontextmanager
    async def running(self, cut: float) -> AsyncIterator[Tx]:
        """The life of this transaction, for `Database.transaction`."""
        if in_transaction():
            raise RuntimeError("a transaction inside a transaction: hand the outer `tx` on instead")
        if not 0 < cut <= LONGEST_CUT_SECONDS:
            raise ValueError(f"cut must be over 0 and at most {LONGEST_CUT_SECONDS} s")
        token = _current.set(self)
        timer = asyncio.timeout(cut)
        try:
            async with timer:
                try:
                    yield self
                    await self._commit(timer)
                except BaseException:
                    await self._abandon()
                    raise
        except TimeoutError as error:
            if not timer.expired():
                raise
            if self._committing:
                raise OutcomeUnknown("Postgres did not say whether it committed") from error
            raise Unavailable(f"the transaction was cut after {cut} s") from error
        finally:
            self.open = False
            _current.reset(token)
        for channel in self._wakes:
            self._nudge(channel)

    def _refuse_closed(self) -> None:
        if not self.open:
            raise RuntimeError("this transaction is over")

    async def _run(self, method: str, sql: str, args: tuple[Any, ...]) -> Any:
        self._refuse_closed()
        if not self._begun:
            await self._acquire()
            self._begun = True
            await self._call("execute", "BEGIN", ())
        await self._flush()
        return await self._call(method, sql, args)

    async def _flush(self) -> None:
        if self._staged:
            sql, args = self._take()
            await self._call("execute", sql, args)

    def _take(self) -> tuple[str, list[Any]]:
        parts, self._staged = tuple(self._staged), []
        self._wakes.update(part.wakes for part in parts if part.wakes)
        return compose(parts)

    async def _acquire(self) -> None:
        try:
            self._connection = await self._sessions.take()
        except Exception as error:
            raised = translate(error)
            if raised is error:
                raise
            raise raised from error

    async def _call(self, method: str, sql: str, args: Any) -> Any:
        try:
            return await getattr(self._connection, method)(sql, *args)
        except Exception as error:
            self._failure = translate(error)
            if self._failure is error:
                raise
            raise self._failure from error

    async def _commit(self, timer: asyncio.Timeout) -> None:
        """Make it so. Whatever this raises says truly whether it was done."""
        if self._failure is not None:  # the body caught it, but Postgres has given the transaction up
            raise self._failure
        if self._closing is not None:
            self._staged.append(self._closing())
        if self._begun:
            await self._flush()
            await self._decide("COMMIT", (), timer)
        elif self._staged:
            sql, args = self._take()
            await self._acquire()
            await self._decide(sql, args, timer)
        if self._connection is not None:
            connection, self._connection = self._connection, None
            await self._sessions.give_back(connection, clean=True)

    async def _decide(self, sql: str, args: Any, timer: asyncio.Timeout) -> None:
        """Run the statement that commits. At the cut the server is asked to stop, and its answer still counts."""
        loop = asyncio.get_running_loop()
        cut = timer.when() or loop.time()
        timer.reschedule(cut + ANSWER_SECONDS)
        stop = loop.call_at(cut, self._stop, self._connection.get_server_pid(), context=Context())
        self._committing = True
        try:
            await self._connection.execute(sql, *args)
        except Exception as error:
            self._failure = translate(error, committing=True)
            self._committing = isinstance(self._failure, OutcomeUnknown)
            if self._failure is error:
                raise
            raise self._failure from error
        finally:
            stop.cancel()
        timer.reschedule(None)  # committed: nothing may be cut any more

    def _stop(self, pid: int) -> None:
        task = asyncio.ensure_future(self._cancel(pid))
        _cuts.add(task)
        task.add_done_callback(_note_cut)

    async def _abandon(self) -> None:
        """Roll back after an error of any kind; the connection goes back usable or not at all."""
        connection, self._connection = self._connection, None
        if connection is None:
            return
        try:
            if isinstance(self._failure, (Unavailable, OutcomeUnknown)):
                drop(connection)
            elif self._begun:
                await connection.execute("ROLLBACK", timeout=RELEASE_SECONDS)
        except Exception as error:  # noqa: BLE001 - the cause is on its way up; this decides the connection's fate only
            _log.info("a connection was dropped because it could not roll back (%s)", type(error).__name__)
            drop(connection)
        finally:
            await self._sessions.give_back(connection, clean=False)


_current: ContextVar[Tx | None] = ContextVar("tillway_transaction", default=None)
_cuts: set[asyncio.Future[None]] = set()  # a task nobody refers to may be collected while it runs


def in_transaction() -> bool:
    """Is the running task inside a transaction's block? Whoever waits for anything but Postgres refuses then.

    A task started inside a block counts as inside for as long as the block lasts.
    """
    tx = _current.get()
    return tx is not None and tx.open


def _note_cut(task: asyncio.Future[None]) -> None:
    _cuts.discard(task)
    if not task.cancelled() and (error := task.exception()) is not None:
        _log.warning("a transaction could not be cut (%s)", type(error).__name__)
