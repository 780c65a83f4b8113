"""One lane of one shared follower on the node that holds it: read, sort, apply, move, in one transaction a batch."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from tillway import clock
from tillway.errors import LeaseLost, OutcomeUnknown, TillwayError, TryAgain
from tillway.journal import parked
from tillway.journal.appending import SQL
from tillway.journal.event import Recorded
from tillway.journal.follower import Follower
from tillway.journal.lanes import of_lane
from tillway.journal.parked import HOLDS, Holding
from tillway.journal.parking import next_hold, rest_of_hold
from tillway.journal.tail import Tail
from tillway.postgres import Database, Tx

log = logging.getLogger(__name__)


class Lane:
    """State of one held lane.

    `stored` is the position known to be in the database, `seen` how far this node looked: everything up to it is
    applied, parked or none of this follower's business.
    """

    def __init__(self, db: Database, tail: Tail, node: UUID, follower: Follower, claimed: Any) -> None:
        self.db = db
        self.tail = tail
        self.follower = follower
        self.lanes: int = claimed["lanes"]
        self.stored: int = claimed["position"]
        self.seen: int = self.stored
        self.wake = asyncio.Event()
        self.retry_due = False
        self.holding = Holding(follower.name, claimed["lane"], node, claimed["fence"], follower.owner)
        self.attempts: int = claimed["attempts"]
        self._held_until: datetime | None = claimed["held_until"]
        self._waiting = False

    async def run(self) -> None:
        """Until cancelled or the lease is lost (LeaseLost)."""
        stop = self.tail.watch(self.follower.types, self.wake)
        self.retry_due = True
        try:
            await asyncio.sleep(rest_of_hold(self._held_until, clock.now()).total_seconds())
            while True:
                self.wake.clear()
                try:
                    await self.work()
                except LeaseLost:
                    raise
                except HOLDS as error:
                    await self.hold(error)
                    continue
                self._waiting = True
                await self.wake.wait()
                self._waiting = False
        finally:
            stop()

    async def work(self) -> None:
        """Everything there is to do now."""
        while True:
            while await self.turn():
                self.attempts = 0
            if not self.retry_due:
                return
            self.retry_due = False
            # What was let go freed the next of its key, which is due at once; new events get their turn in between.
            self.retry_due = await parked.retry_due(self.db, self.holding, within=self._effect_of_one)

    async def turn(self) -> bool:
        """Take one batch from the tail and apply it; whether there may be more."""
        events, reached = await self.take(self.follower.batch)
        if reached <= self.seen:
            return False
        if events:
            await self._apply(events, reached)
        self.seen = reached
        return True

    async def take(self, limit: int) -> tuple[list[Recorded], int]:
        """The next events of this lane, and how far was looked."""
        page = await self.tail.page(self.seen, limit=limit, types=self.follower.types)
        mine = of_lane((event.partitionkey for event in page.events), self.holding.lane, self.lanes)
        return [event for event, ours in zip(page.events, mine, strict=True) if ours], page.reached

    def catch_up(self) -> int | None:
        """The position to store when only other followers' events came up since; None when there is nothing to do."""
        if self._waiting and not self.wake.is_set():
            self.seen = max(self.seen, self.tail.head)
        return self.seen if self.seen > self.stored else None

    async def hold(self, error: TillwayError) -> None:
        """Wait on the schedule with the same events in hand; the position does not move, nothing is parked."""
        asked = error.retry_after if isinstance(error, TryAgain) else None
        wait = next_hold(self.attempts, asked, schedule=self.follower.hold, random=random.random()).total_seconds()
        self.attempts += 1
        log.info("follower %s holds %.1f s: %s", self.follower.name, wait, error.code)
        held = self.holding
        try:
            await self.db.fetchval(
                SQL["hold"], held.name, held.lane, held.node, held.fence, self.attempts, wait, error.code
            )
        except TryAgain as also:
            log.info("the hold is not recorded: %s", also.code)
        await asyncio.sleep(wait)

    async def _apply(self, events: Sequence[Recorded], reached: int) -> None:
        try:
            async with self.db.transaction() as tx:
                free = await parked.set_aside(tx, self.holding, events)
                if free:
                    await self._effect(tx, free)
                await parked.move(tx, self.holding, reached)
        except OutcomeUnknown as error:
            # The position in the table knows whether the batch is done: who claims the lane anew begins there.
            raise LeaseLost("it is not known whether a batch was committed; the lane is given up") from error
        except HOLDS:
            raise
        except Exception as error:  # noqa: BLE001 - alone, it is parked with its reason
            # One of them is poison. Alone, each shows itself; the others go on in their own transactions.
            if len(events) > 1:
                for event in events:
                    await self._apply([event], event.position)
                return
            async with self.db.transaction() as tx:
                await parked.park(tx, self.holding, events[0], error)
                await parked.move(tx, self.holding, reached)
        # Looked at and done: a fault at a later event of the batch must not bring this one back.
        self.stored = self.seen = reached

    async def _effect(self, tx: Tx, events: Sequence[Recorded]) -> None:
        if self.follower.apply is None:
            raise AssertionError("unreachable: a follower that delivers has a lane of its own kind")
        await self.follower.apply(tx, events)

    async def _effect_of_one(self, tx: Tx, event: Recorded) -> None:
        await self._effect(tx, (event,))
