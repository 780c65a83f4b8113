from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.pure.journal.recorded import NOON, recorded

from tillway.journal.parking import (
    HOLD_SCHEDULE,
    JITTER,
    PARKED_SCHEDULE,
    jittered,
    next_hold,
    next_parked,
    rest_of_hold,
    sort,
)

keys = st.sampled_from("abcde")


@given(st.lists(keys), st.sets(keys))
def test_sorting_divides_by_key_and_keeps_the_order(given_keys: list[str], parked: set[str]) -> None:
    events = [recorded(position, key) for position, key in enumerate(given_keys)]
    divided = sort(events, parked)
    assert {event.partitionkey for event in divided.behind} <= parked
    assert {event.partitionkey for event in divided.free}.isdisjoint(parked)
    assert sorted((*divided.free, *divided.behind), key=lambda event: event.position) == events
    assert list(divided.free) == sorted(divided.free, key=lambda event: event.position)
    assert list(divided.behind) == sorted(divided.behind, key=lambda event: event.position)


def test_parked_work_is_tried_less_and_less_often_and_then_waits_for_a_person() -> None:
    waits = [next_parked(attempts) for attempts in range(len(PARKED_SCHEDULE) + 2)]
    assert waits[:-2] == list(PARKED_SCHEDULE) == sorted(PARKED_SCHEDULE)
    assert waits[-2:] == [None, None]


@pytest.mark.parametrize(
    ("attempts", "asked", "seconds"),
    [(0, None, 0.2), (1, None, 1), (5, None, 60), (500, None, 60), (0, 7.0, 7), (5, 7.0, 60), (0, 0.0, 0.2)],
)
def test_a_hold_follows_the_schedule_or_what_the_far_side_asked_for(
    attempts: int, asked: float | None, seconds: float
) -> None:
    assert next_hold(attempts, asked) == timedelta(seconds=seconds)


def test_a_follower_may_bring_a_schedule_of_its_own() -> None:
    own = (timedelta(seconds=3), timedelta(hours=2))
    assert [next_hold(attempts, schedule=own) for attempts in range(3)] == [own[0], own[1], own[1]]


@given(st.integers(0, 20), st.none() | st.floats(0, 3600), st.floats(0, 1))
def test_a_hold_is_spread_a_little_and_never_earlier_than_asked(
    attempts: int, asked: float | None, random: float
) -> None:
    planned = HOLD_SCHEDULE[min(attempts, len(HOLD_SCHEDULE) - 1)]
    wait = next_hold(attempts, asked, random=random)
    assert wait >= timedelta(seconds=asked or 0)
    if wait > timedelta(seconds=asked or 0):
        assert abs(wait - planned) <= planned * JITTER + timedelta(microseconds=1)


def test_no_spread_in_the_middle() -> None:
    assert jittered(timedelta(seconds=10), 0.5) == timedelta(seconds=10)
    assert (jittered(timedelta(seconds=10), 0), jittered(timedelta(seconds=10), 1)) == (
        timedelta(seconds=9),
        timedelta(seconds=11),
    )


@pytest.mark.parametrize(
    ("until", "rest"), [(None, 0), (NOON - timedelta(seconds=1), 0), (NOON + timedelta(seconds=3), 3)]
)
def test_a_lane_taken_over_waits_the_rest_of_a_hold(until: object, rest: int) -> None:
    assert rest_of_hold(until, NOON) == timedelta(seconds=rest)
