"""A demo as a user runs it, and what a test asks of it: over HTTP, with tokens, with deadlines."""

from __future__ import annotations

import asyncio
import io
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import psutil

ROOT = Path(__file__).parents[1]
START_SECONDS = 90.0
WAIT_SECONDS = 45.0
LOOK_SECONDS = 0.03
TILLWAY = str(Path(sys.executable).parent / "tillway")


def environment(**more: str) -> dict[str, str]:
    """The surroundings of a fresh user: no settings of this machine."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("TILLWAY_")}
    return clean | more


@dataclass
class Answer:
    """Status, headers and decoded JSON of one answer."""

    status: int
    headers: Mapping[str, str]
    body: Any


@dataclass
class Demo:
    """A running `tillway demo`. `told` is its demo.json."""

    process: subprocess.Popen[bytes]
    state: Path
    told: dict[str, Any]
    tokens: dict[tuple[str, str], str] = field(default_factory=dict)

    @property
    def base_url(self) -> str:
        return self.told["base_url"]

    def secret(self, consumer: str) -> str:
        return next(entry["secret"] for entry in self.told["consumers"] if entry["id"] == consumer)

    async def token(self, consumer: str = "integrator", scope: str = "") -> str:
        """An access token by client_secret_basic."""
        if (consumer, scope) not in self.tokens:
            form = {"grant_type": "client_credentials"} | ({"scope": scope} if scope else {})
            headers = {"Authorization": aiohttp.encode_basic_auth(consumer, self.secret(consumer))}
            async with (
                aiohttp.ClientSession() as session,
                session.post(self.told["token_url"], data=form, headers=headers) as reply,
            ):
                body = await reply.json()
                assert reply.status == 200, body
            self.tokens[consumer, scope] = body["access_token"]
        return self.tokens[consumer, scope]

    async def ask(
        self,
        method: str,
        path: str,
        *,
        body: Any = None,
        raw: bytes | None = None,
        consumer: str = "integrator",
        token: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """One request with a token."""
        bearer = await self.token(consumer) if token is None else token
        given = {"Authorization": f"Bearer {bearer}", "Content-Type": "application/json", **(headers or {})}
        sent = raw if raw is not None else (None if body is None else json.dumps(body).encode())
        data = None if sent is None else io.BytesIO(sent)
        async with (
            aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=60)) as session,
            session.request(method, self.base_url + path, data=data, headers=given) as reply,
        ):
            content = await reply.read()
            return Answer(reply.status, reply.headers, json.loads(content) if content else None)

    async def odoo(self, model: str, method: str, **arguments: Any) -> Any:
        """One call of a person working in the ERP."""
        odoo = self.told["odoo"]
        headers = {"Authorization": f"bearer {odoo['key']}", "X-Odoo-Database": odoo["db"]}
        url = f"{odoo['url']}/json/2/{model}/{method}"
        async with aiohttp.ClientSession() as session, session.post(url, json=arguments, headers=headers) as reply:
            content = await reply.read()
            assert reply.status == 200, content
            return json.loads(content)

    async def panel(self, **faults: Any) -> None:
        """Set the sandbox's fault panel."""
        url = f"{self.told['odoo']['url']}/panel"
        async with aiohttp.ClientSession() as session, session.post(url, json=faults) as reply:
            assert reply.status in (200, 204), await reply.text()

    async def received(self) -> list[dict[str, Any]]:
        """What the demo's subscriber got, oldest first."""
        url = f"{self.told['subscriber_url']}received"
        async with aiohttp.ClientSession() as session, session.get(url) as reply:
            return (await reply.json())["received"]

    async def events(self, subject: str) -> list[dict[str, Any]]:
        """The events of one entity, by the feed."""
        found: list[dict[str, Any]] = []
        after = ""
        while True:
            page = (await self.ask("GET", f"/events/v1/feed?subject={subject}&limit=500{after}")).body
            found += page["events"]
            if len(page["events"]) < 500:
                return found
            after = f"&after={page['next']}"

    async def event(self, subject: str, kind: str) -> dict[str, Any]:
        """Wait for one event of an entity; `kind` is its short name."""

        async def look() -> dict[str, Any] | None:
            events = await self.events(subject)
            return next((event for event in events if event["type"] == f"tillway.{kind}.v1"), None)

        return await until(look, f"{kind} of {subject}")

    async def hook(self, subject: str, kind: str) -> dict[str, Any]:
        """Wait for one delivery to the demo's subscriber."""

        async def look() -> dict[str, Any] | None:
            return next(
                (
                    entry
                    for entry in await self.received()
                    if entry["answered"] < 300
                    and entry["event"]["subject"] == subject
                    and entry["event"]["type"] == f"tillway.{kind}.v1"
                ),
                None,
            )

        return await until(look, f"hook {kind} of {subject}")

    async def ready(self) -> None:
        """Wait until the hub says that it is ready."""

        async def look() -> bool:
            try:
                url = f"{self.base_url}/health/ready"
                async with aiohttp.ClientSession() as session, session.get(url) as reply:
                    return reply.status == 200
            except aiohttp.ClientError:
                return False

        await until(look, "readiness", START_SECONDS)

    def stop(self) -> int:
        """Ctrl-C; the exit code."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
        return self.process.wait(60)


async def until(look: Callable[[], Awaitable[Any]], what: str, seconds: float = WAIT_SECONDS) -> Any:
    """What `look` finds, as soon as it finds something; fails loudly at the deadline."""
    deadline = time.monotonic() + seconds
    while True:
        found = await look()
        if found:
            return found
        assert time.monotonic() < deadline, f"{what}: not within {seconds:.0f} s"
        await asyncio.sleep(LOOK_SECONDS)


def start(state: Path, *arguments: str, **settings: str) -> Demo:
    """Start a demo and wait for its demo.json."""
    words = state.parent / f"{state.name}.log"
    with words.open("wb") as log:
        process = subprocess.Popen(
            [TILLWAY, "demo", "--state", str(state), "--port", "0", "--no-traffic", "--quiet", *arguments],
            stdout=log,
            stderr=subprocess.STDOUT,
            env=environment(**settings),
            cwd=ROOT,
        )
    told = state / "demo.json"
    told.unlink(missing_ok=True)
    deadline = time.monotonic() + START_SECONDS
    while not told.exists():
        assert process.poll() is None, words.read_text()
        assert time.monotonic() < deadline, "no demo.json"
        time.sleep(LOOK_SECONDS)
    return Demo(process, state, json.loads(told.read_text()))


@asynccontextmanager
async def received_by(port_holder: list[int], status: Callable[[], int] = lambda: 204) -> Any:
    """A plain receiver of webhooks on loopback; yields what it got as (headers, body)."""
    from aiohttp import web

    got: list[tuple[Mapping[str, str], bytes]] = []

    async def receive(request: web.Request) -> web.Response:
        got.append((dict(request.headers), await request.read()))
        return web.Response(status=status())

    app = web.Application()
    app.router.add_post("/{tail:.*}", receive)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port_holder.append(runner.addresses[0][1])
    try:
        yield got
    finally:
        await runner.cleanup()


def children(demo: Demo, word: str) -> list[psutil.Process]:
    """Processes of the demo, at any depth, whose command line holds this word."""
    found = []
    for process in psutil.Process(demo.process.pid).children(recursive=True):
        try:
            if any(word in part for part in process.cmdline()):
                found.append(process)
        except psutil.NoSuchProcess:
            continue
    return found
