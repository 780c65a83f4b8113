from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tillway.journal import Follower
from tillway.journal.parking import HOLD_SCHEDULE, JITTER, jittered, next_hold, rest_of_hold
from tillway.subscriptions import SCHEDULE

NOW = datetime(2026, 11, 23, 10, 15, tzinfo=UTC)


def test_a_follower_holds_on_its_own_schedule_whose_last_wait_repeats() -> None:
    waits = [next_hold(attempts, schedule=SCHEDULE) for attempts in range(len(SCHEDULE) + 2)]

    assert waits == [*SCHEDULE, SCHEDULE[-1], SCHEDULE[-1]]
    assert next_hold(0) == HOLD_SCHEDULE[0]


def test_what_the_far_side_asks_for_counts_when_it_is_longer() -> None:
    assert next_hold(0, 17, schedule=SCHEDULE, random=0.0) == timedelta(seconds=17)
    assert next_hold(1, 17, schedule=SCHEDULE) == SCHEDULE[1]


@given(st.timedeltas(min_value=timedelta(0), max_value=timedelta(days=1)), st.floats(0, 1))
def test_a_wait_is_spread_by_a_tenth_at_most(wait: timedelta, random: float) -> None:
    spread = jittered(wait, random)

    assert abs(spread - wait) <= wait * JITTER + timedelta(microseconds=1)


def test_the_spread_reaches_both_ends() -> None:
    wait = timedelta(seconds=10)

    assert [jittered(wait, random).total_seconds() for random in (0.0, 0.5, 1.0)] == [9.0, 10.0, 11.0]


@pytest.mark.parametrize(("left", "waits"), [(None, 0), (-5, 0), (5, 5)])
def test_a_lane_taken_over_waits_out_the_hold_that_was_begun(left: int | None, waits: int) -> None:
    until = None if left is None else NOW + timedelta(seconds=left)

    assert rest_of_hold(until, NOW) == timedelta(seconds=waits)


def test_a_follower_needs_a_wait_to_hold_for() -> None:
    async def deliver(_: object) -> None:
        raise NotImplementedError

    with pytest.raises(ValueError, match="wait to hold"):
        Follower(name="f", types=None, owner="o", deliver=deliver, hold=())
