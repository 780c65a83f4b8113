"""A *works* process: sequencer, shared followers, process engine and refresh."""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator

from tillway import clock, ids, settings, telemetry
from tillway.app import child
from tillway.app.backoffices import BackOfficesOfLandscape
from tillway.app.evidence import signing
from tillway.app.expiring import Expiring
from tillway.app.landscapes import Watched
from tillway.app.realm import realm_of
from tillway.app.reconciling import DomainsOfLandscape
from tillway.app.refreshing import Refreshing
from tillway.app.retaining import Retaining
from tillway.app.sealed import unsealed
from tillway.app.tending import Tending
from tillway.app.upkeep import Upkeep
from tillway.audit import Sealer
from tillway.identity import DataKeys, Overlay, SigningKeys
from tillway.journal import Runner, Sequencer, Tail
from tillway.outbound import Breakers, Client, reach
from tillway.postgres import Database
from tillway.processes import (
    Engine,
    every,
    till_refunds,
)
from tillway.reconcile import Reconciler
from tillway.settings import Settings
from tillway.subscriptions import Webhooks


class Works:
    """All that one works process runs, built from settings."""

    def __init__(
        self,
        given: Settings,
        *,
        db: Database,
        tail: Tail,
        client: Client,
        watched: Watched,
        keys: SigningKeys,
        sealed: DataKeys,
        overlay: Overlay,
    ) -> None:
        node = ids.new()
        offices = self._offices = BackOfficesOfLandscape(
            watched,
            client,
            poll_seconds=given.poll_seconds,
            database=db,
            lease_seconds=given.lease_seconds,
            sweep_seconds=given.sweep_seconds,
        )
        engine = Engine(
            db,
            node,
            every(db, offices),
            lease_seconds=given.lease_seconds,
        )
        own = (*engine.followers(), till_refunds())
        runner = Runner(db, tail, node, own, lease_seconds=given.lease_seconds)
        webhooks = Webhooks(db, client, watched.active, watched.reveal, restricted=overlay)
        self._tasks = (
            Sequencer(db, node, lease_seconds=given.lease_seconds).run(),
            Sealer(db, node, signing(keys), lease_seconds=given.lease_seconds).run(),
            keys.run(),
            sealed.run(),
            tail.run(),
            overlay.run(),
            runner.run(),
            engine.run(),
            webhooks.watch(lambda found: runner.set_followers((*own, *found))),
            Refreshing(db, offices, watched, node).run(),
            Reconciler(db, node, DomainsOfLandscape(db, offices, watched)).run(),
            Upkeep(db).run(),
            Expiring(db).run(),
            Retaining(db, watched.active).run(),
            Tending(db).run(),
            watched.run(),
            watched.enforce(),
        )

    async def run(self, stop: asyncio.Event) -> None:
        """Until `stop`."""
        try:
            await child.until(stop, *self._tasks)
        finally:
            await self._offices.close()


@contextlib.asynccontextmanager
async def opened(given: Settings) -> AsyncIterator[Works]:
    """A works process's parts, open for use."""
    async with contextlib.AsyncExitStack() as stack:
        db = await stack.enter_async_context(Database(given.database_url, "works"))
        watched = await Watched.open(given, db, "works")
        networks = watched.active.current.outbound.allow_networks
        client = await stack.enter_async_context(Client(reach(networks), breakers=Breakers()))
        watched.on_change(lambda: client.reaches(reach(watched.active.current.outbound.allow_networks)))
        sealed, tail = await unsealed(given, db), Tail(db)
        await tail.start()
        keys, overlay = await SigningKeys.open(db, realm_of(given), now=clock.now()), Overlay(db, tail, watched.node)
        await overlay.load()
        yield Works(given, db=db, tail=tail, client=client, watched=watched, keys=keys, sealed=sealed, overlay=overlay)


async def _main(stop: asyncio.Event) -> None:
    given = settings.read(os.environ)
    telemetry.configure(given.log_level, process="works")
    async with opened(given) as works:
        child.settle_memory()
        await works.run(stop)


def main() -> None:
    """Run until told to stop; the nursery calls it."""
    child.run(_main)
