"""The few sessions of a process: taken from the driver's pool once and handed from one use straight to the next.

The pool makes, renews and closes them. Between two clean uses there is nothing to reset, so going back through the
pool would only cost a task, a timer and a queue for every statement: a tenth of what a write costs a door.
"""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Any

import asyncpg

from .connections import give_back


class Sessions:
    """At most `size` sessions of one pool, waited for in order. For one asyncio loop."""

    def __init__(self, pool: asyncpg.Pool[Any], size: int, renew_after: int) -> None:
        self._pool = pool
        self._free = size
        self._renew_after = renew_after
        self._idle: list[Any] = []
        self._uses: dict[Any, int] = {}
        self._waiting: deque[asyncio.Future[None]] = deque()

    async def take(self, seconds: float | None = None) -> Any:
        """A session of one's own until it is given back, waited for at most so long.

        TimeoutError, or whatever the driver raises when it cannot connect.
        """
        if self._free:
            self._free -= 1
        else:
            async with asyncio.timeout(seconds):
                await self._turn()
        try:
            while self._idle:
                session = self._idle.pop()
                if not _is_gone(session):
                    return session
                await self._forget(session)
            return await self._pool.acquire(timeout=seconds)
        except BaseException:
            self._hand_on()
            raise

    async def give_back(self, session: Any, *, clean: bool) -> None:
        """Return it. `clean`: its last statement ended well and no transaction is open; else the pool looks it over."""
        uses = self._uses.get(session, 0) + 1
        try:
            if clean and uses < self._renew_after and not _is_gone(session):
                self._uses[session] = uses
                self._idle.append(session)
            else:
                await self._forget(session)
        finally:
            self._hand_on()

    async def close(self) -> None:
        """Give the idle ones back to the pool, which is about to close."""
        while self._idle:
            await self._forget(self._idle.pop())

    async def _forget(self, session: Any) -> None:
        self._uses.pop(session, None)
        await give_back(self._pool, session)

    async def _turn(self) -> None:
        """Wait in line until somebody's place is handed over."""
        turn = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self._hand_on()
            raise

    def _hand_on(self) -> None:
        while self._waiting:
            turn = self._waiting.popleft()
            if not turn.done():
                turn.set_result(None)
                return
        self._free += 1


def _is_gone(session: Any) -> bool:
    """Whether it ended while nobody used it; the driver then takes it back by itself and says so by this error."""
    try:
        return bool(session.is_closed())
    except asyncpg.InterfaceError:
        return True
