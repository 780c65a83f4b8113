"""A small landscape with everything that the catalogue shows."""

from __future__ import annotations

from tillway.landscape import Landscape, build

TEXT = """
organisation: {name: Larkfield, currency: EUR, timezone: Europe/Brussels}
teams: {sales-it: {name: Sales IT, contact: sales-it@example.com, on_call: "+32 555 0100"}}
connections: {main: {url: "https://erp.example.com", database: larkfield, key: {env: KEY}}}
domains:
  sales: {owner: sales-it, flows: {ordering: {mode: synchronous, reason: somebody waits}}}
service_levels:
  orders-answered: {name: Orders answered, api: orders, indicator: availability, target: 0.999}
apis:
  orders:
    versions: {v1: {lifecycle: deprecated, deprecated: 2026-11-01, sunset: 2027-06-30, successor: orders/v2}, v2: {lifecycle: draft}}
    layer: system
    owner: sales-it
    deputy: platform
    steward: ecommerce
    domain: sales
    criticality: critical
    data_class: personal
    callers: [webshop]
    calls: [main]
  products: {layer: system, owner: platform, criticality: normal, data_class: public}
events:
  order.accepted: {owner: sales-it, data_class: personal, domain: sales, producer: orders, retention: long}
consumers:
  webshop:
    {owner: ecommerce, contact: shop@example.com, purpose: sells online, kind: machine, secret: {env: S}, shops: [],
     scopes: ["orders:read", "orders:write", "products:read"], review: 2027-06-30}
  kiosk:
    {owner: stores, contact: kiosk@example.com, purpose: shows, kind: machine, secret: {env: S}, shops: [],
     scopes: ["orders:read", "products:read"], review: 2027-06-30}
"""


def landscape() -> Landscape:
    """The landscape of these tests."""
    return build({"landscape.yaml": TEXT})
