"""`tillway demo`: a sample retailer on loopback, everything started and everything stopped by one command."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import secrets
import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any, Final, NamedTuple

from tillway import clock, telemetry
from tillway.app import hub as supervising
from tillway.app import view
from tillway.app.children import Child, Nursery
from tillway.app.drafting import Draft, Wanted, draft
from tillway.app.hub import Hub, Running
from tillway.app.ports import port_before
from tillway.app.private import write_private
from tillway.connectors.odoo import Connection, Odoo, Probe, Survey
from tillway.errors import Misconfigured, Unavailable
from tillway.landscape import Landscape, read
from tillway.outbound import Client, reach
from tillway.postgres import Embedded
from tillway.retail import Call, Criticality
from tillway.settings import Settings
from tillway.subscriptions import new_secret

log = logging.getLogger(__name__)

# What runs beside the hub, and what the nursery of a demo needs to have in memory.
SANDBOX: Final = "tillway.sandbox.serve"
SUBSCRIBER: Final = "tillway.sandbox.subscriber"
TRAFFIC: Final = "tillway.app.traffic"
MODULES: Final = (*supervising.MODULES, SANDBOX, SUBSCRIBER, TRAFFIC)

# A child of the demo that says nothing for this long will not come up any more.
READY_SECONDS: Final = 30.0

# How often a ready file is looked for.
LOOK_SECONDS: Final = 0.02

# Looking around in an Odoo takes a second; a slow one gets a minute.
SURVEY_SECONDS: Final = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Outside:
    """A real Odoo to use instead of the sandbox."""

    url: str
    database: str
    key: str
    allow_writes: bool


class Beside(NamedTuple):
    """What stands beside the hub and the Odoo, by address."""

    subscriber_url: str
    sign_in_url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What the command line asked for."""

    settings: Settings
    traffic: bool
    quiet: bool
    outside: Outside | None


class Demo:
    """The demo's processes beside the hub: sandbox, subscriber, traffic."""

    def __init__(self, plan: Plan, nursery: Nursery) -> None:
        self._plan = plan
        self._nursery = nursery
        self._state = plan.settings.state
        self._children: list[Child] = []
        self._started: dict[str, Child] = {}

    def begin(self, secret: str) -> None:
        """Start the sandbox (of a real Odoo only its sign-in) and the subscriber; they come up while we go on."""
        self._start(SANDBOX, *(() if self._plan.outside is None else ("--only-sign-in",)))
        self._start(SUBSCRIBER, "--secret", secret)

    async def odoo(self) -> Outside:
        """The Odoo to use: the one given, or the sandbox once it is up."""
        if self._plan.outside is not None:
            return self._plan.outside
        ready = await self._ready(SANDBOX)
        return Outside(url=ready["url"], database=ready["db"], key=ready["key"], allow_writes=True)

    async def subscriber(self) -> str:
        """Where the subscriber listens, once it does."""
        url: str = (await self._ready(SUBSCRIBER))["url"]
        return url

    async def sign_in(self) -> str:
        """Where people sign in, once they can."""
        url: str = (await self._ready(SANDBOX))["sign_in_url"]
        return url

    def traffic(self) -> None:
        """Start tills, web shop and price desk."""
        self._children.append(
            self._nursery.start(
                TRAFFIC,
                str(self._state),
                environment=_environment() | ({} if self._plan.quiet else {"TILLWAY_LOG_LEVEL": "ERROR"}),
            )
        )

    async def stop(self) -> None:
        """End all of them, the last started first."""
        for process in reversed(self._children):
            process.terminate()
        await asyncio.gather(*(process.wait() for process in self._children))

    def _start(self, module: str, *arguments: str) -> None:
        ready = self._ready_file(module)
        given = (*arguments, "--port", str(port_before(ready)), "--ready-file", str(ready))
        ready.unlink(missing_ok=True)
        self._started[module] = self._nursery.start(module, *given, environment=_environment())
        self._children.append(self._started[module])

    async def _ready(self, module: str) -> dict[str, Any]:
        ready = self._ready_file(module)
        deadline = clock.monotonic() + READY_SECONDS
        while clock.monotonic() < deadline and self._started[module].returncode is None:
            if ready.exists():
                found: dict[str, Any] = json.loads(ready.read_text())
                return found
            await asyncio.sleep(LOOK_SECONDS)
        raise Unavailable(f"{module} did not come up", remedy="see its words above")

    def _ready_file(self, module: str) -> Path:
        return self._state / f"{module.rpartition('.')[2]}.ready"


