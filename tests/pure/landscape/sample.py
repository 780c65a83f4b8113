"""A small landscape that holds together, as text, and ways to spoil it."""

from __future__ import annotations

import pytest

from tillway.landscape import InvalidLandscape, Landscape, build

YAML = """\
organisation: {name: Nordwind, currency: EUR, timezone: Europe/Berlin}
connections:
  erp: {kind: odoo, url: "https://erp.example.com", database: nordwind, key: {file: ../secrets/odoo}}
  other: {kind: odoo, url: "https://other.example.com", database: other, key: {env: OTHER_KEY}, allow_writes: false}
price_lists:
  retail: {connection: erp, odoo: list, name: List price}
  web: {connection: erp, odoo: 3, name: Web}
  foreign: {connection: other, odoo: 1, name: Foreign}
customers:
  walk-in: {connection: erp, partner: 7}
  stranger: {connection: other, partner: 7}
shops:
  berlin:
    name: Berlin
    connection: erp
    company: 1
    warehouse: 1
    price_list: retail
    tills:
      berlin-1: {pos_config: 1}
      berlin-2: {pos_config: 2}
    tender_methods: {cash: 1, card: 2}
  london: {name: London, connection: other, company: 1, warehouse: 2, price_list: foreign, timezone: Europe/London, currency: GBP}
apis:
  orders: {layer: system, owner: sales-it, criticality: critical, data_class: personal}
  events: {layer: system, owner: platform, criticality: high, data_class: personal}
events:
  order.accepted: {owner: sales-it, data_class: personal}
  price.changed: {owner: pricing, data_class: internal, retention: brief}
consumers:
  webshop:
    owner: e-commerce
    contact: shop@nordwind.example
    purpose: sells online
    kind: machine
    secret: {env: WEBSHOP_SECRET}
    scopes: ["orders:read", "orders:write", "events:read"]
    shop: berlin
    price_list: web
    customer: walk-in
    shops: "*"
    event_types: [order.accepted]
    review: 2027-06-30
  till:
    owner: stores
    contact: stores@nordwind.example
    purpose: sells in the shop
    kind: device
    secret: {env: TILL_SECRET}
    scopes: ["orders:write"]
    shop: london
    review: 2027-06-30
subscriptions:
  webshop-orders:
    consumer: webshop
    types: [order.accepted]
    delivery: {kind: webhook, url: "https://shop.example.com/hook", secret: {file: ../secrets/hook}}
outbound: {allow_networks: ["10.0.0.0/8"]}
"""


def sample() -> Landscape:
    return build({"sample.yaml": YAML})


def spoiled(*replacements: tuple[str, str]) -> str:
    """The sample with texts replaced, once each; every text must be there."""
    text = YAML
    for old, new in replacements:
        assert old in text
        text = text.replace(old, new, 1)
    return text


def problems(text: str) -> list[str]:
    """Every finding of a text, as an operator reads it."""
    with pytest.raises(InvalidLandscape) as caught:
        build({"a.yaml": text})
    return [str(problem) for problem in caught.value.problems]
