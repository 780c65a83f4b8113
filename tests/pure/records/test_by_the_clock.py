"""Prices that change because it became time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from tests.pure.retail.samples import price_list, product, rule

from tillway.records.by_the_clock import concerned, decide_by_the_clock, next_turn, turning
from tillway.records.tracing import Cause

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
SECOND = timedelta(seconds=1)
SHIRT = product("SHIRT", "20.00", variant="1", template="1")
CAP = product("CAP", "9.00", variant="2", template="2")
SALE = rule(1, scope="variant", target="1", fixed="15.00", starts_at=NOON, ends_at=NOON + HOUR)


def told(*lists, since, at, products=(SHIRT, CAP)):
    events = decide_by_the_clock(products, lists, since=since, at=at, cause=Cause(correlation="c"))
    return [(event.subject, event.data["lists"], event.data["prices"][0]["amount"]) for event in events]


def test_a_rule_that_begins_and_one_that_ends_change_the_price_of_their_product():
    lists = (price_list(SALE),)
    assert told(*lists, since=NOON - SECOND, at=NOON) == [("SHIRT", ["1"], "15.00")]
    assert told(*lists, since=NOON, at=NOON + HOUR) == []  # the last second belongs to it
    assert told(*lists, since=NOON, at=NOON + HOUR + SECOND) == [("SHIRT", ["1"], "20.00")]


def test_what_began_and_ended_unseen_is_not_told():
    assert told(price_list(SALE), since=NOON - HOUR, at=NOON + 2 * HOUR) == []


def test_lists_that_start_from_it_are_named_in_the_same_event():
    above = price_list(
        rule(2, kind="percentage", fixed=None, percent="10", base="other-list", base_list="1"), number="2"
    )
    assert told(price_list(SALE), above, since=NOON - SECOND, at=NOON) == [("SHIRT", ["1", "2"], "15.00")]


def test_a_rule_from_a_quantity_on_is_a_change_though_one_unit_costs_the_same():
    dozen = rule(1, min_quantity="12", fixed="12.00", starts_at=NOON)
    assert told(price_list(dozen), since=NOON - SECOND, at=NOON, products=(SHIRT,)) == [("SHIRT", ["1"], "20.00")]


def test_a_rule_that_changes_no_price_and_a_product_not_sold_any_more_are_not_told():
    same = rule(1, scope="variant", target="1", fixed="20.00", starts_at=NOON)
    assert told(price_list(same), since=NOON - SECOND, at=NOON) == []
    gone = product("SHIRT", "20.00", variant="1", template="1", active=False)
    assert told(price_list(SALE), since=NOON - SECOND, at=NOON, products=(gone,)) == []


def test_the_next_turn_is_the_first_beginning_or_end_ahead():
    lists = (price_list(SALE, rule(2)), price_list(rule(3, starts_at=NOON + 3 * HOUR), number="2"))
    turns = [NOON - HOUR]
    while (following := next_turn(lists, turns[-1])) is not None:
        turns.append(following)
    assert turns[1:] == [NOON, NOON + HOUR + SECOND, NOON + 3 * HOUR]
    assert turning(lists, NOON - SECOND, NOON) == {SALE}
    assert [concerned(each, lists, frozenset({SALE})) for each in (SHIRT, CAP)] == [True, False]
