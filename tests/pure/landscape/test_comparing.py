"""Two landscapes compared: the kind of each change, what it means, whom it hits."""

from __future__ import annotations

import pytest
from tests.pure.landscape.sample import YAML, sample

from tillway.landscape import Landscape, build, compare_landscapes

# What is written otherwise -> kind, verdict, path, consumers hit.
CHANGES = [
    # words and who answers
    ("purpose: sells online", "purpose: sells", "rights", "same", "consumers.webshop.purpose", []),
    ("name: Berlin", "name: Berlin Mitte", "shop", "same", "shops.berlin.name", []),
    ("owner: e-commerce", "owner: web", "rights", "additive", "consumers.webshop.owner", []),
    # rights
    ('"orders:read", ', "", "rights", "breaking", "consumers.webshop.scopes", ["webshop"]),
    ('scopes: ["orders:write"]', 'scopes: ["orders:write", "orders:read"]', "rights", "additive", "consumers.till.scopes", []),
    ('    shops: "*"\n', "    shops: [berlin]\n", "rights", "breaking", "consumers.webshop.shops", ["webshop"]),
    ("    shop: london\n", '    shop: london\n    shops: "*"\n', "rights", "additive", "consumers.till.shops", []),
    ("    shop: london\n", "    shop: london\n    shops: [london]\n", None, None, None, None),
    ("event_types: [order.accepted]", 'event_types: "*"', "rights", "additive", "consumers.webshop.event_types", []),
    ("secret: {env: TILL_SECRET}", "secret: {env: OTHER}", "rights", "breaking", "consumers.till.secret.env", ["till"]),
    ("    shop: london\n", "    shop: london\n    data_classes: [personal]\n", "rights", "additive", "consumers.till.data_classes", []),
    ("    shop: london\n", "    shop: london\n    valid_until: 2027-01-01\n", "rights", "breaking", "consumers.till.valid_until", ["till"]),
    ("    shop: london\n", "    shop: london\n    quotas: {orders: {per_second: 5}}\n", "quota", "breaking", "consumers.till.quotas.orders", ["till"]),
    ("    shop: london\n", "    shop: london\n    quotas: {'*': {per_second: 5000, burst: 9000}}\n", "quota", "additive", "consumers.till.quotas.*", []),
    # interfaces
    ("criticality: critical", "criticality: high", "lifecycle", "breaking", "apis.orders.criticality", ["till", "webshop"]),
    ("criticality: high", "criticality: critical", "lifecycle", "additive", "apis.events.criticality", []),
    ("data_class: personal}\n  events:", "data_class: personal, stale_seconds: 60}\n  events:", "lifecycle", "additive", "apis.orders.stale_seconds", []),
    ("data_class: personal}\n  events:", "data_class: personal, versions: {v1: {lifecycle: retired}}}\n  events:", "lifecycle", "breaking", "apis.orders.versions.v1.lifecycle", ["till", "webshop"]),
    # events and subscriptions
    ("retention: brief", "retention: long", "event", "additive", "events.price.changed.retention", []),
    ("{owner: sales-it, data_class: personal}\n  price", "{owner: sales-it, data_class: payment}\n  price", "event", "breaking", "events.order.accepted.data_class", ["webshop"]),
    ("https://shop.example.com/hook", "https://shop.example.com/new", "event", "breaking", "subscriptions.webshop-orders.delivery.url", ["webshop"]),
    # connections, shops
    ("allow_writes: false", "allow_writes: true", "connection", "additive", "connections.other.allow_writes", []),
    ("https://erp.example.com", "https://erp2.example.com", "connection", "breaking", "connections.erp.url", []),
    ("database: nordwind, ", "database: nordwind, workers: 4, ", "connection", "additive", "connections.erp.workers", []),
    ("    warehouse: 1\n", "    warehouse: 9\n", "shop", "breaking", "shops.berlin.warehouse", ["webshop"]),
    ("      berlin-2: {pos_config: 2}\n", "", "shop", "breaking", "shops.berlin.tills.berlin-2", ["webshop"]),
    ("      berlin-2: {pos_config: 2}\n", "      berlin-2: {pos_config: 2}\n      berlin-3: {pos_config: 3}\n", "shop", "additive", "shops.berlin.tills.berlin-3", []),
    ('["10.0.0.0/8"]', '["10.0.0.0/8", "192.168.0.0/16"]', "connection", "additive", "outbound.allow_networks", []),
    ('["10.0.0.0/8"]', "[]", "connection", "breaking", "outbound.allow_networks", []),
    # how changes are decided
    ("outbound:", "governance: {boards: {board: {name: Board, roles: [architect]}}}\noutbound:", "governance", "additive", "governance.boards.board", []),
    ("outbound:", "governance: {emergency: {review_within_hours: 24}}\noutbound:", "governance", "breaking", "governance.emergency.review_within_hours", []),
    ("outbound:", "governance: {reviews: {suspend_after_days: 10}}\noutbound:", "governance", "breaking", "governance.reviews.suspend_after_days", []),
    ("outbound:", "regions: {eu: {name: EU}}\noutbound:", "shop", "additive", "regions.eu", []),
    ("outbound:", "service_levels: {up: {name: Up, api: orders, indicator: availability, target: 0.99}}\noutbound:", "service-level", "additive", "service_levels.up", []),
]  # fmt: skip


