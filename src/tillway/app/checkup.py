"""What `tillway doctor` looks at: each finding says whether it is well, what was seen, and what to do."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from tillway import clock, settings
from tillway.app.backoffices import places_of
from tillway.app.credentials import SECRETS_ADVICE, with_secrets
from tillway.app.findings import Finding
from tillway.app.hub import running
from tillway.app.rooms import ROOMS
from tillway.app.sealing_keys import sealing_finding
from tillway.app.tls import ENDING, tls_of
from tillway.app.vault import vault_of
from tillway.connectors.odoo import NEXT_KEY, Connection, Odoo, ending
from tillway.errors import Misconfigured, TillwayError
from tillway.governance import drift
from tillway.identity import overdue, today_of
from tillway.journal import follower_states, parked_items
from tillway.landscape import Landscape, loopback, read, reveal
from tillway.outbound import Client, reach
from tillway.postgres import Database, check
from tillway.processes import exceptions
from tillway.records import freshness, missing_loads
from tillway.retail import Call, Criticality
from tillway.settings import Settings

# Clocks further apart than this make tokens and business days wrong.
CLOCK_SECONDS: Final = 2.0

# A follower this many events behind is late, not merely busy.
LAG_EVENTS: Final = 10_000

# One look at one ERP may take this long.
LOOK_SECONDS: Final = 20


async def findings(state: Path) -> AsyncIterator[Finding]:
    """All findings, as they are made; nothing is changed."""
    given = settings.read(os.environ)
    given = replace(given, state=state)
    try:
        landscape = read(given.landscape_directory, given.environment or None)
        yield Finding(what="landscape", well=True, seen=f"{landscape.hash[:12]}, {len(landscape.shops)} shops")
    except Misconfigured as error:
        yield Finding(what="landscape", well=False, seen=error.detail, remedy=error.remedy)
        return
    yield secrets_finding(landscape, given.base_url)
    yield reviews_finding(landscape, clock.now())
    yield transport_finding(landscape, given)
    async for finding in _hub(given, landscape):
        yield finding
    for name in landscape.connections:
        async for finding in _odoo(landscape, name, given):
            yield finding


async def _hub(given: Settings, landscape: Landscape) -> AsyncIterator[Finding]:
    try:
        dsn = given.database_url or running(given.state).database_url
        waiting = await check(dsn, ROOMS)
    except TillwayError as error:
        yield Finding(what="database", well=False, seen=error.detail, remedy=error.remedy)
        return
    async with Database(dsn, "doctor") as db:
        version = await db.fetchval("SHOW server_version")
        seen = f"Postgres {version}, schema current" if not waiting else f"{len(waiting)} migrations wait"
        yield Finding(
            what="database", well=not waiting, seen=seen, remedy="start the hub: it migrates" if waiting else ""
        )
        before = clock.now()
        theirs = await db.fetchval("SELECT clock_timestamp()")
        apart = abs((theirs - before).total_seconds())
        yield Finding(
            what="clock",
            well=apart <= CLOCK_SECONDS,
            seen=f"{apart * 1000:.0f} ms from Postgres",
            remedy="" if apart <= CLOCK_SECONDS else "let both machines keep time by NTP",
        )
        if not waiting:
            yield await sealing_finding(db, given)
        async for finding in _flow(db, landscape):
            yield finding


async def _flow(db: Database, landscape: Landscape) -> AsyncIterator[Finding]:
    for missing in missing_loads(tuple(landscape.connections), await freshness(db)):
        yield Finding(what="records", well=False, seen=missing, remedy="see the works process's log")
    states = await follower_states(db)
    late = [state for state in states if state.lag > LAG_EVENTS or not state.alive]
    seen = f"{len(states)} lanes, the furthest {max((state.lag for state in states), default=0)} events behind"
    told = ", ".join(f"{state.name}/{state.lane}" for state in late)
    yield Finding(
        what="followers",
        well=not late,
        seen=f"{seen}; late or not held: {told}" if late else seen,
        remedy="is a works process running?" if late else "",
    )
    held = [state for state in states if state.held_for]
    for state in held:
        yield Finding(
            what="followers",
            well=False,
            seen=f"{state.name} waits for the far side: {state.held_for}",
            remedy="is its receiver up?",
        )
    for each in await drift.drifts(db, clock.now()):
        seen = f"{each.place}, for {timedelta(seconds=round(each.age_seconds))}: {each.detail}"
        yield Finding(what=f"drift: {each.kind}", well=False, seen=seen, remedy="see `tillway nodes`")
    parked, open_exceptions = await parked_items(db), await exceptions(db)
    yield Finding(
        what="stuck work",
        well=not parked and not open_exceptions,
        seen=f"{len(parked)} parked events, {len(open_exceptions)} exceptions",
        remedy="see `tillway parked list` and `tillway process list`" if parked or open_exceptions else "",
    )


def secrets_finding(landscape: Landscape, base_url: str) -> Finding:
    """Consumers with a secret: told always, and not well where the hub is reached from elsewhere than this machine."""
    having = with_secrets(landscape.consumers.values())
    seen = f"{len(having)} consumers prove who they are by a secret: {', '.join(having)}"
    return Finding(
        what="secrets",
        well=not having or loopback(urlsplit(base_url).hostname or ""),
        seen=seen if having else "every machine proves who it is by a key or a certificate",
        remedy=SECRETS_ADVICE if having else "",
    )


def reviews_finding(landscape: Landscape, now: datetime) -> Finding:
    """Consumers whose rights were to be looked at again."""
    late = sorted(overdue(landscape, today_of(landscape, now)).values(), key=lambda each: (each.due, each.consumer))
    told = ", ".join(f"{each.consumer} ({each.standing}, due {each.due})" for each in late)
    return Finding(
        what="reviews",
        well=not late,
        seen=f"{len(late)} overdue: {told}" if late else "every consumer was reviewed in time",
        remedy="look at what they use with `tillway consumer list`, set their next `review`" if late else "",
    )


def transport_finding(landscape: Landscape, given: Settings) -> Finding:
    """Whether what goes over the network is sealed, and whether the certificate lasts."""
    try:
        tls = tls_of(given)
        ends = None if tls is None else tls.check()
    except Misconfigured as error:
        return Finding(what="transport", well=False, seen=error.detail, remedy=error.remedy)
    if ends is not None:
        well, left = ends > clock.now() + ENDING, (ends - clock.now()).days
        remedy = "" if well else "renew it in place: doors take the new one over while they run"
        return Finding(what="transport", well=well, seen=f"TLS 1.3, {left} days left of the certificate", remedy=remedy)
    here, proxied = loopback(given.host), bool(landscape.transport.trusted_proxies)
    seen = f"plain HTTP on {given.host}" + (", behind the trusted proxies" if proxied else "")
    remedy = "set TILLWAY_TLS_CERTIFICATE and TILLWAY_TLS_KEY, or listen on loopback behind a proxy with TLS"
    return Finding(what="transport", well=here or proxied, seen=seen, remedy="" if here or proxied else remedy)


async def _odoo(landscape: Landscape, name: str, given: Settings) -> AsyncIterator[Finding]:
    entry = landscape.connections[name]
    call = Call(
        criticality=Criticality.LOW,
        deadline=clock.now() + timedelta(seconds=LOOK_SECONDS),
        correlation="doctor",
        reference="doctor",
        company=str(next((shop.company for shop in landscape.shops_of(name)), 1)),
    )
    key = reveal(entry.key, given.landscape_directory, vault_of(given.vault))
    following = entry.next_key and reveal(entry.next_key, given.landscape_directory, vault_of(given.vault))
    connection = Connection(
        url=entry.url,
        database=entry.database,
        key=key,
        next_key=following or "",
        login=entry.login or "",
        allow_writes=False,
    )
    async with Client(reach(landscape.outbound.allow_networks)) as client:
        odoo = Odoo(connection, client, places=places_of(landscape, name))
        found = await odoo.probe(call)
        seen = f"Odoo {found.version or 'unreachable'}" + (f", lacks {', '.join(found.lacks)}" if found.lacks else "")
        yield Finding(
            what=f"odoo {name}",
            well=found.ready,
            seen=f"{seen}; {found.problem}" if found.problem else seen,
            remedy="" if found.ready else "check address, key, modules, settings and the integration user's groups",
        )
        if not found.key_accepted:
            return
        ends = await odoo.key_expiry(call)
        soon = ending(ends, clock.now())
        left = "no expiry is known" if ends is None else f"{(ends - clock.now()).days} days left"
        yield Finding(
            what=f"odoo {name} key", well=soon is None, seen=soon or left, remedy=NEXT_KEY if soon is not None else ""
        )
