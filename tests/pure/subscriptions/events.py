"""Events and a landscape that the tests of this room share."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import msgspec

from tillway import ids
from tillway.journal import Recorded
from tillway.landscape import Landscape, build

NOW = datetime(2026, 11, 23, 10, 15, tzinfo=UTC)

YAML = """\
organisation: {name: Nordwind, currency: EUR, timezone: Europe/Berlin}
connections:
  erp: {kind: odoo, url: "https://erp.example.com", database: nordwind, key: {env: ODOO_KEY}}
price_lists:
  retail: {connection: erp, odoo: list, name: List price}
shops:
  berlin: {name: Berlin, connection: erp, company: 1, warehouse: 1, price_list: retail}
  hamburg: {name: Hamburg, connection: erp, company: 1, warehouse: 2, price_list: retail}
apis:
  events: {layer: system, owner: platform, criticality: high, data_class: personal}
  subscriptions: {layer: system, owner: platform, criticality: normal, data_class: internal}
events:
  order.accepted: {owner: sales-it, data_class: personal}
  price.changed: {owner: pricing, data_class: internal}
  sale.quarantined: {owner: stores, data_class: internal}
consumers:
  webshop:
    owner: e-commerce
    contact: shop@nordwind.example
    purpose: sells online
    kind: machine
    secret: {env: WEBSHOP_SECRET}
    scopes: ["events:read", "subscriptions:write"]
    shops: "*"
    event_types: [order.accepted, price.changed]
    review: 2027-06-30
  kiosk:
    owner: stores
    contact: stores@nordwind.example
    purpose: shows prices
    kind: machine
    secret: {env: KIOSK_SECRET}
    scopes: ["events:read"]
    shops: [berlin]
    event_types: "*"
    review: 2027-06-30
  mute:
    owner: stores
    contact: stores@nordwind.example
    purpose: asks, is not told
    kind: machine
    secret: {env: MUTE_SECRET}
    scopes: ["subscriptions:write"]
    shops: "*"
    event_types: "*"
    review: 2027-06-30
subscriptions:
  webshop-orders:
    consumer: webshop
    types: [order.accepted]
    delivery: {kind: webhook, url: "http://127.0.0.1:9/declared", secret: {env: HOOK_SECRET}}
outbound: {allow_networks: ["127.0.0.0/8"]}
"""


def landscape(*replacements: tuple[str, str]) -> Landscape:
    """The sample, with texts replaced; every text must be there."""
    text = YAML
    for old, new in replacements:
        assert old in text
        text = text.replace(old, new)
    return build({"sample.yaml": text})


def recorded(
    kind: str = "order.accepted",
    *,
    data: dict[str, Any] | None = None,
    personal: dict[str, Any] | None = None,
    position: int = 1,
    subject: str = "o-1",
) -> Recorded:
    return Recorded(
        position=position,
        id=ids.named("event", str(position)),
        type=kind,
        subject=subject,
        partitionkey=subject,
        sequence=1,
        time=NOW,
        recorded_at=NOW,
        correlation="c-1",
        causation=None,
        traceparent=None,
        dataclass="internal",
        data_json=msgspec.json.encode(data or {}).decode(),
        personal_json=None if personal is None else msgspec.json.encode(personal).decode(),
    )
