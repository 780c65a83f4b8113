"""Freshness held against what was promised: late, without need, or not measured."""

from __future__ import annotations

import copy

import msgspec
import pytest
from tests.pure.gateway.front_door import CONTENT

from tillway.landscape import build
from tillway.observe.promised import READINGS, Measured, Used, judge, tolerance
from tillway.records import seen

NOBODY = Used(calls={}, told={})
SHOP = Used(calls={"getPrice": 3}, told={"webhook x": frozenset({"price.changed"})})


def landscape(**domains):
    content = copy.deepcopy(CONTENT)
    content["apis"]["prices"] = dict(content["apis"]["prices"]) | {"domain": "prices"}
    content["events"]["price.changed"] |= {"domain": "prices"}
    content["domains"] = {name: {"owner": "pricing", "flows": flows} for name, flows in domains.items()}
    return build({"landscape.yaml": msgspec.json.encode(msgspec.to_builtins(content)).decode()})


def flow(mode, seconds=None):
    told = {"mode": mode, "reason": "because"}
    return told if seconds is None else told | {"staleness_seconds": seconds}


def reading(seconds, domain="prices", kind="reading"):
    return Measured(domain=domain, kind=kind, name=f"{kind} of {domain}", connection="erp", seconds=seconds)


def verdicts(mode, tolerated, *measured, used=SHOP, domain="prices"):
    domains = judge(landscape(**{domain: {"it": flow(mode, tolerated)}}), measured, used, days=30)
    (found,) = (each for every in domains for each in every.flows if (every.domain, each.flow) == (domain, "it"))
    return found.verdict, found.staleness_seconds


@pytest.mark.parametrize(
    ("seconds", "verdict"), [(0.0, "on-time"), (60.0, "on-time"), (65.9, "on-time"), (66.1, "late"), (None, "late")]
)
def test_an_event_is_late_when_what_carries_it_is_older_than_tolerated(seconds, verdict):
    assert verdicts("event", 60, reading(seconds)) == (verdict, seconds)


def test_each_kind_of_document_is_measured():
    kinds = {seen.ORDERS, seen.SHIPMENTS, seen.INVOICES, seen.SALES, seen.SESSIONS}
    assert {READINGS.get(kind) for kind in kinds} == {"orders"}


def test_the_worst_counts_and_a_sweep_only_for_a_batch():
    both = (reading(5.0), reading(40.0), reading(9_000.0, kind="sweep"))
    assert verdicts("event", 60, *both) == ("on-time", 40.0)
    assert verdicts("batch", 10_000, *both) == ("on-time", 9_000.0)
    assert verdicts("batch", 3_600, *both) == ("late", 9_000.0)


def test_real_time_that_nobody_uses_is_named_and_a_batch_is_not():
    assert verdicts("event", 60, reading(5.0), used=NOBODY)[0] == "needless"
    assert verdicts("synchronous", None, reading(5.0), used=NOBODY)[0] == "needless"
    assert verdicts("synchronous", None, reading(5.0))[0] == "on-time"
    assert verdicts("batch", 60, reading(5.0), used=NOBODY)[0] == "on-time"


def test_what_nothing_carries_is_not_measured_and_no_success():
    assert verdicts("event", 60, used=SHOP, domain="payments") == ("not-measured", None)
    assert verdicts("event", 60) == ("not-measured", None)


def test_a_door_remembers_as_long_as_the_strictest_real_time_flow_tolerates():
    land = landscape(prices={"a": flow("event", 30), "b": flow("batch", 5), "c": flow("micro-batch", 20)})
    assert (tolerance(land, ("prices", "catalogue"), 60), tolerance(land, ("catalogue",), 60)) == (20, 60)
