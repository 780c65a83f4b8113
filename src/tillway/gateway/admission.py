"""The admission stage: a door that is full lets the most critical in and tells the others when to come again.

`check` refuses before anything is read or counted; `enter` waits for a slot just before the handler, so that whoever
sends slowly or waits for events (a long poll) holds none. Decided in `gate.py`.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Final

from tillway import clock
from tillway.contracts import Operation
from tillway.errors import Unavailable
from tillway.gateway.deadline import DEFAULT_SECONDS
from tillway.gateway.gate import CLASSES, PATIENCE, Gate, rank_of

BEAT_SECONDS: Final = 0.05
"""How often a busy loop is asked how late it is; a quiet one is not asked at all."""


class Overloaded(Unavailable):
    """The door is full, or the answer would come after the caller's deadline. Nothing was done."""

    code, title = "overloaded", "There is more to do than can be done"


class Admission:
    """The gate of one door. For one asyncio loop; `told` hears the criticality of each request that is refused."""

    def __init__(self, told: Callable[[str], None]) -> None:
        self.gate = Gate()
        self._told = told
        self._ranks: dict[tuple[str, bool], int] = {}
        self._line: tuple[deque[asyncio.Future[None]], ...] = tuple(deque() for _ in CLASSES)
        self._due: float | None = None
        self._came = False

    def check(self, operation: Operation, asked_milliseconds: str | None) -> int:
        """The request's class, for `enter`. Overloaded when its turn would come too late."""
        kind = (operation.criticality, operation.fact)
        rank = self._ranks.get(kind)
        if rank is None:
            rank = self._ranks[kind] = rank_of(operation.criticality, fact=operation.fact)
        self._came = True
        if self._due is None:
            self._beat_later()
        # Not yet held against its schema: what is no number says nothing about the deadline here.
        told = asked_milliseconds is not None and asked_milliseconds.isdecimal()
        left = int(asked_milliseconds or 0) / 1000 if told else DEFAULT_SECONDS
        wait = self.gate.refusal(rank, left)
        if wait is not None:
            raise self._overloaded(rank, wait)
        return rank

    async def enter(self, rank: int, seconds_left: float) -> None:
        """Take a slot, waiting in line if need be; `leave` gives it back. Overloaded when that takes too long."""
        gate = self.gate
        if gate.free(rank):
            gate.enter()
            return
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._line[rank].append(turn)
        gate.in_line[rank] += 1
        try:
            async with asyncio.timeout(min(PATIENCE[rank], seconds_left)):
                await turn
        except BaseException as error:
            if turn in self._line[rank]:
                self._line[rank].remove(turn)
                gate.in_line[rank] -= 1
            elif not turn.cancelled():  # its turn came in the very moment it gave up
                gate.running -= 1
                self._next()
            if isinstance(error, TimeoutError):
                raise self._overloaded(rank, gate.drained(rank)) from None
            raise

    def leave(self, seconds: float) -> None:
        """Give the slot back after so many seconds, and let in whoever is next."""
        self.gate.leave(seconds)
        self._next()

    def _next(self) -> None:
        gate = self.gate
        while (rank := gate.next()) is not None:
            turn = self._line[rank].popleft()
            gate.in_line[rank] -= 1
            if not turn.done():  # else it gave up in this very moment
                gate.enter()
                turn.set_result(None)

    def _overloaded(self, rank: int, wait: float) -> Overloaded:
        self._told(CLASSES[rank])
        return Overloaded(
            f"this door is busy with what is as critical as a request of class {CLASSES[rank]} or more",
            remedy="repeat it after as many seconds as Retry-After says",
            retry_after=wait,
        )

    def _beat_later(self) -> None:
        self._due = clock.monotonic() + BEAT_SECONDS
        asyncio.get_running_loop().call_later(BEAT_SECONDS, self._beat)

    def _beat(self) -> None:
        late = clock.monotonic() - (self._due or 0.0)
        self._due = None
        if self._came:
            self.gate.beat(max(0.0, late))
            self._came = False
            self._beat_later()
        else:
            self.gate.rest()
