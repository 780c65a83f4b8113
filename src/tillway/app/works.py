"""A *works* process: sequencer, shared followers, process engine and refresh. `python -m tillway.app.works PARENT`."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import sys
from collections.abc import AsyncIterator
from typing import Final

from tillway import ids, settings, telemetry
from tillway.app import child
from tillway.app.backoffices import BackOfficesOfLandscape
from tillway.app.landscapes import Watched
from tillway.app.refreshing import Refreshing
from tillway.app.upkeep import Upkeep
from tillway.errors import TryAgain
from tillway.journal import Follower, Runner, Sequencer, Tail
from tillway.outbound import Client, reach
from tillway.postgres import Database
from tillway.processes import Engine, book_sale, place_order
from tillway.settings import Settings
from tillway.subscriptions import CHANGED_CHANNEL, active, followers

log = logging.getLogger(__name__)

# Subscriptions made while a nudge was lost are found within this time.
SUBSCRIPTIONS_LOOK_SECONDS: Final = 2.0


class Works:
    """All that one works process runs, built from settings."""

    def __init__(self, given: Settings, *, db: Database, tail: Tail, client: Client, watched: Watched) -> None:
        node = ids.new()
        self._db = db
        self._client = client
        self._watched = watched
        offices = BackOfficesOfLandscape(watched, client, poll_seconds=given.poll_seconds)
        self._engine = Engine(db, node, (place_order(db, offices), book_sale(db, offices)))
        self._runner = Runner(db, tail, node)
        self._changed = asyncio.Event()
        self._tasks = (
            Sequencer(db, node).run(),
            tail.run(),
            self._runner.run(),
            self._engine.run(),
            Refreshing(db, offices, watched.active, node).run(),
            Upkeep(db).run(),
            watched.run(),
            self._keep_followers(),
        )
        watched.active.subscribe(lambda _: self._changed.set())

    async def run(self, stop: asyncio.Event) -> None:
        """Until `stop`."""
        await child.until(stop, *self._tasks)

    async def _keep_followers(self) -> None:
        """Hand the runner its followers, again whenever a subscription or the landscape changes."""
        stop_listening = await self._db.listen(CHANGED_CHANNEL, self._changed.set)
        try:
            while True:
                self._changed.clear()
                try:
                    self._runner.set_followers((*self._engine.followers(), *await self._subscribed()))
                except TryAgain as error:
                    log.warning("subscriptions not read: %s", error.code)
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._changed.wait(), SUBSCRIPTIONS_LOOK_SECONDS)
        finally:
            stop_listening()

    async def _subscribed(self) -> tuple[Follower, ...]:
        landscape = self._watched.active.current
        return followers(self._db, self._client, landscape, await active(self._db), self._watched.reveal)


@contextlib.asynccontextmanager
async def opened(given: Settings) -> AsyncIterator[Works]:
    """A works process's parts, open for use."""
    watched = Watched(given.landscape_directory)
    networks = watched.active.current.outbound.allow_networks
    async with Database(given.database_url, "works") as db, Client(reach(networks)) as client:
        tail = Tail(db)
        await tail.start()
        yield Works(given, db=db, tail=tail, client=client, watched=watched)


async def _main(stop: asyncio.Event) -> None:
    given = settings.read(os.environ)
    telemetry.configure(given.log_level, process="works")
    async with opened(given) as works:
        await works.run(stop)


if __name__ == "__main__":
    child.die_with(int(sys.argv[1]))
    child.run(_main)
