"""A small landscape with consumers, their secrets, and the keys of these tests."""

from __future__ import annotations

import base64
from datetime import UTC, datetime
from typing import Any

from tillway.identity import Desk, KeyRing, Presented, Principal, TokenAnswer, TokenRequest, issue, principal, ring_of
from tillway.identity.authentication import proven
from tillway.landscape import Landscape, build
from tillway.tokens import Realm, Verifier, new_key

NOW = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
REALM = Realm(issuer="https://hub.example", audience="https://hub.example")
KEY = new_key()
RING: KeyRing = ring_of([KEY])
SECRETS = {"webshop": "webshop-secret", "till": "till+secret/%", "idle": "idle-secret", "gone": "gone-secret"}

YAML = """\
organisation: {name: Nordwind, currency: EUR, timezone: Europe/Berlin}
connections:
  erp: {kind: odoo, url: "https://erp.example.com", database: nordwind, key: {env: KEY}}
price_lists:
  retail: {connection: erp, odoo: list, name: List price}
  web: {connection: erp, odoo: 3, name: Web}
customers:
  walk-in: {connection: erp, partner: 7}
shops:
  berlin: {name: Berlin, connection: erp, company: 1, warehouse: 1, price_list: retail}
  hamburg: {name: Hamburg, connection: erp, company: 1, warehouse: 2, price_list: retail}
apis:
  orders: {layer: system, owner: sales-it, criticality: critical, data_class: personal}
  events: {layer: system, owner: platform, criticality: high, data_class: personal}
events:
  order.accepted: {owner: sales-it, data_class: personal}
  price.changed: {owner: pricing, data_class: internal}
consumers:
  webshop:
    {owner: a, contact: b, purpose: c, kind: machine, secret: {env: A}, review: 2027-06-30,
     scopes: ["orders:read", "orders:write", "events:read"], shop: berlin, price_list: web, customer: walk-in,
     shops: "*", event_types: "*"}
  till:
    {owner: a, contact: b, purpose: c, kind: device, secret: {env: A}, review: 2027-06-30,
     scopes: ["orders:write", "events:read"], shop: hamburg, event_types: [price.changed]}
  idle:
    {owner: a, contact: b, purpose: c, kind: machine, secret: {env: A}, review: 2027-06-30, scopes: [], shops: [berlin]}
"""


def landscape(*replacements: tuple[str, str]) -> Landscape:
    """The landscape of these tests with texts replaced."""
    text = YAML
    for old, new in replacements:
        assert old in text
        text = text.replace(old, new)
    return build({"a.yaml": text})


LANDSCAPE = landscape()


def basic(name: str, secret: str) -> str:
    return "Basic " + base64.b64encode(f"{name}:{secret}".encode()).decode()


def desk(**changes: Any) -> Desk:
    """What the token endpoint works with."""
    known = {"landscape": LANDSCAPE, "ring": RING, "realm": REALM, "now": NOW, "token_id": "jti-1", "secrets": SECRETS}
    return Desk(**{**known, **changes})


def asked(*form: tuple[str, str], authorization: str | None = None, known: Landscape = LANDSCAPE) -> TokenAnswer:
    """The token endpoint's answer to a form."""
    return issue(TokenRequest(form=form, authorization=authorization), desk(landscape=known))


def known_by(header: str | None, ring: KeyRing = RING, known: Landscape = LANDSCAPE, now: datetime = NOW) -> Principal:
    """Who brings this Authorization header."""
    claims, once = proven(Presented(authorization=header), ring, Verifier(REALM), now)
    assert once is None
    return principal(claims, known)


def token(consumer: str = "webshop", scope: str = "") -> str:
    """An access token as a consumer gets it."""
    form = (("grant_type", "client_credentials"), ("scope", scope))
    answer = asked(*form, ("client_id", consumer), ("client_secret", SECRETS[consumer]))
    return str(answer.body["access_token"])
