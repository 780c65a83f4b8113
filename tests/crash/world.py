"""A retailer's world for crash tests: Postgres, sandbox and subscriber that live on, wires that are listened to, a hub."""

from __future__ import annotations

import contextlib
import secrets
import shutil
import tempfile
import uuid
from datetime import timedelta
from pathlib import Path
from typing import Any, Self

import aiohttp
import asyncpg
import yaml
from tests.crash.hub import Hub
from tests.crash.narrator import Narrator
from tests.crash.outside import Outside
from tests.crash.waiting import START_SECONDS, until
from tests.wire_proxy import HttpProxy, PostgresProxy

from tillway import clock
from tillway.app.drafting import CONNECTION, Wanted, draft
from tillway.connectors.odoo import Connection, Odoo
from tillway.outbound import Client, reach
from tillway.retail import Call, Criticality
from tillway.subscriptions import new_secret

CONSUMER = "integrator"
SUBSCRIPTION = "price-desk-hook"
"""The subscription of the drafted landscape; here it belongs to a consumer who may be told everything."""

LEASE_SECONDS = 1.0
"""What a killed hub held is free after this; two beats of a hub on a busy machine fit in."""

ANSWER_SECONDS = 20.0

RENEW_SECONDS = 300.0
"""A token is exchanged at this age, half of its life."""

SETTLED = """
SELECT NOT EXISTS (SELECT FROM journal.staged)
  AND NOT EXISTS (SELECT FROM processes.instances WHERE finished_at IS NULL AND exception_at IS NULL)
  AND (SELECT bool_and(f.position >= h.position AND n.node IS NOT NULL) AND max(h.expires_at) > clock_timestamp()
       FROM journal.followers f CROSS JOIN journal.head h
       LEFT JOIN journal.nodes n ON n.node = f.owner AND n.expires_at > clock_timestamp())
"""
"""Nothing waits to be told, no process is under way, all followers are at the head and held by a living node."""

OTHER_NODE = """
INSERT INTO records.refreshers (connection, node, expires_at) VALUES ($1, $2, now() + interval '1 day')
ON CONFLICT (connection) DO UPDATE SET node = excluded.node, expires_at = excluded.expires_at
"""
"""Another node has the refresh: what a story costs is counted without the reading of the catalogue."""


