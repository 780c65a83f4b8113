"""Retiring is refused while anybody calls, and whoever does is named."""

from __future__ import annotations

import copy
from datetime import UTC, datetime, timedelta

import msgspec
from hypothesis import given
from hypothesis import strategies as st
from tests.pure.gateway.front_door import CONTENT

from tillway.audit import Caller
from tillway.governance import OBSERVED, ended, still_used
from tillway.landscape import build

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
STATES = ("draft", "published", "deprecated", "retired", "blocked")


def land(**states):
    """Orders in these versions: `v1="published"`."""
    content = copy.deepcopy(CONTENT)
    versions = {
        version: {"lifecycle": state} | ({"deprecated": "2026-01-01"} if state == "deprecated" else {})
        for version, state in states.items()
    }
    if "v1" in versions and states.get("v2") == "published":
        versions["v1"]["successor"] = "orders/v2"
    content["apis"]["orders"] = {**content["apis"]["orders"], "versions": versions}
    return build({"landscape.yaml": msgspec.json.encode(msgspec.to_builtins(content)).decode()})


LANDS = {state: land(v1=state, v2="published") for state in STATES}


def call(consumer="webshop", *, device="", shop="", days=1.0, calls=3, version=1, following=None):
    seen = NOW - timedelta(days=days)
    return Caller(
        api="orders",
        version=version,
        consumer=consumer,
        device=device,
        shop=shop,
        calls=calls,
        first_seen=seen,
        last_seen=seen,
        following_seen=following,
    )


def test_a_version_that_is_called_is_not_retired_and_who_calls_is_named():
    seen = [
        call(),
        call("till", device="device-7", shop="berlin", calls=2),
        call("till", device="device-8", shop="berlin"),
    ]
    webshop, till = sorted(
        still_used(LANDS["deprecated"], LANDS["retired"], seen, NOW), key=lambda one: -ord(one.consumer[0])
    )
    assert (webshop.version, webshop.path) == ("orders/v1", "apis.orders.versions.v1")
    assert webshop.text == (
        "orders/v1 is still called by webshop (owner e-commerce, shop@example.com): 3 calls, last 2026-11-22"
    )
    assert till.text.endswith("5 calls, last 2026-11-22, from device-7 at berlin, device-8 at berlin")
    assert "has not called orders/v2" in till.remedy


def test_whoever_begun_with_the_successor_still_counts():
    (found,) = still_used(LANDS["deprecated"], LANDS["retired"], [call(following=NOW)], NOW)
    assert (found.moved, "has begun with orders/v2" in found.remedy) == (True, True)


def test_who_is_not_declared_any_more_is_named_all_the_same():
    (found,) = still_used(LANDS["published"], LANDS["retired"], [call("gone")], NOW)
    assert found.text == "orders/v1 is still called by gone: 3 calls, last 2026-11-22"


def test_taking_a_version_out_is_retiring_it():
    for old, new in ((LANDS["published"], land(v2="published")), (LANDS["published"], LANDS["draft"])):
        assert ended(old, new) == (("orders", 1),)


def test_blocking_is_no_retirement():
    assert ended(LANDS["published"], LANDS["blocked"]) == ()


@given(
    st.sampled_from(STATES),
    st.sampled_from(STATES),
    st.lists(st.builds(call, st.sampled_from(["a", "b"]), days=st.floats(0, 60), version=st.sampled_from([1, 2]))),
)
def test_exactly_those_who_called_lately_are_named(old, new, seen):
    """And a change that ends nothing is never held up."""
    found = still_used(LANDS[old], LANDS[new], seen, NOW)
    ends = old in {"published", "deprecated"} and new in {"retired", "draft"}
    lately = {each.consumer for each in seen if each.version == 1 and NOW - each.last_seen <= OBSERVED}
    assert {each.consumer for each in found} == (lately if ends else set())
    assert len(found) == len({each.consumer for each in found})