def changed(old: str, new: str) -> Landscape:
    assert old in YAML
    return build({"sample.yaml": YAML.replace(old, new, 1)})


@pytest.mark.parametrize("row", CHANGES, ids=lambda row: f"{row[4]} {row[1][-20:]}")
def test_a_change_has_its_kind_its_verdict_and_whom_it_hits(row):
    old, new, kind, verdict, path, hit = row
    found = compare_landscapes(sample(), changed(old, new))
    if kind is None:
        assert found.changes == ()
        return
    (change,) = found.changes
    assert (change.kind, change.verdict, change.path, list(change.consumers)) == (kind, verdict, path, hit)
    assert found.verdict == verdict


def test_a_landscape_is_the_same_as_itself_in_another_order():
    reordered = YAML.replace(
        '["orders:read", "orders:write", "events:read"]', '["events:read", "orders:read", "orders:write"]'
    )
    assert compare_landscapes(sample(), build({"sample.yaml": reordered})).verdict == "same"


def test_an_end_that_is_announced_takes_nothing_away():
    old = "data_class: personal}\n  events:"
    new = "data_class: personal, versions: {v1: {lifecycle: deprecated, deprecated: 2027-01-01, sunset: 2027-06-30}}}\n  events:"
    found = compare_landscapes(sample(), changed(old, new))
    assert {each.path.rpartition(".")[2]: each.verdict for each in found.changes} == dict.fromkeys(
        ("lifecycle", "deprecated", "sunset"), "additive"
    )
    sooner = changed(old, new.replace("06-30", "03-31"))
    assert [each.verdict for each in compare_landscapes(changed(old, new), sooner).changes] == ["breaking"]
    assert [each.verdict for each in compare_landscapes(sooner, changed(old, new)).changes] == ["additive"]


def test_an_entry_that_goes_is_breaking_and_one_that_comes_is_additive():
    without = YAML[: YAML.index("subscriptions:")] + YAML[YAML.index("outbound:") :]
    there, gone = sample(), build({"sample.yaml": without})
    (lost,) = compare_landscapes(there, gone).changes
    (come,) = compare_landscapes(gone, there).changes
    assert (lost.verdict, lost.path, lost.consumers) == ("breaking", "subscriptions.webshop-orders", ("webshop",))
    assert (come.verdict, come.path) == ("additive", "subscriptions.webshop-orders")


PERMIT = '@id("look") permit (principal, action, resource) when { context.hour > 8 };\n'
FORBID = '@id("night") @reason("closed") forbid (principal, action, resource) when { context.hour < 6 };\n'


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("", PERMIT, [("additive", "policies.look")]),
        ("", FORBID, [("breaking", "policies.night")]),
        (PERMIT, "", [("breaking", "policies.look")]),
        (FORBID, "", [("additive", "policies.night")]),
        (PERMIT, PERMIT.replace("8", "9"), [("breaking", "policies.look")]),
        (FORBID, FORBID.replace("closed", "at night"), [("same", "policies.night")]),
        (PERMIT + FORBID, "// words\n" + FORBID + "\n\n" + PERMIT, []),
    ],
)
def test_policies_are_compared_by_what_they_decide(old, new, expected):
    before, after = (build({"a.yaml": YAML, **({"policies/a.cedar": text} if text else {})}) for text in (old, new))
    assert [(each.verdict, each.path) for each in compare_landscapes(before, after).changes] == expected


CONTRACT = """\
openapi: 3.1.0
paths:
  /orders/{id}:
    get:
      operationId: getOrder
      x-tillway-scope: orders:read
      responses:
        '200': {content: {application/json: {schema: {type: object, properties: {a: {}, b: {}}}}}}
"""


def test_a_contract_in_the_landscape_is_compared_and_its_readers_are_named():
    old, new = (
        sample().model_copy(update={"contracts": {"orders.v1.yaml": text}})
        for text in (CONTRACT, CONTRACT.replace(", b: {}", ""))
    )
    (change,) = compare_landscapes(old, new).changes
    assert (change.kind, change.verdict, change.consumers, change.criticality) == (
        "contract",
        "breaking",
        ("webshop",),
        "critical",
    )
    assert change.path.startswith("contracts.orders.v1.yaml#/paths/")
    assert change.contract is not None
    assert change.contract.field == "/b"
