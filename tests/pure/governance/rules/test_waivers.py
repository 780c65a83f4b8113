"""Waivers: what they are for, how they end, and what is told of those that are for nothing."""

from __future__ import annotations

from datetime import date

import pytest
from tests.pure.governance.rules.examples import report

from tillway.governance.rules.waiving import matches
from tillway.landscape import Waiver

OWNERLESS = "apis: {orders: {owner: somebody}, prices: {owner: nobody}}\n"


def waived(rule="owner-unknown", path="apis.orders.owner", expires="2027-03-01"):
    return (
        OWNERLESS
        + f"governance: {{waivers: [{{rule: {rule}, path: '{path}', reason: it moves in spring, owner: platform, expires: {expires}}}]}}"
    )


def told(found):
    return [f"{each.rule} {each.where}" for each in found.findings]


def test_a_waived_finding_is_told_apart_with_who_answers_for_it():
    found = report(waived())
    assert told(found) == ["owner-unknown apis.prices.owner"]
    (one,) = found.waived
    assert (one.finding.where, one.waiver.owner, one.waiver.reason) == (
        "apis.orders.owner",
        "platform",
        "it moves in spring",
    )


def test_a_waiver_ends_on_its_day():
    assert told(report(waived(), date(2027, 2, 28))) == ["owner-unknown apis.prices.owner"]
    assert set(told(report(waived(), date(2027, 3, 1)))) == {
        "owner-unknown apis.orders.owner",
        "owner-unknown apis.prices.owner",
        "waiver-expired governance.waivers[0]",
    }


def test_a_waiver_that_matches_nothing_is_a_finding():
    assert "waiver-idle governance.waivers[0]" in told(report(waived(path="apis.events")))


def test_a_waiver_of_no_rule_is_a_finding():
    assert "waiver-idle governance.waivers[0].rule" in told(report(waived(rule="no-such-rule")))


def test_no_waiver_waives_what_is_told_of_waivers():
    found = report(waived(rule="waiver-idle", path="governance*"))
    assert "waiver-idle governance.waivers[0]" in told(found)
    assert found.waived == ()


@pytest.mark.parametrize(
    ("path", "given", "expected"),
    [
        ("apis.orders", "apis.orders", True),
        ("apis.orders", "apis.orders.owner", True),
        ("apis.orders", "apis.orders-old.owner", False),
        ("apis.*.owner", "apis.orders.owner", True),
        ("apis.*", "apis.orders.calls[0]", True),
        ("apis.orders.calls", "apis.orders.calls[0]", True),
        ("*", "anything.at.all", True),
        ("apis", "service_levels.apis", False),
        ("apis.or.ers", "apis.orders", False),
    ],
)
def test_a_path_covers_what_lies_below_and_a_star_is_any_text(path, given, expected):
    waiver = Waiver(rule="some-rule", path=path, reason="r", owner="o", expires=date(2027, 1, 1))
    assert matches(waiver, "some-rule", given) is expected
    assert matches(waiver, "another-rule", given) is False
