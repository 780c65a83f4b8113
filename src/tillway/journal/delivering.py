"""A lane whose follower acts outside: at least once with the event's id as key, one in flight per partition key."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from tillway.errors import TillwayError
from tillway.journal import parked
from tillway.journal.event import Recorded
from tillway.journal.follower import IN_FLIGHT, Follower
from tillway.journal.lane import Lane
from tillway.journal.parked import HOLDS
from tillway.journal.tail import Tail
from tillway.journal.watermark import Watermark
from tillway.postgres import Database


class DeliveringLane(Lane):
    """Keeps up to IN_FLIGHT deliveries going; stores the lowest contiguous position done.

    A fault of the far side pauses every delivery of the lane: `hold` sleeps on the schedule, then the same events go
    again. What was delivered and not yet stored when the node died is delivered again, with the same id.
    """

    def __init__(self, db: Database, tail: Tail, node: UUID, follower: Follower, claimed: Any) -> None:
        super().__init__(db, tail, node, follower, claimed)
        self._watermark = Watermark(self.stored)
        self._queues: dict[str, deque[Recorded]] = {}
        self._running: dict[str, asyncio.Task[None]] = {}
        # Taking events in hand and parking a key exclude each other, or what is taken would miss what is parked.
        self._sorting = asyncio.Lock()

    async def work(self) -> None:
        """Deliver until nothing is left. However it ends, no delivery goes on behind a lost lease."""
        try:
            while True:
                filled = await self._fill()
                await self._progress()
                if filled or self._queues:
                    continue
                if not self.retry_due:
                    return
                self.retry_due = False
                self.retry_due = await parked.retry_due(self.db, self.holding, before=self._send)
        finally:
            for task in self._running.values():
                task.cancel()
            await asyncio.gather(*self._running.values(), return_exceptions=True)
            self._running.clear()

    async def _fill(self) -> bool:
        """Take events in hand up to the limit; whether any were found."""
        room = IN_FLIGHT - self._watermark.in_hand
        if room <= 0:
            return True
        events, reached = await self.take(room)
        if reached <= self.seen:
            return False
        if events:
            async with self._sorting:
                for event in await self._set_aside(events):
                    self._watermark.begin(event.position)
                    self._queues.setdefault(event.partitionkey, deque()).append(event)
        self._watermark.pass_over(reached)
        self.seen = reached
        return True

    async def _set_aside(self, events: Sequence[Recorded]) -> tuple[Recorded, ...]:
        async with self.db.transaction() as tx:
            await parked.still_ours(tx, self.holding)
            return await parked.set_aside(tx, self.holding, events)

    async def _progress(self) -> None:
        """Let every key deliver its first event and return when one has ended; at a fault, when all have."""
        for key in self._queues:
            if key not in self._running:
                self._running[key] = asyncio.create_task(self._deliver(self._queues[key][0]))
        fault = await self._collect(asyncio.FIRST_COMPLETED)
        if fault is not None:
            await self._collect(asyncio.ALL_COMPLETED)
        await self._store()
        if fault is not None:
            raise fault

    async def _collect(self, when: str) -> TillwayError | None:
        if not self._running:
            return None
        done, _ = await asyncio.wait(self._running.values(), return_when=when)
        fault: TillwayError | None = None
        for key in [key for key, task in self._running.items() if task in done]:
            failure = self._running.pop(key).exception()
            if failure is None:
                self._finish(key)
            elif isinstance(failure, HOLDS):
                fault = failure
            else:
                raise failure
        return fault

    def _finish(self, key: str) -> None:
        self.attempts = 0  # the far side answered: the schedule begins anew at its next fault
        queue = self._queues[key]
        self._watermark.finish(queue.popleft().position)
        if not queue:
            del self._queues[key]

    async def _deliver(self, event: Recorded) -> None:
        try:
            await self._send(event)
        except HOLDS:
            raise
        except Exception as error:  # noqa: BLE001 - parked with its reason
            async with self._sorting:
                await self._park(event, error)

    async def _park(self, event: Recorded, error: Exception) -> None:
        """The event and its key; what already waits in hand behind it waits behind it in the table instead."""
        queue = self._queues[event.partitionkey]
        waiting = list(queue)[1:]
        async with self.db.transaction() as tx:
            await parked.still_ours(tx, self.holding)
            await parked.park(tx, self.holding, event, error)
            if waiting:
                await parked.set_aside(tx, self.holding, waiting)
        for later in waiting:
            queue.remove(later)
            self._watermark.finish(later.position)

    async def _store(self) -> None:
        low = self._watermark.low
        if low <= self.stored:
            return
        async with self.db.transaction() as tx:
            await parked.move(tx, self.holding, low)
        self.stored = low

    def catch_up(self) -> int | None:
        """As for any lane; with nothing in hand the watermark follows."""
        position = super().catch_up()
        if self._watermark.in_hand:
            return None
        self._watermark.pass_over(self.seen)
        return position

    async def _send(self, event: Recorded) -> None:
        if self.follower.deliver is None:
            raise AssertionError("unreachable: a follower that applies has a lane of its own kind")
        await self.follower.deliver(event)
