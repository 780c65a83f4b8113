"""The law: whatever the two sides hold, each unit comes out once, and matched + breaks = total."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.pure.reconcile.samples import NOW, OLD, RULE, entry, streamed

from tillway.errors import Misconfigured
from tillway.reconcile import Finding, Tally, grouped, joining, judge

ENTRIES = st.builds(
    entry,
    st.text("abcé", min_size=1, max_size=2),
    st.sampled_from([None, "10.00", "10.05", "10.06", "-3.00"]),
    at=st.sampled_from([None, OLD, NOW - RULE.cut_off, NOW, NOW + timedelta(hours=1)]),
    settled=st.booleans(),
    required=st.booleans(),
    meaning=st.sampled_from(["", "confirmed", "cancelled"]),
    currency=st.sampled_from(["EUR", "USD", None]),
    content=st.sampled_from([None, {}, {"email": "1", "name": "2"}, {"email": "3"}]),
)
SIDES = st.lists(ENTRIES, max_size=12).map(lambda found: sorted(found, key=lambda each: each.key))


async def compared(left, right):
    tally, findings = Tally(), []
    async for group in grouped(streamed(left), streamed(right)):
        verdicts = judge(group.left, group.right, RULE)
        tally = tally.with_group(group.left, group.right, verdicts)
        findings += [each for each in verdicts if isinstance(each, Finding)]
    return tally, findings


@given(SIDES, SIDES)
@settings(max_examples=300)
def test_matched_and_breaks_are_all_there_is(left, right):
    tally, findings = asyncio.run(compared(left, right))
    assert tally.adds_up
    # Counted once more, and otherwise: by key, from what went in.
    ours, theirs = Counter(each.key for each in left), Counter(each.key for each in right)
    units = sum(max(ours[key], theirs[key]) for key in ours.keys() | theirs.keys())
    assert tally.matched + tally.breaks + tally.in_process == units
    assert (tally.left, tally.right) == (len(left), len(right))
    assert tally.breaks == sum(found.units for found in findings)
    assert len({(found.key, found.type) for found in findings}) == len(findings)


@given(SIDES)
def test_a_side_agrees_with_itself_unless_something_is_not_finished(side):
    tally, findings = asyncio.run(compared(side, side))
    assert {found.type for found in findings} <= {"late"}
    assert tally.paired == len(side)


@given(SIDES, SIDES)
def test_exchanging_the_sides_exchanges_what_is_missing(left, right):
    one, _ = asyncio.run(compared(left, right))
    _, there = asyncio.run(compared(right, left))
    _, here = asyncio.run(compared(left, right))
    turned = {"missing-left": "missing-right", "missing-right": "missing-left"}
    missing = sorted((found.key, turned[found.type]) for found in here if found.type in turned)
    assert missing == sorted((found.key, found.type) for found in there if found.type in turned)
    assert one.adds_up


def test_a_side_that_is_out_of_order_is_refused():
    with pytest.raises(ValueError, match="the right side is not in the order"):
        asyncio.run(compared([], [entry("b"), entry("a")]))


def test_a_key_that_tells_nothing_apart_is_refused():
    many = [entry("a")] * (joining.GROUP_MAX + 1)
    with pytest.raises(Misconfigured, match="have one key"):
        asyncio.run(compared(many, []))
