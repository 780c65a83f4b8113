"""An overdue review takes away little by little, and never what sells."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.pure.gateway.front_door import landscape

from tillway.identity import STANDINGS, overdue, standing, today_of
from tillway.landscape import Reviews

DUE = date(2027, 6, 30)
MACHINE, TILL = (landscape().consumers[name] for name in ("webshop", "till"))


def on(days, consumer=MACHINE, **reviews):
    return standing(consumer, Reviews(**reviews), DUE + timedelta(days=days))


@pytest.mark.parametrize(
    ("days", "expected"),
    [(-1, "ok"), (0, "ok"), (1, "warn"), (30, "warn"), (31, "throttle"), (90, "throttle"), (91, "suspend")],
)
def test_stages_come_one_after_the_other(days, expected):
    assert on(days) == expected


def test_grace_is_the_landscapes():
    assert on(5, warn_after_days=10) == "ok"
    assert on(1, throttle_after_days=0, suspend_after_days=0) == "suspend"


@given(st.integers(-1000, 4000), st.integers(0, 1000), st.integers(0, 1000), st.integers(0, 1000))
def test_it_never_gets_better_by_waiting_and_a_till_is_only_warned(days, warn, throttle, suspend):
    graces = {"warn_after_days": warn, "throttle_after_days": throttle, "suspend_after_days": suspend}
    today, tomorrow = on(days, **graces), on(days + 1, **graces)
    assert STANDINGS.index(today) <= STANDINGS.index(tomorrow)
    assert on(days, TILL, **graces) == ("ok" if today == "ok" else "warn")


def test_all_who_are_overdue_are_named():
    found = overdue(landscape(), DUE + timedelta(days=100))
    assert {name: each.standing for name, each in found.items()} == {"webshop": "suspend", "till": "warn"}
    assert overdue(landscape(), DUE) == {}


def test_a_day_begins_where_the_books_are_kept():
    assert today_of(landscape(), datetime(2027, 6, 30, 22, 30, tzinfo=UTC)) == date(2027, 7, 1)
