"""A *door* process: HTTP and local followers."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
from collections.abc import AsyncIterator
from typing import Any, Final

from tillway import apis, clock, contracts, settings, telemetry
from tillway.app import child
from tillway.app.backoffices import BackOfficesOfLandscape
from tillway.app.credentials import Credentials
from tillway.app.evidence import audited, signing
from tillway.app.landscapes import Watched
from tillway.app.lookout import Lookout
from tillway.app.rationed import Rationed
from tillway.app.realm import realm_of
from tillway.app.sealed import unsealed
from tillway.app.serving import Serving
from tillway.app.staleness import Staleness, tolerated
from tillway.connectors.odoo import domains_of
from tillway.console import Catalogue
from tillway.errors import TryAgain, report
from tillway.gateway import Door, Leaving, Quotas, Upstreams, build
from tillway.identity import Issuers, Overlay, SigningKeys, attested
from tillway.identity.people import Provider
from tillway.inbox import Inbox
from tillway.journal import Tail
from tillway.outbound import Breakers, Client, reach
from tillway.postgres import Database
from tillway.records import Shelf, freshness, missing_loads
from tillway.settings import Settings

log = logging.getLogger("tillway.access")

# Statuses from here on tell of something that did not go as asked.
FIRST_ERROR: Final = 400

# A request that takes this long is told of even when it went well.
SLOW_SECONDS: Final = 1.0


@contextlib.asynccontextmanager
async def opened(given: Settings) -> AsyncIterator[tuple[Door, tuple[Any, ...]]]:
    """A door and what must run beside it."""
    async with contextlib.AsyncExitStack() as stack:
        db = await stack.enter_async_context(Database(given.database_url, "door"))
        watched = await Watched.open(given, db, "door")

        def networks() -> tuple[str, ...]:
            return watched.active.current.outbound.allow_networks

        client = await stack.enter_async_context(Client(reach(networks())))
        auditor = await stack.enter_async_context(audited(db))
        watched.on_change(lambda: client.reaches(reach(networks())))
        sealed, tail = await unsealed(given, db), Tail(db)
        await tail.start()
        leaving, overlay = Leaving(), Overlay(db, tail, watched.node)
        await overlay.load()
        keys, credentials = await SigningKeys.open(db, realm_of(given), now=clock.now()), Credentials(watched)
        quotas, issuers, rationed = Quotas(db), Issuers(client), Rationed(db)
        # Its breakers are its own: what signs people in is not left alone because a service of the retailer's is away.
        outside = await stack.enter_async_context(Client(reach(networks()), breakers=Breakers()))
        watched.on_change(lambda: outside.reaches(reach(networks())))
        offices = BackOfficesOfLandscape(
            watched, outside, poll_seconds=given.poll_seconds, database=db, lease_seconds=given.lease_seconds
        )
        stack.push_async_callback(offices.close)
        own = Upstreams(outside, watched.reveal)
        watched.on_change(own.forget)
        door = build(
            documents=contracts.load(),
            bindings=apis.bindings(
                db=db,
                tail=tail,
                shelf=Shelf(db, tail, lambda: tolerated(watched.active.current)),
                leaving=leaving,
                releases=_releases(watched, keys),
                offices=offices,
                hub=keys.realm.issuer,
            ),
            keys=keys,
            active=watched.active,
            database=db,
            secrets=credentials.secrets,
            client_keys=credentials.keys,
            issuers=issuers,
            provider=Provider(client, issuers),
            provider_secret=lambda told: None if told.client_secret is None else watched.reveal(told.client_secret),
            restricted=overlay,
            ready=lambda: _unready(db, watched),
            leaving=leaving,
            quotas=quotas,
            auditor=auditor,
            own=own.bind,
            registry=rationed.registry,
            shown=Catalogue(active=watched.active, database=db, address=keys.realm.issuer),
            notices=Inbox(db, domains_of),
            observer=_observe,
        )
        await watched.prepares(door.prepare)
        yield (
            door,
            (
                *(tail.run(), keys.run(), overlay.run(), watched.run(), watched.enforce(), quotas.run(), sealed.run()),
                rationed.run(),
                Staleness(db, watched, rationed.registry).run(),
                Lookout(offices.sides, rationed.registry).run(),
            ),
        )
        await quotas.tidy(clock.monotonic(), leaving=True)


def _releases(watched: Watched, keys: SigningKeys) -> apis.Releases:
    return apis.Releases(lambda: watched.texts, signing(keys), lambda token: attested(token, keys.ring.keys))


def _observe(operation: str, status: int, seconds: float, consumer: str | None, correlation: str) -> None:
    """Refused, failed and slow requests are worth a line each; the rest is counted by the metrics."""
    notable = status >= FIRST_ERROR or seconds >= SLOW_SECONDS
    level = logging.INFO if notable else logging.DEBUG
    if log.isEnabledFor(level):
        asker = consumer or "-"
        log.log(level, "%s %d in %.0f ms for %s, correlation %s", operation, status, seconds * 1000, asker, correlation)


async def _unready(db: Database, watched: Watched) -> tuple[str, ...]:
    try:
        return missing_loads(tuple(watched.active.current.connections), await freshness(db))
    except TryAgain as error:
        return (report(error).detail,)


async def _main(stop: asyncio.Event) -> None:
    given = settings.read(os.environ)
    telemetry.configure(given.log_level, process="door")
    async with opened(given) as (door, works):
        child.settle_memory()
        ending = asyncio.Event()
        serving = asyncio.ensure_future(Serving(given, door).run(stop))
        serving.add_done_callback(lambda _: ending.set())
        await child.until(ending, *works)
        await serving


def main() -> None:
    """Run until told to stop; the nursery calls it."""
    child.run(_main)
