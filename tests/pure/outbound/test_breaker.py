from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tillway.errors import Unavailable
from tillway.outbound.breaker import FAILURES, OPEN_SECONDS, OPEN_SECONDS_MAX, Breaker, Breakers


def failed(times: int, now: float = 0.0) -> Breaker:
    breaker = Breaker()
    for _ in range(times):
        assert breaker.refusal(now) is None
        breaker.ended(well=False, now=now)
    return breaker


def test_failures_in_a_row_open_it_and_others_do_not() -> None:
    breaker = failed(FAILURES - 1)
    breaker.ended(well=True, now=0)
    for _ in range(FAILURES - 1):
        breaker.ended(well=False, now=0)
    assert breaker.refusal(0) is None
    breaker.ended(well=False, now=0)
    assert breaker.refusal(0) == OPEN_SECONDS


def test_half_open_lets_one_call_through() -> None:
    breaker = failed(FAILURES)
    assert breaker.refusal(OPEN_SECONDS) is None
    assert breaker.refusal(OPEN_SECONDS) == OPEN_SECONDS
    breaker.ended(well=True, now=OPEN_SECONDS)
    assert [breaker.refusal(OPEN_SECONDS) for _ in range(9)] == [None] * 9


def test_a_try_that_fails_doubles_the_pause_up_to_its_limit() -> None:
    breaker, now, pauses = failed(FAILURES), 0.0, []
    for _ in range(6):
        pause = breaker.refusal(now) or 0.0
        pauses.append(pause)
        now += pause
        assert breaker.refusal(now) is None
        breaker.ended(well=False, now=now)
    assert pauses == [0.5, 1.0, 2.0, 4.0, OPEN_SECONDS_MAX, OPEN_SECONDS_MAX]


def test_a_try_that_is_given_up_leaves_room_for_the_next() -> None:
    breaker = failed(FAILURES)
    assert breaker.refusal(OPEN_SECONDS) is None
    breaker.ended(well=None, now=OPEN_SECONDS)
    assert breaker.refusal(OPEN_SECONDS) is None


@given(st.lists(st.tuples(st.sampled_from([True, False, None]), st.floats(0, 3)), max_size=60))
def test_it_is_never_closed_to_all_for_longer_than_the_limit(story: list[tuple[bool | None, float]]) -> None:
    breaker, now = Breaker(), 0.0
    for well, pause in story:
        now += pause
        if breaker.refusal(now) is None:
            breaker.ended(well=well, now=now)
        assert breaker.refusal(now + OPEN_SECONDS_MAX) is None
        breaker.ended(well=None, now=now)


def test_far_sides_fail_alone_and_are_forgotten_when_well() -> None:
    breakers = Breakers()
    for _ in range(FAILURES):
        breakers.check("https://erp.example", 0)
        breakers.ended("https://erp.example", well=False, now=0)
    with pytest.raises(Unavailable) as refused:
        breakers.check("https://erp.example", 0.25)
    assert refused.value.retry_after == OPEN_SECONDS - 0.25
    breakers.check("https://hooks.example", 0.25)
    breakers.check("https://erp.example", 1)
    breakers.ended("https://erp.example", well=True, now=1)
    breakers.check("https://erp.example", 1)