class World:
    """Use as `async with World(dsn) as world`: the hub runs, has read the catalogue, and nothing else happens."""

    def __init__(self, dsn: str) -> None:
        self._dsn = dsn
        self._directory = Path(tempfile.mkdtemp(prefix="tw-crash-"))
        self._secret = new_secret()
        self.narrator = Narrator(self.crash)
        self._postgres = PostgresProxy(dsn, self.narrator)
        self._odoo = HttpProxy("odoo", self.narrator)
        self._hook = HttpProxy("hook", self.narrator)
        self._closing = contextlib.AsyncExitStack()
        self._bearer, self._renewed = "", 0.0
        self.crashed = False
        self.outside = Outside(self._directory, self._secret)
        self.hub: Hub
        self.db: asyncpg.Connection[Any]

    async def __aenter__(self) -> Self:
        async with self._closing as closing:
            closing.callback(shutil.rmtree, self._directory)
            await closing.enter_async_context(self.outside)
            self.db = await asyncpg.connect(self._dsn)
            closing.push_async_callback(self.db.close)
            settings = {
                "TILLWAY_DATABASE_URL": await self._wired(closing),
                "TILLWAY_LEASE_SECONDS": str(LEASE_SECONDS),
                "TILLWAY_DOORS": "1",
            }
            self.hub = Hub(self._directory, settings)
            closing.push_async_callback(self.hub.stop)
            self.hub.start()
            await self.ready()
            await self.db.execute(OTHER_NODE, CONNECTION, uuid.uuid4())
            await self.forget()
            self._closing = closing.pop_all()
        return self

    async def __aexit__(self, *error: object) -> None:
        await self._closing.aclose()

    async def forget(self) -> None:
        """A crash at rest: a story then finds nothing remembered by the hub."""
        self.crash()
        await self.recover()
        await self.ready()
        await self.settled()

    def crash(self) -> None:
        """Kill the hub now, and end every wire in the same instant."""
        self.hub.kill()
        for proxy in (self._postgres, self._odoo, self._hook):
            proxy.cut()
        self.crashed = True

    async def recover(self) -> None:
        """After a crash: see that nothing of the hub is left, and start it again."""
        await self.hub.gone()
        self.narrator.arm(None)
        self.crashed = False
        for proxy in (self._postgres, self._odoo, self._hook):
            proxy.resume()
        self.hub.start()

    async def ready(self) -> None:
        """Wait until the hub answers and has read the catalogue."""
        await until(self._is_ready, "the hub to be ready", START_SECONDS)
        await self._renew()

    async def settled(self) -> None:
        """Wait until everything that was told is done."""
        await until(self.is_settled, "the hub to settle")

    async def is_settled(self) -> bool:
        return bool(await self.db.fetchval(SETTLED))

    async def post(self, path: str, body: Any, key: str | None) -> tuple[int, Any] | None:
        """One try of a client: status and body; None when there was no whole answer."""
        headers = {"Authorization": f"Bearer {self._bearer}"} | ({} if key is None else {"Idempotency-Key": key})
        timeout = aiohttp.ClientTimeout(total=ANSWER_SECONDS)
        try:
            async with (
                aiohttp.ClientSession(timeout=timeout) as session,
                session.post(self.hub.base_url + path, json=body, headers=headers) as reply,
            ):
                return reply.status, await reply.json()
        except (aiohttp.ClientError, TimeoutError):
            return None

    async def get(self, path: str) -> Any:
        """What the hub answers with 200."""
        headers = {"Authorization": f"Bearer {self._bearer}"}
        async with aiohttp.ClientSession() as session, session.get(self.hub.base_url + path, headers=headers) as reply:
            assert reply.status == 200, await reply.text()
            return await reply.json()

    async def _is_ready(self) -> bool:
        try:
            async with aiohttp.ClientSession() as session, session.get(f"{self.hub.base_url}/health/ready") as reply:
                return reply.status == 200
        except aiohttp.ClientError:
            assert self.hub.living(), self.hub.log.read_text()
            return False

    async def _renew(self) -> None:
        """A token lives ten minutes, and a busy machine takes longer than that for all points."""
        if not self._bearer or clock.monotonic() - self._renewed > RENEW_SECONDS:
            self._bearer, self._renewed = await self._token(), clock.monotonic()

    async def _token(self) -> str:
        secret = (self._directory / "secrets" / f"{CONSUMER}.secret").read_text()
        headers = {"Authorization": aiohttp.encode_basic_auth(CONSUMER, secret)}
        form = {"grant_type": "client_credentials"}
        url = f"{self.hub.base_url}/oauth2/token"
        async with aiohttp.ClientSession() as session, session.post(url, data=form, headers=headers) as reply:
            token: str = (await reply.json())["access_token"]
            return token

    async def _wired(self, closing: contextlib.AsyncExitStack) -> str:
        """Put the proxies up and write a landscape that leads through them; the DSN that does."""
        for proxy in (self._postgres, self._odoo, self._hook):
            closing.push_async_callback(proxy.stop)
        self._odoo.lead_to(self.outside.odoo["url"])
        self._hook.lead_to(self.outside.subscriber_url)
        await self._write_landscape(await self._odoo.start(), await self._hook.start() + "/")
        return await self._postgres.start(self._directory)

    async def _write_landscape(self, odoo_url: str, hook_url: str) -> None:
        found = self.outside.odoo
        connection = Connection(url=found["url"], database=found["db"], key=found["key"], allow_writes=False)
        call = Call(
            criticality=Criticality.LOW,
            deadline=clock.now() + timedelta(seconds=START_SECONDS),
            correlation="crash-tests",
            reference="crash-tests",
            company="1",
        )
        async with Client(reach(("127.0.0.0/8",))) as client:
            surveyed = await Odoo(connection, client).survey(call)
        wanted = Wanted(
            url=odoo_url,
            database=found["db"],
            allow_writes=True,
            subscriber_url=hook_url,
            sign_in_url=found["sign_in_url"],
        )
        drafted = draft(surveyed, wanted, year=clock.now().year)
        texts = {**drafted.kept, **drafted.volatile}
        told = yaml.safe_load(texts["subscriptions.yaml"])
        told["subscriptions"][SUBSCRIPTION] |= {"consumer": CONSUMER, "types": ["order.accepted", "sale.booked"]}
        texts["subscriptions.yaml"] = yaml.safe_dump(told)
        made = {"odoo.key": found["key"], f"{SUBSCRIPTION}.secret": self._secret}
        made |= {f"{name}.secret": secrets.token_urlsafe(32) for name in drafted.consumers}
        for folder, files in (("landscape", texts), ("secrets", made)):
            (self._directory / folder).mkdir(mode=0o700)
            for name, text in files.items():
                path = self._directory / folder / name
                path.parent.mkdir(mode=0o700, exist_ok=True)
                path.write_text(text)
