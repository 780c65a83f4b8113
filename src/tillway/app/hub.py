"""`tillway up`: supervises Postgres, the doors and one works process, and leaves nothing behind."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import socket
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Final

from tillway import __version__, clock, ids, telemetry
from tillway.app import child
from tillway.app.children import Child, Nursery
from tillway.app.private import write_private
from tillway.app.realm import realm_of
from tillway.app.rooms import ROOMS
from tillway.app.sealed import unsealed
from tillway.app.tls import tls_of
from tillway.errors import Misconfigured
from tillway.identity import OPERATOR_LIFETIME, SigningKeys, operator_token
from tillway.landscape import read
from tillway.postgres import Database, Embedded, migrate
from tillway.postgres.lock import Lock
from tillway.settings import PREFIX, Settings

log = logging.getLogger(__name__)

# What the nursery of a hub needs to have in memory.
DOOR: Final = "tillway.app.door"
WORKS: Final = "tillway.app.works"
MODULES: Final = (DOOR, WORKS)

# A child that died is started again after this, doubled at each death in a row up to the last.
RESTART_SECONDS: Final = 0.2
RESTART_SECONDS_MAX: Final = 10.0

# A child that lived this long has started well: its next death begins the doubling anew.
WELL_SECONDS: Final = 30.0

# Children are asked to stop and given this long; a door drains for 10 s at most.
STOP_SECONDS: Final = 15.0


@dataclass(frozen=True, slots=True)
class Running:
    """What others need to know of a running hub; kept as `hub.json` in the state directory.

    `base_url` is where clients know the hub, `node_url` where this very node answers; `certificate` is the file of
    the certificate it speaks TLS with, if it does.
    """

    base_url: str
    node_url: str
    database_url: str
    pid: int
    certificate: str | None = None


class Hub:
    """One hub on one state directory: `start`, then `run` until stopped, both on the main thread's loop.

    Its Postgres is the embedded one or, without, the one that the settings name.
    """

    def __init__(self, given: Settings, nursery: Nursery, embedded: Embedded | None) -> None:
        self._given = given
        self._nursery = nursery
        self._embedded = embedded
        self._lock = Lock(given.state / "hub.lock")
        self._children: dict[str, Child] = {}
        self._stopping = False
        self._opened = False

    async def open(self) -> None:
        """Postgres up, schema current, operator's token written, port known. Misconfigured says what is in the way."""
        given = self._given
        tls = tls_of(given)
        if tls is not None:
            tls.check()
        given.state.mkdir(mode=0o700, parents=True, exist_ok=True)
        if self._embedded is not None:
            given = replace(given, database_url=self._embedded.start())
        else:
            self._lock.take()
        await migrate(given.database_url, ROOMS, __version__)
        self._given = replace(given, port=_port(given.host, given.port))
        await self._write_operator_token()
        self._opened = True

    async def start(self) -> Running:
        """Open, if that was not done yet, and tell where the hub will answer. Misconfigured as `open`."""
        read(self._given.landscape_directory, self._given.environment or None)
        if not self._opened:
            await self.open()
        given, tls = self._given, tls_of(self._given)
        certificate = None if tls is None else str(tls.certificate.absolute())
        running = Running(given.base_url, given.node_url, given.database_url, os.getpid(), certificate)
        write_private(self._given.state / "hub.json", json.dumps(_plain(running)))
        return running

    async def run(self, stop: asyncio.Event) -> None:
        """Keep all children alive until `stop`; then they end (doors drain), and Postgres after them."""
        roles = {"works": WORKS}
        roles |= {f"door-{number}": DOOR for number in range(1, self._given.door_count + 1)}
        keepers = [self._keep(name, module) for name, module in roles.items()]
        keepers.append(self._renew_operator_token())
        if self._embedded is not None:
            keepers.append(self._embedded.supervise())
        try:
            await child.until(stop, *keepers)
        finally:
            await self.close()

    async def _keep(self, name: str, module: str) -> None:
        wait = RESTART_SECONDS
        while not self._is_stopping():
            began = clock.monotonic()
            process = self._nursery.start(module, environment=self._environment())
            self._children[name] = process
            code = await process.wait()
            if self._is_stopping():
                return
            wait = RESTART_SECONDS if clock.monotonic() - began > WELL_SECONDS else min(wait * 2, RESTART_SECONDS_MAX)
            log.error("%s ended with code %s; starting it again in %.1f s", name, code, wait)
            await asyncio.sleep(wait)

    def _is_stopping(self) -> bool:
        return self._stopping

    async def close(self) -> None:
        """End what runs: children first, then Postgres. Does nothing the second time."""
        self._stopping = True
        for process in self._children.values():
            process.terminate()
        for name, process in self._children.items():
            try:
                await asyncio.wait_for(process.wait(), STOP_SECONDS)
            except TimeoutError:
                log.warning("%s did not stop within %.0f s and is killed", name, STOP_SECONDS)
                process.kill()
                await process.wait()
        (self._given.state / "hub.json").unlink(missing_ok=True)
        if self._embedded is not None:
            await asyncio.to_thread(self._embedded.stop)
        else:
            self._lock.release()

    def _environment(self) -> Mapping[str, str]:
        settings = {
            PREFIX + item.name.upper(): str(value)
            for item in fields(self._given)
            if (value := getattr(self._given, item.name)) is not None
        }
        return {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)} | settings

    async def _write_operator_token(self) -> None:
        async with Database(self._given.database_url, "supervisor") as db:
            await unsealed(self._given, db)
            realm = realm_of(self._given)
            keys = await SigningKeys.open(db, realm, now=clock.now())
            token = operator_token(key=keys.ring.signing, realm=realm, now=clock.now(), token_id=str(ids.new()))
        write_private(self._given.state / "operator.token", token)

    async def _renew_operator_token(self) -> None:
        while True:
            await asyncio.sleep(OPERATOR_LIFETIME.total_seconds() / 2)
            await self._write_operator_token()


def running(state: Path) -> Running:
    """The hub that runs on a state directory. Misconfigured when none does."""
    try:
        found = json.loads((state / "hub.json").read_text())
    except FileNotFoundError:
        raise Misconfigured(f"no hub runs on {state}", remedy="start one with `tillway up` or `tillway demo`") from None
    return Running(**found)


async def up(given: Settings, nursery: Nursery, embedded: Embedded | None, stop: asyncio.Event) -> None:
    """Run a hub until `stop`."""
    telemetry.configure(given.log_level, process="supervisor")
    hub = Hub(given, nursery, embedded)
    found = await hub.start()
    log.info("the hub answers at %s", found.base_url)
    await hub.run(stop)


def _port(host: str, wanted: int) -> int:
    """The wanted port, or a free one for 0. Doors share a port among them, so a foreign listener is looked for here."""
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, wanted))
        except OSError as error:
            raise Misconfigured(
                f"port {wanted} of {host} cannot be taken: {error.strerror}",
                remedy="stop who listens there, or choose another with --port or TILLWAY_PORT (0 takes any free one)",
            ) from error
        port: int = probe.getsockname()[1]
        return port


def _plain(value: Running) -> dict[str, str | int | None]:
    return {item.name: getattr(value, item.name) for item in fields(value)}
