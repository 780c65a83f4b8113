"""A served door with an identity provider of a package beside it, and a browser that is a plain HTTP client.

The provider is real and runs in a process of its own. What it would never answer (an expired token, another nonce) is
made by changing its answer on the way to the hub, signed with a key that its key set seems to hold.
"""

from __future__ import annotations

import asyncio
import base64
import copy
import json
import socket
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx
from granian.constants import Interfaces
from granian.server.embed import Server
from tests.contract.machines import answered, jwt, new_key
from tests.contract.small_hub import APIS, CONTENT, end
from tests.pure.gateway.front_door import RING

from tillway.app.evidence import audited
from tillway.contracts import load
from tillway.gateway import build
from tillway.identity import Issuers, Overlay, SigningKeys
from tillway.identity.people import Provider
from tillway.journal import Tail
from tillway.landscape import Active
from tillway.landscape import build as build_landscape
from tillway.outbound import Client, Reply, Request, reach
from tillway.postgres import Database
from tillway.tokens import Realm

CLIENT_ID = "tillway-hub"
ROLES = {"operator": ["operations:read", "operations:write"], "reader": ["operations:read"]}
COMMON = {"owner": "it", "contact": "it@example.com", "purpose": "tests", "kind": "machine", "review": "2027-06-30"}
KEY = new_key()
HEALTH = "/operations/v1/health"
DANGEROUS = "/operations/v1/devices/d-1/loss?reason=found"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


async def listening(port: int) -> None:
    async with asyncio.timeout(20):
        while True:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
            except OSError:
                await asyncio.sleep(0.02)
                continue
            writer.close()
            await writer.wait_closed()
            return


@asynccontextmanager
async def provider() -> AsyncIterator[str]:
    """The issuer URL of a running provider, which knows Anna (she operates), Ralf (he reads) and Nobody."""
    port = free_port()
    arguments = ("-W", "ignore", "-m", "oidc_provider_mock", "--port", str(port), "--host", "127.0.0.1")
    process = await asyncio.create_subprocess_exec(
        sys.executable, *arguments, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL
    )
    url = f"http://127.0.0.1:{port}"
    try:
        await listening(port)
        async with httpx.AsyncClient() as client:
            for name, groups in (("anna", ["hub-ops", "staff"]), ("ralf", "hub-readers"), ("nobody", ["staff"])):
                claims = {"groups": groups, "name": name.title(), "email": f"{name}@example.com"}
                (await client.put(f"{url}/users/{name}", json=claims)).raise_for_status()
        yield url
    finally:
        process.terminate()
        await process.wait()


@dataclass
class Meddler:
    """The hub's way out. `change` gets the claims of an ID token and gives them back, or a whole other token."""

    client: Client
    change: Callable[[dict[str, Any]], Any] | None = None
    asked: list[Request] = field(default_factory=list)

    async def send(self, request: Request) -> Reply:
        self.asked.append(request)
        reply = await self.client.send(request)
        path = urlsplit(request.url).path
        if path == "/jwks":
            jwks = json.loads(reply.body)
            jwks["keys"].append(KEY.as_dict(private=False, kid="ours"))
            return replace(reply, body=json.dumps(jwks).encode())
        if path == "/oauth2/token" and self.change is not None and reply.status == 200:
            body = json.loads(reply.body)
            payload = body["id_token"].split(".")[1]
            claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
            changed = self.change(claims)
            body["id_token"] = changed if isinstance(changed, str) else jwt(changed, KEY, kid="ours")
            return replace(reply, body=json.dumps(body).encode())
        return reply


