"""What agrees, what is a break and of which type, and what is only on its way."""

from __future__ import annotations

from decimal import Decimal

import pytest
from tests.pure.reconcile.samples import NOW, RULE, YOUNG, entry

from tillway.reconcile import Finding, judge


def told(left, right):
    return [verdict if isinstance(verdict, str) else verdict.type for verdict in judge(left, right, RULE)]


HERE = {"name": "n", "email": "e"}

CASES = {
    "equal": ([entry()], [entry()], ["matched"]),
    "a cent within the tolerance": ([entry()], [entry(amount="10.05")], ["matched"]),
    "beyond the tolerance": ([entry()], [entry(amount="10.06")], ["amount"]),
    "a cent a line of its own": ([entry(slack=Decimal("0.02"))], [entry(amount="10.07")], ["matched"]),
    "known here only": ([entry()], [], ["missing-right"]),
    "known there only": ([], [entry()], ["missing-left"]),
    "known here only, just now": ([entry(at=YOUNG)], [], ["in-process"]),
    "known there only, just now": ([], [entry(at=YOUNG)], ["in-process"]),
    "on its way for a day": ([entry(settled=False)], [], ["late"]),
    "on its way, there as a draft, for a day": ([entry()], [entry(settled=False, meaning="draft")], ["late"]),
    "a draft of just now": ([entry(at=YOUNG)], [entry(at=YOUNG, settled=False)], ["in-process"]),
    "twice there": ([entry()], [entry(), entry()], ["matched", "duplicate"]),
    "twice there, one of another amount": ([entry()], [entry(amount="7.00"), entry()], ["matched", "duplicate"]),
    "twice there and not here": ([], [entry(), entry()], ["missing-left", "duplicate"]),
    "called off there": ([entry(meaning="confirmed")], [entry(meaning="cancelled")], ["mapping"]),
    "called off here and never there": ([entry(meaning="cancelled", required=False)], [], ["matched"]),
    "another currency": ([entry()], [entry(currency="USD")], ["mapping"]),
    "no price is known here": ([entry(amount=None)], [entry()], ["mapping"]),
    "no amount on either side": ([entry(amount=None)], [entry(amount=None)], ["matched"]),
    "other fields": (
        [entry(amount=None, content=HERE)],
        [entry(amount=None, content=HERE | {"email": "x"})],
        ["content"],
    ),
    "a field that one side cannot tell": (
        [entry(amount=None, content=HERE)],
        [entry(amount=None, content={"name": "n"})],
        ["matched"],
    ),
    "other fields, of just now": (
        [entry(amount=None, content=HERE)],
        [entry(amount=None, content={"name": "x"}, at=YOUNG)],
        ["in-process"],
    ),
    "put away there": (
        [entry(amount=None, content=HERE, meaning="active")],
        [entry(amount=None, content=HERE, meaning="archived")],
        ["mapping"],
    ),
    "no age: only the present counts": ([entry(at=None)], [], ["missing-right"]),
}


@pytest.mark.parametrize("case", CASES, ids=str)
def test_each_unit_is_one_thing(case):
    left, right, expected = CASES[case]
    assert told(left, right) == expected


def test_at_stake_is_the_difference_or_all_that_one_side_lacks():
    (amount,) = judge([entry()], [entry(amount="12.50")], RULE)
    (missing,) = judge([entry(amount="-10.00")], [], RULE)
    assert isinstance(amount, Finding)
    assert isinstance(missing, Finding)
    assert (amount.at_stake, missing.at_stake) == (Decimal("2.50"), Decimal("10.00"))


def test_copies_are_one_break_of_as_many_units():
    _, copies = judge([entry()], [entry(), entry(amount="7.00"), entry(amount="5.00")], RULE)
    assert isinstance(copies, Finding)
    assert (copies.type, copies.units, copies.at_stake) == ("duplicate", 2, Decimal("12.00"))


def test_the_cut_off_is_counted_from_the_moment_that_is_compared():
    border = NOW - RULE.cut_off
    assert told([entry(at=border)], []) == ["missing-right"]


def test_of_other_fields_their_names_are_told_and_nothing_else():
    left = entry(amount=None, content=HERE)
    (found,) = judge([left], [entry(amount=None, content={"name": "x", "email": "y"})], RULE)
    assert isinstance(found, Finding)
    assert (found.detail, found.at_stake) == ("not the same: email, name", Decimal(0))
