"""A door over handlers of the test's own, asked directly as an ASGI application: no socket, no Postgres."""

from __future__ import annotations

import copy
import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

import msgspec
import yaml

from tillway import clock
from tillway.contracts import load
from tillway.gateway import Answer, Door, build
from tillway.gateway.app import unrestricted
from tillway.identity import SigningKeys, ring_of
from tillway.landscape import Active
from tillway.landscape import build as build_landscape
from tillway.postgres import Database
from tillway.tokens import Claims, Realm, new_key, sign

REALM = Realm(issuer="http://127.0.0.1:8080", audience="http://127.0.0.1:8080")
RING = ring_of([new_key()])
SECRETS = {"webshop": "webshop-secret", "till": "till-secret"}

YAML = """
organisation: {name: Nordwind, currency: EUR, timezone: Europe/Berlin}
connections: {erp: {url: "https://erp.example.com", database: nordwind, key: {env: KEY}}}
price_lists:
  retail: {connection: erp, odoo: list, name: List price}
  web: {connection: erp, odoo: 3, name: Web}
customers: {walk-in: {connection: erp, partner: 7}}
shops:
  berlin:
    {name: Berlin, connection: erp, company: 1, warehouse: 1, price_list: retail, tender_methods: {cash: 1},
     tills: {berlin-1: {pos_config: 1}}}
  hamburg:
    {name: Hamburg, connection: erp, company: 1, warehouse: 2, price_list: retail, tender_methods: {cash: 1},
     tills: {hamburg-1: {pos_config: 2}}}
apis:
  pos: {layer: experience, owner: tills team, criticality: high, data_class: personal}
  events: &api {layer: system, owner: platform, criticality: high, data_class: personal}
  operations: *api
  orders: *api
  prices: *api
  products: *api
  subscriptions: *api
events:
  order.accepted: {owner: sales-it, data_class: personal}
  price.changed: {owner: pricing, data_class: internal}
consumers:
  webshop:
    {owner: e-commerce, contact: shop@example.com, purpose: sells online, kind: machine, secret: {env: WEBSHOP},
     scopes: [SCOPES], shop: berlin, price_list: retail, customer: walk-in, shops: "*", event_types: "*",
     review: 2027-06-30}
  till:
    {owner: stores, contact: stores@example.com, purpose: sells in the shop, kind: device, secret: {env: TILL},
     scopes: ["pos:read", "pos:write", "orders:read", "orders:write", "events:read"], shop: berlin,
     event_types: [price.changed], review: 2027-06-30}
"""
SCOPES = sorted({operation.scope for _, operation in load().operations() if not operation.public})
CONTENT = yaml.safe_load(YAML.replace("SCOPES", ", ".join(f'"{scope}"' for scope in SCOPES)))


def landscape(**consumers: dict | None):
    """The landscape of these tests; a consumer given as None is left out, otherwise its fields are replaced."""
    content = copy.deepcopy(CONTENT)
    for name, changes in consumers.items():
        if changes is None:
            del content["consumers"][name]
        else:
            content["consumers"][name] |= changes
    return build_landscape({"landscape.yaml": msgspec.json.encode(msgspec.to_builtins(content)).decode()})


def token(
    consumer: str = "webshop",
    *,
    scopes=tuple(SCOPES),
    kind: str = "machine",
    at: datetime | None = None,
    minutes: int = 10,
) -> str:
    """An access token as the hub would issue it."""
    at = at or clock.now().replace(microsecond=0)
    claims = Claims(
        issuer=REALM.issuer,
        audience=REALM.audience,
        subject=consumer,
        client_id=consumer,
        kind=kind,
        scopes=tuple(scopes),
        issued_at=at,
        expires_at=datetime.fromtimestamp(at.timestamp() + minutes * 60, UTC),
        token_id="t-1",
    )
    return sign(claims, RING.signing)


def telling(status: int, told: Any) -> Answer:
    """An answer that tells in a header what no contract knows: from a body it would be cut."""
    return Answer(status, None, (("X-Told", json.dumps(msgspec.to_builtins(told))),))


async def nothing(_ask) -> Answer:
    """A handler that answers with nothing."""
    return Answer(200)


async def always_ready() -> tuple[str, ...]:
    return ()


@dataclass
class Reply:
    """What came back."""

    status: int
    headers: dict[str, str]
    content: bytes

    @property
    def json(self) -> Any:
        return msgspec.json.decode(self.content)

    @property
    def told(self) -> Any:
        return json.loads(self.headers["x-told"])


@dataclass
class Front:
    """A door, the landscape it enforces, and what its observer was told."""

    door: Door
    active: Active
    observed: list[tuple] = field(default_factory=list)

    async def ask(
        self,
        method: str,
        path: str,
        *,
        json: Any = None,
        body: bytes | None = None,
        headers: dict[str, str] | None = None,
        token: str | None = None,
        chunks: list[bytes] | None = None,
        raw: bool = False,
        peer: str = "",
    ) -> Reply:
        """One request, from the address `peer`. `json` or `body` or `chunks` (streamed) is the body; `raw` sends the path as it is."""
        sent = {name.lower(): value for name, value in (headers or {}).items()}
        if token is not None:
            sent["authorization"] = f"Bearer {token}"
        if json is not None:
            body = msgspec.json.encode(json)
        if (json is not None or body is not None) and "content-type" not in sent:
            sent["content-type"] = "application/json"
        pieces = chunks if chunks is not None else [body or b""]
        if chunks is not None:
            sent |= {"transfer-encoding": "chunked", "content-type": sent.get("content-type", "application/json")}
        elif body:
            sent["content-length"] = str(len(body))
        path, _, query = path.partition("?")
        target = path if raw else quote(path, safe="/%")
        scope = {
            "type": "http",
            "http_version": "1.1",
            "method": method,
            "path": path,
            "raw_path": target.encode(),
            "query_string": query.encode(),
            "headers": [(name.encode(), value.encode("latin-1")) for name, value in sent.items()],
            "client": (peer, 40_000) if peer else None,
        }
        messages = [
            {"type": "http.request", "body": piece, "more_body": place + 1 < len(pieces)}
            for place, piece in enumerate(pieces)
        ]
        came: list[dict] = []

        async def receive():
            return messages.pop(0) if messages else {"type": "http.disconnect"}

        async def send(message):
            came.append(message)

        await self.door(scope, receive, send)
        start, content = came
        got = {name.decode(): value.decode("latin-1") for name, value in start["headers"]}
        return Reply(start["status"], got, content["body"])


def front(
    *,
    ready=always_ready,
    database: Database | None = None,
    check_answers: bool = False,
    land=None,
    restricted=unrestricted,
    own=None,
    notices=None,
    **handlers,
) -> Front:
    """A door whose operations are answered by these handlers; all others answer 200 with nothing."""
    bindings = {operation.id: handlers.pop(operation.id, nothing) for _, operation in load().operations()}
    assert not handlers, f"no such operations: {sorted(handlers)}"
    database = database or Database("postgresql://nowhere/nothing", "test")
    active = Active(land or landscape())
    observed: list[tuple] = []
    door = build(
        documents=load(),
        bindings=bindings,
        keys=SigningKeys(database, RING, REALM),
        active=active,
        database=database,
        secrets=lambda: SECRETS,
        restricted=restricted,
        ready=ready,
        observer=lambda *told: observed.append(told),
        check_answers=check_answers,
        own=own,
        notices=notices,
    )
    return Front(door, active, observed)
