"""Refresh on one node at a time: a lease per connection, taken over when its holder is gone."""

from __future__ import annotations

import asyncio
import logging
from typing import Final
from uuid import UUID

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
        self._mark = ("", -1)

    async def run(self) -> None:
        """Until cancelled."""
        try:
            while True:
                try:
                    await self._look()
                except TillwayError as error:
                    log.warning("refresh: %s", error.detail)
                await asyncio.sleep(LOOK_SECONDS)
        finally:
            await self._stop(tuple(self._tasks))

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
                self._tasks[source.connection] = asyncio.create_task(Refresher(self._db, source).run())
            if not held and running is not None:
                await self._stop((source.connection,))

    async def _stop(self, connections: tuple[str, ...]) -> None:
        tasks = [self._tasks.pop(connection) for connection in connections]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