@dataclass
class Browser:
    """Somebody's browser: cookies of its own, follows what it is told."""

    base: str
    http: httpx.AsyncClient

    async def begin(self, **wish: str) -> httpx.Response:
        return await self.http.get(f"{self.base}/console/sign-in", params=wish)

    async def agree(self, address: str, sub: str) -> str:
        """Sign in at the provider; the address of the way back."""
        reply = await self.http.post(address, data={"sub": sub})
        assert reply.status_code == 302, reply.text
        return reply.headers["location"]

    async def sign_in(self, sub: str = "anna", **wish: str) -> httpx.Response:
        """All of it; the answer of the hub to the way back."""
        begun = await self.begin(**wish)
        assert begun.status_code == 303, begun.text
        return await self.http.get(await self.agree(begun.headers["location"], sub))

    async def session(self) -> dict[str, Any]:
        reply = await self.http.get(f"{self.base}/console/session")
        return {"status": reply.status_code, **reply.json()}

    async def post(self, path: str, **headers: str) -> httpx.Response:
        """As a page of the hub posts."""
        token = (await self.session()).get("csrf_token", "")
        own = {"origin": self.base, "sec-fetch-site": "same-origin", "x-csrf-token": token}
        return await self.http.post(self.base + path, headers={**own, **headers})

    async def token(self) -> str:
        reply = await self.post("/console/token")
        assert reply.status_code == 200, reply.text
        return reply.json()["access_token"]

    async def look(self, token: str, path: str = HEALTH, method: str = "GET") -> httpx.Response:
        return await self.http.request(method, self.base + path, headers={"authorization": f"Bearer {token}"})


@dataclass
class House:
    """A served door, its provider, and what stands behind."""

    base: str
    issuer: str
    meddler: Meddler
    active: Active
    db: Database
    dsn: str

    @asynccontextmanager
    async def browser(self) -> AsyncIterator[Browser]:
        async with httpx.AsyncClient(timeout=20) as http:
            yield Browser(self.base, http)

    async def entries(self) -> list[dict[str, Any]]:
        """What waits to be sealed into the audit."""
        rows = await self.db.fetch("SELECT line FROM audit.staged")
        return [json.loads(row["line"]) for row in rows]


def land(issuer: str | None, **more: Any):
    """The landscape: people who sign in, and one machine."""
    content = copy.deepcopy(CONTENT)
    about = {"layer": "system", "owner": "integration", "criticality": "high", "data_class": "personal"}
    robot = {**COMMON, "shops": "*", "scopes": ["operations:read"], "secret": {"env": "SECRET"}}
    content |= {"apis": dict.fromkeys(APIS, about), "consumers": {"robot": robot}, "roles": ROLES, **more}
    if issuer is not None:
        groups = {"hub-ops": "operator", "hub-readers": "reader"}
        content["sign_in"] = {"issuer": issuer, "client_id": CLIENT_ID, "roles": groups, **more.get("sign_in", {})}
    return build_landscape({"landscape.yaml": json.dumps(content)})


@asynccontextmanager
async def house(dsn: str, issuer: str) -> AsyncIterator[House]:
    port = free_port()
    base = f"http://127.0.0.1:{port}"
    active = Active(land(issuer))
    bindings = {operation.id: answered for _, operation in load().operations()}
    async with Database(dsn, "door") as db, audited(db) as auditor, Client(reach(["127.0.0.0/8"])) as client:
        tail, meddler = Tail(db), Meddler(client)
        await tail.start()
        overlay, issuers = Overlay(db, tail), Issuers(meddler)
        await overlay.load()
        door = build(
            documents=load(),
            bindings=bindings,
            keys=SigningKeys(db, RING, Realm(issuer=base, audience=base)),
            active=active,
            database=db,
            secrets=lambda: {"robot": "robot-secret"},
            issuers=issuers,
            provider=Provider(meddler, issuers),
            provider_secret=lambda _: "a secret/of: ours",
            restricted=overlay,
            ready=_ready,
            auditor=auditor,
        )
        running = [asyncio.create_task(overlay.run())]
        server = Server(door, address="127.0.0.1", port=port, interface=Interfaces.ASGI, log_enabled=False)
        serving = asyncio.create_task(server.serve())
        try:
            await listening(port)
            yield House(base, issuer, meddler, active, db, dsn)
        finally:
            server.stop()
            await serving
            await end(running)


async def _ready() -> tuple[str, ...]:
    return ()


def asked_for(address: str) -> dict[str, str]:
    """The parameters of an address."""
    return {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}


def with_parameters(address: str, **changes: str | None) -> str:
    """The address with these parameters replaced, or taken away."""
    found = {name: value for name, value in {**asked_for(address), **changes}.items() if value is not None}
    return f"{address.partition('?')[0]}?{urlencode(found)}"
