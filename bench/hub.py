"""A real hub to measure: `tillway demo` in a process of its own, on a durable cluster, with nobody selling."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, Final

import aiohttp
import asyncpg
import psutil
import yaml

from bench import ground
from bench.client import ROOT, surroundings
from bench.far import Far

# A real Odoo is read whole before the hub is ready.
START_SECONDS: Final = 240.0
STOP_SECONDS: Final = 40.0
DRAIN_SECONDS: Final = 300.0
LOOK_SECONDS: Final = 0.1

# Tokens live longer.
BEARER_SECONDS: Final = 60.0

# A poll is as rare as the landscape allows: none while anything is measured.
QUIET_SECONDS: Final = 3_600.0

# A changed landscape is in force, and what was being read by the one before has been read.
SETTLE_SECONDS: Final = 5.0

# Longer than any call waits: an ERP that takes calls and does not answer costs the hub next to nothing.
HANGING_MS: Final = 600_000

_BEHIND = """
SELECT (SELECT count(*) FROM journal.staged)
    + (SELECT coalesce(max(h.position - f.position), 0) FROM journal.followers f, journal.head h)
"""


class BenchHub:
    """A running hub; `told` is its demo.json, `odoo` says what it stands before."""

    odoo = "the sandbox"

    def __init__(self, told: dict[str, Any], state: str) -> None:
        self.told = told
        self.state = state
        self.base_url: str = told["base_url"]
        self._bearers: dict[str, tuple[float, dict[str, str]]] = {}
        self.dsn: str = told["database_url"]

    def process(self, module: str) -> psutil.Process:
        """The hub's process of this module."""
        found = [each for each in psutil.process_iter(["cmdline"]) if module in " ".join(each.cmdline() or ())]
        return next(each for each in found if os.getpid() in {parent.pid for parent in each.parents()})

    async def token(self, consumer: str) -> str:
        """An access token."""
        secret = self.secret(consumer)
        answer = await self._send(
            "POST",
            self.told["token_url"],
            data={"grant_type": "client_credentials"},
            headers={"Authorization": aiohttp.encode_basic_auth(consumer, secret)},
        )
        return str(answer["access_token"])

    def secret(self, consumer: str) -> str:
        """What a consumer proves itself with."""
        return str(next(entry["secret"] for entry in self.told["consumers"] if entry["id"] == consumer))

    async def get(self, path: str, consumer: str) -> Any:
        """One read."""
        return await self._send("GET", self.base_url + path, headers=await self._bearer(consumer))

    async def post(self, path: str, body: Any, consumer: str, **headers: str) -> Any:
        """One write."""
        return await self._send(
            "POST", self.base_url + path, json=body, headers={**await self._bearer(consumer), **headers}
        )

    async def odoo_hangs(self) -> None:
        """From now on the sandbox takes calls and does not answer."""
        await self._send("POST", f"{self.told['odoo']['url']}/panel", json={"latency_ms": HANGING_MS})

    def landscape(self, file: str) -> Any:
        """A file of the landscape."""
        return yaml.safe_load((Path(self.state) / "landscape" / file).read_text("utf-8"))

    async def leaves_odoo_alone(self) -> None:
        """From now on it reads there only what it is asked to: what is measured is not its own polling."""
        file = Path(self.state) / "landscape" / "connections.yaml"
        content = self.landscape(file.name)
        for each in content["connections"].values():
            each["poll_seconds"] = QUIET_SECONDS
        file.write_text(yaml.safe_dump(content), "utf-8")
        await asyncio.sleep(SETTLE_SECONDS)

    async def drained(self, connection: asyncpg.Connection) -> None:
        """Wait until every follower is at the head. RuntimeError when that takes too long."""
        deadline = time.monotonic() + DRAIN_SECONDS
        while await connection.fetchval(_BEHIND):
            if time.monotonic() > deadline:
                raise RuntimeError(f"the hub is still behind after {DRAIN_SECONDS:.0f} s")
            await asyncio.sleep(LOOK_SECONDS)

    async def _bearer(self, consumer: str) -> dict[str, str]:
        """The same token for some time: a secret is costly to check, and what is measured is something else."""
        made_at, found = self._bearers.get(consumer, (0.0, {}))
        if not found or time.monotonic() - made_at > BEARER_SECONDS:
            found = {"Authorization": f"Bearer {await self.token(consumer)}"}
            self._bearers[consumer] = time.monotonic(), found
        return found

    async def _send(self, method: str, url: str, **given: Any) -> Any:
        async with aiohttp.ClientSession() as session, session.request(method, url, **given) as reply:
            content = await reply.read()
            if reply.status >= 300:
                raise RuntimeError(f"{method} {url}: {reply.status} {content.decode()}")
            return json.loads(content) if content else None


@contextlib.asynccontextmanager
async def running(far: Far | None = None, *, ready: bool = True, **settings: str) -> AsyncIterator[BenchHub]:
    """A hub with one door and one works process over the sandbox or what is given; with no traffic, and ready
    unless told otherwise.
    """
    named = () if far is None else ("--odoo-url", far.url, "--odoo-db", far.database, "--odoo-key", far.key)
    named += ("--allow-writes",) if far is not None and far.writes else ()
    with ground.directory() as state:
        log = state / "demo.log"
        with log.open("wb") as words:
            process = await asyncio.create_subprocess_exec(
                *(str(Path(sys.executable).parent / "tillway"), "demo", "--state", str(state / "demo")),
                *("--port", "0", "--no-traffic", "--quiet", *named),
                stdout=words,
                stderr=words,
                cwd=ROOT,
                env=surroundings() | {"TILLWAY_DOORS": "1", "TILLWAY_LOG_LEVEL": "ERROR"} | settings,
            )
        try:
            found = await _ready(state / "demo" / "demo.json", process, log, 200 if ready else 503)
            found.odoo = "the sandbox" if far is None else far.name
            yield found
        finally:
            if process.returncode is None:
                process.send_signal(signal.SIGINT)
            async with asyncio.timeout(STOP_SECONDS):
                await process.wait()


async def _ready(told: Path, process: asyncio.subprocess.Process, log: Path, status: int) -> BenchHub:
    deadline = time.monotonic() + START_SECONDS
    async with aiohttp.ClientSession() as session:
        while process.returncode is None and time.monotonic() < deadline:
            with contextlib.suppress(FileNotFoundError, aiohttp.ClientError):
                hub = BenchHub(_read(told), str(told.parent))
                async with session.get(f"{hub.base_url}/health/ready") as reply:
                    if reply.status in {200, status}:
                        return hub
            await asyncio.sleep(LOOK_SECONDS)
    raise RuntimeError(f"the hub did not start, see {log}")


def _read(told: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(told.read_text("utf-8"))
    return found
