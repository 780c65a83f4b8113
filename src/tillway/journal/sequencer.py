"""The sequencer: gives committed events their dense position, in append order. One holds the lease, others stand by.

A committed event with a lower append id than one already sequenced can still turn up (its transaction was slow); it
gets the next position then. Nothing is skipped, and the order of a key holds, because the key's lock was held from
before the append id was drawn until the commit.
"""

from __future__ import annotations

import asyncio
import logging
from typing import Final
from uuid import UUID

from tillway import clock
from tillway.errors import TryAgain
from tillway.journal.appending import APPENDED_CHANNEL, SQL
from tillway.postgres import Database

log = logging.getLogger(__name__)

# A sequencer that is silent this long is replaced; long enough for a pause of the machine, short enough for a shop.
LEASE_SECONDS: Final = 5.0

# Events moved by one statement: bounds how long it holds the head row.
BATCH: Final = 2_000

# While events keep coming, one step at most in this time: a step and its commit cost about the same for one event as
# for fifty. The first event after a rest goes at once.
PACE_SECONDS: Final = 0.01

# Without a nudge (a writer died between its commit and its nudge) waiting events are found after this time.
POLL_SECONDS: Final = 0.25

# One position in this many is put on the map from positions to times.
MARK_EVERY: Final = 1_000

# Told after positions were given and committed; tails listen.
POSITION_CHANNEL: Final = "journal_position"


class Sequencer:
    """Runs on every *works* node; only the lease holder moves events."""

    def __init__(self, db: Database, node: UUID, *, lease_seconds: float = LEASE_SECONDS) -> None:
        self._db = db
        self._lease_seconds = lease_seconds
        self._node = node
        self._wake = asyncio.Event()
        self._fence: int | None = None

    async def run(self) -> None:
        """Until cancelled. Gives the lease back on the way out, so that another node takes over at once."""
        stop_listening = await self._db.listen(APPENDED_CHANNEL, self._wake.set)
        renew = asyncio.create_task(self._keep_lease())
        try:
            while True:
                self._wake.clear()
                began = clock.monotonic()
                try:
                    if await self.step() < BATCH:
                        await self._rest()
                        await asyncio.sleep(max(0.0, began + PACE_SECONDS - clock.monotonic()))
                except TryAgain as error:
                    log.warning("sequencer: %s", error.detail)
                    await asyncio.sleep(POLL_SECONDS)
        finally:
            renew.cancel()
            stop_listening()
            await self._release()

    async def step(self) -> int:
        """Move one batch; how many were moved. 0 too when another node holds the lease."""
        if self._fence is None:
            return 0
        row = await self._db.fetchrow(SQL["sequence"], self._node, self._fence, BATCH, MARK_EVERY)
        if row is None:
            return 0
        self._db.nudge(POSITION_CHANNEL)
        moved: int = row[1]
        return moved

    async def lease(self) -> bool:
        """Take or renew the lease; whether this node holds it now."""
        self._fence = await self._db.fetchval(SQL["lease_sequencer"], self._node, self._lease_seconds)
        return self._fence is not None

    async def _keep_lease(self) -> None:
        while True:
            try:
                had = self._fence
                if await self.lease() and had is None:
                    self._wake.set()
            except TryAgain as error:
                log.warning("sequencer lease: %s", error.detail)
            await asyncio.sleep(self._lease_seconds / 3)

    async def _rest(self) -> None:
        """Wait for a nudge or the poll; the poll asks cheaply first, so an idle journal costs one tiny read."""
        while True:
            if await clock.wait(self._wake, POLL_SECONDS):
                return
            if self._fence is not None and await self._db.fetchval(SQL["waiting"]):
                return

    async def _release(self) -> None:
        if self._fence is None:
            return
        try:
            await self._db.fetchval(SQL["release_sequencer"], self._node, self._fence)
        except TryAgain as error:
            log.info("sequencer lease not given back, it expires: %s", error.detail)
