"""Sales of one till session, brought to Odoo together: who comes while a call is under way goes with the next one.

So one that comes alone waits for nobody. A lane is a session: its calls go one after another, other lanes beside it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextvars import Context
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, NamedTuple

import msgspec

from tillway.errors import OutcomeUnknown, Poison, Rejected, TryAgain
from tillway.retail import Call

from .bisection import SALES_MAX, Parts, after, fitting, most_after

REFUSED: Final = (Rejected, Poison)
"""Nothing was done, and it is because of what was sent: perhaps of one of the sales only."""


class Lane(NamedTuple):
    """Where sales go together: a till's session."""

    till: str
    session: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Parcel:
    """One sale as Odoo is to get it."""

    sale: str
    """Our id."""
    payload: Mapping[str, Any]
    touches: frozenset[str]
    """What it changes over there, for the gate."""
    call: Call


Row = Mapping[str, Any]
Send = Callable[[Lane, Sequence[Parcel]], Awaitable[Mapping[str, Row]]]
"""Brings sales in one call; answers what Odoo shows of them, by our ids."""


def together(calls: Sequence[Call]) -> Call:
    """The terms of a call for all of them: as urgent as the most urgent, given up when the first gives up. Pure."""
    return msgspec.structs.replace(
        calls[0],
        criticality=min(call.criticality for call in calls),
        deadline=min(call.deadline for call in calls),
    )


@dataclass(eq=False, slots=True)
class _Waiting:
    parcel: Parcel
    size: int
    until: float
    """By the loop's clock; counts while it is not under way."""
    scope: asyncio.Timeout
    outcome: asyncio.Future[Row | Exception | None]


@dataclass(eq=False, slots=True)
class _Line:
    """Who stands in a lane."""

    queue: list[_Waiting] = field(default_factory=list)
    users: int = 0
    most: int = SALES_MAX
    sending: bool = False
    task: asyncio.Task[None] | None = None

    def taken(self) -> tuple[_Waiting, ...]:
        self.queue = [each for each in self.queue if not each.outcome.done()]
        chosen = fitting([(each.parcel.sale, each.size) for each in self.queue], self.most)
        batch = tuple(self.queue[place] for place in chosen)
        self.queue = [each for place, each in enumerate(self.queue) if place not in set(chosen)]
        return batch


class Batching:
    """All lanes of one connection in one process. For one event loop."""

    def __init__(self, send: Send, now: Callable[[], datetime]) -> None:
        self._send = send
        self._now = now
        self._lines: dict[Lane, _Line] = {}

    @property
    def waiting(self) -> int:
        """How many wait for the next call of their lane."""
        return sum(not each.outcome.done() for line in self._lines.values() for each in line.queue)

    async def bring(self, lane: Lane, parcel: Parcel) -> Row | None:
        """What Odoo shows of this sale once it was brought, alone or with others; None when it does not show it.

        Raises what became of it: a refusal is its own, it was sent alone then. OutcomeUnknown: of all that went with
        it. TryAgain: nothing was done, for instance because its turn did not come until its deadline.
        """
        loop = asyncio.get_running_loop()
        until = loop.time() + (parcel.call.deadline - self._now()).total_seconds()
        size = len(msgspec.json.encode(parcel.payload))
        waiting = _Waiting(parcel, size, until, asyncio.timeout_at(until), loop.create_future())
        try:
            async with waiting.scope:
                line = self._join(lane, waiting)
                try:
                    outcome = await waiting.outcome
                finally:
                    self._leave(lane, line)
        except TimeoutError:
            raise TryAgain("the turn of the sale's session did not come until the deadline") from None
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    def _join(self, lane: Lane, waiting: _Waiting) -> _Line:
        line = self._lines.setdefault(lane, _Line())
        line.queue.append(waiting)
        line.users += 1
        if line.task is None or line.task.done():
            # Not in the asker's context: it goes on for others.
            line.task = asyncio.get_running_loop().create_task(self._run(lane, line), context=Context())
        return line

    def _leave(self, lane: Lane, line: _Line) -> None:
        """Where nobody waits any more, what is under way is given up; who comes later begins anew."""
        line.users -= 1
        if not line.users and line.sending and line.task is not None:
            line.task.cancel()
            self._forget(lane, line)

    def _forget(self, lane: Lane, line: _Line) -> None:
        if self._lines.get(lane) is line:
            del self._lines[lane]

    async def _run(self, lane: Lane, line: _Line) -> None:
        while batch := line.taken():
            parts: Parts[_Waiting] = (batch,)
            while parts:
                parts = await self._next(lane, line, parts)
        if line.most == SALES_MAX:
            self._forget(lane, line)

    async def _next(self, lane: Lane, line: _Line, parts: Parts[_Waiting]) -> Parts[_Waiting]:
        """Send the first part; those whose answer it is get it, the others are sent again."""
        part = tuple(each for each in parts[0] if not each.outcome.done())
        if not part:
            return parts[1:]
        rows, error = await self._sent(lane, line, part)
        refused = isinstance(error, REFUSED)
        if not refused:
            trouble = isinstance(error, TryAgain | OutcomeUnknown)
            line.most = most_after(line.most, len(part), trouble=trouble)
        parts, answered = after((part, *parts[1:]), refused=refused)
        for each in part:
            if each.outcome.done():
                continue
            if each in answered:
                each.outcome.set_result(error or rows.get(each.parcel.sale))
            else:
                each.scope.reschedule(each.until)
        return parts

    async def _sent(
        self, lane: Lane, line: _Line, part: Sequence[_Waiting]
    ) -> tuple[Mapping[str, Row], Exception | None]:
        for each in part:
            each.scope.reschedule(None)  # from here on the call's own deadline counts
        line.sending = True
        try:
            return await self._send(lane, [each.parcel for each in part]), None
        except Exception as error:  # noqa: BLE001 - those who wait are told, it is raised there
            return {}, error
        finally:
            line.sending = False
