"""Refresh on one node at a time: a lease per connection, taken over when its holder is gone.

Nudges from the outside are taken by whoever holds the lease, as soon as one wakes it, and by the timer: a lost wake-up
costs LOOK_SECONDS.
"""

from __future__ import annotations

import asyncio
import logging
from typing import Final
from uuid import UUID

from tillway import clock, inbox
from tillway.app.backoffices import BackOfficesOfLandscape
from tillway.app.landscapes import Watched
from tillway.errors import TillwayError
from tillway.postgres import Database
from tillway.records import Refresher, keep_lease

log = logging.getLogger(__name__)

# How often a node looks whether a connection's refresh is free, and renews what it holds.
LOOK_SECONDS: Final = 2.0


class Refreshing:
    """One `Refresher` task per connection whose lease this node holds; a changed landscape or key starts them anew."""

    def __init__(self, db: Database, offices: BackOfficesOfLandscape, watched: Watched, node: UUID) -> None:
        self._db = db
        self._offices = offices
        self._watched = watched
        self._node = node
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._refreshers: dict[str, Refresher] = {}
        self._nudged = asyncio.Event()
        self._mark = ("", -1)

    async def run(self) -> None:
        """Until cancelled."""
        try:
            stop = await self._db.listen(inbox.CHANNEL, self._nudged.set)
        except TillwayError as error:
            log.warning("refresh: %s", error.detail)  # the timer alone looks, until this process starts anew
            stop = _nothing
        try:
            while True:
                try:
                    await self._look()
                    await self._until_next_look()
                except TillwayError as error:
                    log.warning("refresh: %s", error.detail)
                    await asyncio.sleep(LOOK_SECONDS)
        finally:
            stop()
            await self._stop(tuple(self._tasks))

    async def _until_next_look(self) -> None:
        """Pass nudges on until it is time to look at the leases again."""
        until = clock.monotonic() + LOOK_SECONDS
        while True:
            self._nudged.clear()
            for nudge in await inbox.take(self._db, tuple(self._refreshers)):
                self._refreshers[nudge.connection].nudge(nudge.domain)
            left = until - clock.monotonic()
            if left <= 0 or not await clock.wait(self._nudged, left):
                return

    async def _look(self) -> None:
        mark = (self._watched.active.current.hash, self._watched.generation)
        if mark != self._mark:
            await self._stop(tuple(self._tasks))
            self._mark = mark
        for source in self._offices.sources():
            held = await keep_lease(self._db, source.connection, self._node)
            running = self._tasks.get(source.connection)
            if running is not None and running.done():
                running.result()
            if held and running is None:
                refresher = self._refreshers[source.connection] = Refresher(self._db, source)
                self._tasks[source.connection] = asyncio.create_task(refresher.run())
            if not held and running is not None:
                await self._stop((source.connection,))

    async def _stop(self, connections: tuple[str, ...]) -> None:
        tasks = [self._tasks.pop(connection) for connection in connections]
        for connection in connections:
            self._refreshers.pop(connection, None)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _nothing() -> None:
    """There is nothing to stop."""