async def run(plan: Plan, nursery: Nursery, embedded: Embedded | None, stop: asyncio.Event) -> None:
    """The whole demo until `stop`."""
    telemetry.configure(plan.settings.log_level if plan.quiet else "ERROR", process="demo")
    # The demo has a landscape of its own and speaks plain HTTP on loopback; the live view has the terminal to itself.
    level = plan.settings.log_level if plan.quiet else "ERROR"
    own = replace(plan.settings, landscape=None, environment="", tls_certificate=None, tls_key=None)
    given = replace(own, log_level=level)
    given.state.mkdir(mode=0o700, parents=True, exist_ok=True)
    demo, hub = Demo(plan, nursery), Hub(given, nursery, embedded)
    try:
        demo.begin(_kept(given.state / "secrets" / "price-desk-hook.secret", new_secret()))
        # Postgres comes up while they do.
        await hub.open()
        odoo, beside = await demo.odoo(), Beside(await demo.subscriber(), await demo.sign_in())
        landscape = await _landscape(given, odoo, beside)
        running = await hub.start()
        _tell(given, running, landscape, odoo, beside)
        hub_running = asyncio.ensure_future(hub.run(stop))
        try:
            if plan.traffic and odoo.allow_writes:
                demo.traffic()
            await _show(plan, running, landscape, stop, hub_running)
        finally:
            stop.set()
            await hub_running
    finally:
        await hub.close()
        await demo.stop()


async def _show(
    plan: Plan, running: Running, landscape: Landscape, stop: asyncio.Event, hub: asyncio.Future[None]
) -> None:
    waiting: asyncio.Future[Any] = asyncio.ensure_future(stop.wait())
    shown: asyncio.Future[Any] = asyncio.ensure_future(
        view.show(running, landscape, live=sys.stdout.isatty(), quiet=plan.quiet)
    )
    done, _ = await asyncio.wait({waiting, shown, hub}, return_when=asyncio.FIRST_COMPLETED)
    for task in (waiting, shown):
        task.cancel()
    await asyncio.gather(waiting, shown, return_exceptions=True)
    if shown in done:
        shown.result()


async def _landscape(given: Settings, odoo: Outside, beside: Beside) -> Landscape:
    """Write what is missing of the demo's landscape, and always what names addresses of this run."""
    found = await _look_around(odoo)
    drafted = draft(
        found,
        Wanted(
            url=odoo.url,
            database=odoo.database,
            allow_writes=odoo.allow_writes,
            subscriber_url=beside.subscriber_url,
            sign_in_url=beside.sign_in_url,
        ),
        year=clock.now().year,
    )
    directory = given.landscape_directory
    _write_landscape(directory, drafted)
    write_private(given.state / "secrets" / "odoo.key", odoo.key)
    for name in drafted.consumers:
        _kept(given.state / "secrets" / f"{name}.secret", secrets.token_urlsafe(32))
    return read(directory)


async def _look_around(odoo: Outside) -> Survey:
    connection = Connection(url=odoo.url, database=odoo.database, key=odoo.key, allow_writes=False)
    call = Call(
        criticality=Criticality.LOW,
        deadline=clock.now() + timedelta(seconds=SURVEY_SECONDS),
        correlation="demo",
        reference="demo",
        company="1",
    )
    # Whoever names an Odoo means that one, wherever it stands; the hub itself asks the landscape.
    async with Client(reach(("0.0.0.0/0", "::/0"))) as client:
        outside = Odoo(connection, client)
        _say_what_is_missing(await outside.probe(call))
        return await outside.survey(call)


def _say_what_is_missing(found: Probe) -> None:
    if found.version is None or not found.key_accepted:
        raise Misconfigured(
            f"this Odoo cannot be used: {found.problem or 'it does not accept the key'}",
            remedy="check --odoo-url, --odoo-db and --odoo-key",
        )
    for module in (*found.missing_modules, *found.without):
        sys.stdout.write(f"Odoo lacks the module {module}: the demo does without what it brings.\n")
    for right in found.missing_rights:
        sys.stdout.write(f"The key's user lacks a right: {right}.\n")
    sys.stdout.flush()


def _write_landscape(directory: Path, drafted: Draft) -> None:
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    for name, text in drafted.kept.items():
        if not (directory / name).exists():
            (directory / name).parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            (directory / name).write_text(text)
    for name, text in drafted.volatile.items():
        (directory / name).write_text(text)


def _tell(given: Settings, running: Running, landscape: Landscape, odoo: Outside, beside: Beside) -> None:
    """`demo.json`: what a program needs to use this demo. For the owner's eyes only."""
    base = running.base_url
    consumers = [
        {
            "id": name,
            "secret": (given.state / "secrets" / f"{name}.secret").read_text(),
            "scopes": list(entry.scopes),
        }
        for name, entry in landscape.consumers.items()
        if entry.secret is not None
    ]
    told: Mapping[str, Any] = {
        "base_url": base,
        "token_url": f"{base}/oauth2/token",
        "consumers": consumers,
        "odoo": {"url": odoo.url, "db": odoo.database, "key": odoo.key},
        "subscriber_url": beside.subscriber_url,
        "sign_in_url": beside.sign_in_url,
        "database_url": running.database_url,
    }
    write_private(given.state / "demo.json", json.dumps(told, indent=2))


def _kept(path: Path, fresh: str) -> str:
    """A secret that was made before, or this one from now on."""
    if path.exists():
        return path.read_text()
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    write_private(path, fresh)
    return fresh


def _environment() -> dict[str, str]:
    return dict(os.environ)
