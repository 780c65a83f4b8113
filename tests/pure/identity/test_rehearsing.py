"""Policies are tested like code, and decisions explained without anybody asking."""

from __future__ import annotations

from datetime import timedelta

import pytest
from tests.pure.identity.test_deciding import BOX, FORBID, NETWORKS, REGIONS, _operation, known
from tests.pure.identity.who import NOW, landscape

from tillway.identity import Circumstances, explain, facts_of_consumer, rehearse
from tillway.landscape import InvalidLandscape, cases, read_cases

TESTS = """
tests:
  - name: the web shop places orders
    principal: webshop
    action: placeOrder
    expect: allow
    by: [tillway.scope]
  - name: not at night
    principal: webshop
    action: placeOrder
    context: {hour: 3, weekday: sunday, network: stores, step_up: true}
    expect: deny
    by: [own]
  - name: the till touches its own shop
    principal: till
    action: touch
    resource: hamburg
    expect: allow
  - name: support reads nothing personal
    principal: {kind: person, roles: [support], scopes: ["orders:read"], shops: "*"}
    action: read
    resource: personal
    expect: deny
  - name: prices are told
    principal: {kind: machine, shop: berlin, event_types: [price.changed]}
    action: receive
    resource: price.changed
    expect: allow
"""
SCAPE = known(
    f"{FORBID} when {{ context.hour < 6 }};\n" + FORBID.replace("own", "idle") + " when { context.hour > 30 };",
    more=NETWORKS,
)


def rehearsed(tests: str):
    return rehearse(SCAPE, cases({"policies/tests/a.yaml": tests}, SCAPE))


def test_tests_that_hold_pass_and_name_the_policies_that_none_decided_by() -> None:
    found = rehearsed(TESTS)
    assert [outcome.wrong for outcome in found.outcomes] == [""] * 5
    assert found.passed
    assert [policy.id for policy in found.untested] == ["idle"]
    assert {policy.id for policy in found.untested_base} == {
        "tillway.all-events",
        "tillway.all-shops",
        "tillway.callers",
        "tillway.listed-classes",
        "tillway.open-classes",
    }


@pytest.mark.parametrize(
    ("change", "wrong"),
    [
        (("expect: allow\n    by", "expect: deny\n    by"), "expected deny, decided allow: by tillway.scope"),
        (("hour: 3", "hour: 13"), "expected deny, decided allow: by tillway.scope"),
        (
            ("expect: deny\n    by", "expect: allow\n    by"),
            "expected allow, decided deny: own forbids it: not like this",
        ),
        (("resource: hamburg", "resource: berlin"), "expected allow, decided deny: no policy permits it"),
        (("by: [own]", "by: [own, idle]"), "not decided by idle, but by own"),
    ],
)
def test_a_test_that_does_not_hold_says_what_was_decided(change: tuple[str, str], wrong: str) -> None:
    assert TESTS.count(change[0]) == 1
    found = rehearsed(TESTS.replace(*change))
    assert [outcome.wrong for outcome in found.outcomes if outcome.wrong] == [wrong]
    assert not found.passed


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (("principal: till", "principal: tillx"), r"a.yaml:14: .*there is no consumer 'tillx' \(did you mean till\?\)"),
        (("action: touch", "action: tuch"), "there is no action 'tuch'"),
        (("    resource: hamburg\n", ""), "is needed: one of the shops"),
        (("action: touch", "action: getOrder"), "is the operation's own"),
        (("by: [own]", "by: [ow]"), "there is no policy 'ow'"),
        (("network: stores", "network: sores"), "there is no network 'sores'"),
        (("hour: 3", "hour: 24"), "a.yaml:12: tests.1..context.hour|less than or equal to 23"),
        (("weekday: sunday", "weekday: someday"), "monday"),
        (("kind: person", "kind: cat"), "a.yaml:"),
        (("tests:", "checks:"), "unknown section"),
        (("    expect: allow\n    by", "    by"), "[Ff]ield required"),
    ],
)
def test_a_test_that_cannot_be_run_is_told_with_its_place(change: tuple[str, str], told: str) -> None:
    assert change[0] in TESTS
    with pytest.raises(InvalidLandscape, match=told):
        rehearsed(TESTS.replace(change[0], change[1], 1))


def test_tests_are_read_beside_the_policies(tmp_path) -> None:
    assert read_cases(tmp_path, SCAPE) == ()
    (tmp_path / "policies" / "tests").mkdir(parents=True)
    (tmp_path / "policies" / "tests" / "night.yaml").write_text(TESTS)
    found = read_cases(tmp_path, SCAPE)
    assert [case.name for case in found][:2] == ["the web shop places orders", "not at night"]
    assert (found[1].mark.file, found[1].mark.line) == ("policies/tests/night.yaml", 8)


def told(scape, consumer: str, operation: str, shop: str | None = None, **more):
    facts = facts_of_consumer(scape.consumer(consumer), scape)
    return explain(scape, facts, _operation(operation), shop=shop, now=more.pop("now", NOW), **more)


def test_a_decision_is_explained_by_its_policies() -> None:
    found = told(SCAPE, "webshop", "placeOrder", "berlin", peer="10.0.0.1")
    assert (found.allowed, [policy.id for policy in found.policies]) == (True, ["tillway.scope", "tillway.all-shops"])
    assert found.circumstances == Circumstances(11, "monday", "stores", False)
    assert found.reason.startswith("tillway.scope permits it: who has the scope")
    assert (found.reach.shops, sorted(found.reach.classes)) == (None, ["confidential", "internal", "public"])


@pytest.mark.parametrize(
    ("consumer", "operation", "shop", "reason"),
    [
        ("till", "getOrder", None, "its entry does not list the scope orders:read"),
        ("till", "placeOrder", "berlin", "the shop berlin: no policy permits it"),
    ],
)
def test_a_refusal_is_explained(consumer: str, operation: str, shop: str | None, reason: str) -> None:
    found = told(landscape(), consumer, operation, shop)
    assert (found.allowed, found.reason) == (False, reason)


def test_a_forbidding_policy_and_a_time_box_are_explained() -> None:
    night = NOW.replace(hour=2)
    found = told(SCAPE, "webshop", "placeOrder", now=night)
    assert (found.allowed, found.reason, found.policies[0].mark.file) == (
        False,
        "own forbids it: not like this",
        "policies/own.cedar",
    )
    boxed = told(known("", BOX), "webshop", "placeOrder", now=NOW + timedelta(days=9))
    assert (boxed.allowed, boxed.reason) == (False, "the access of webshop ended 2026-11-24T23:00:00Z")


def test_regions_count_for_described_principals() -> None:
    policies = '@id("x") forbid (principal, action, resource) when { principal.region == "north" };'
    scape = known(policies, REGIONS)
    test = "tests: [{name: n, principal: {kind: device, shop: hamburg}, action: touch, resource: hamburg, expect: deny, by: [x]}]"
    assert rehearse(scape, cases({"a.yaml": test}, scape)).passed
