from __future__ import annotations

from math import ceil, log2

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tillway.connectors.odoo.bisection import BYTES_MAX, SALES_MAX, Parts, after, fitting, most_after

WAITING = st.lists(st.tuples(st.sampled_from("abcdefghijklmnopqrstuvwxyz"), st.integers(1, BYTES_MAX * 2)), max_size=40)
BATCHES = st.integers(1, SALES_MAX).flatmap(
    lambda count: st.tuples(st.just(count), st.sets(st.integers(0, count - 1)), st.sets(st.integers(0, count - 1)))
)


def sent(parts: Parts[int], bad: set[int], unanswered: set[int]) -> tuple[dict[int, str], int]:
    """What becomes of each, and how many calls it took, over there where calls are taken whole or not at all."""
    outcomes: dict[int, str] = {}
    calls = 0
    while parts:
        calls += 1
        part = set(parts[0])
        word = "unknown" if part & unanswered else "refused" if part & bad else "booked"
        parts, answered = after(parts, refused=word == "refused")
        assert not outcomes.keys() & set(answered)
        outcomes |= dict.fromkeys(answered, word)
    return outcomes, calls


@given(BATCHES)
@example((20, {0, 19}, set()))
@example((1, {0}, set()))
def test_the_good_are_booked_whatever_the_bad_and_each_has_one_outcome(
    batch: tuple[int, set[int], set[int]],
) -> None:
    count, bad, _ = batch

    outcomes, calls = sent((tuple(range(count)),), bad, set())

    assert outcomes == {each: "refused" if each in bad else "booked" for each in range(count)}
    assert calls <= 1 + 2 * len(bad) * ceil(log2(count))


@given(BATCHES)
def test_what_went_unanswered_is_unknown_for_all_that_went_together_and_nobody_is_left_out(
    batch: tuple[int, set[int], set[int]],
) -> None:
    count, bad, unanswered = batch

    outcomes, calls = sent((tuple(range(count)),), bad - unanswered, unanswered)

    assert outcomes.keys() == set(range(count))
    assert {each for each in unanswered if outcomes[each] != "unknown"} == set()
    assert {each for each in bad - unanswered if outcomes[each] == "booked"} == set()
    assert calls <= 2 * count - 1


def test_halves_keep_the_order() -> None:
    parts, answered = after(((1, 2, 3, 4, 5), (6,)), refused=True)

    assert (parts, answered) == (((1, 2, 3), (4, 5), (6,)), ())


@given(WAITING, st.integers(1, SALES_MAX))
def test_what_goes_together_is_the_oldest_within_count_and_bytes_each_once(
    waiting: list[tuple[str, int]], most: int
) -> None:
    chosen = fitting(waiting, most)

    names = [waiting[place][0] for place in chosen]
    assert chosen == sorted(chosen)
    assert len(set(names)) == len(names) <= most
    assert len(chosen) < 2 or sum(waiting[place][1] for place in chosen) <= BYTES_MAX
    assert chosen[:1] == [0][: len(waiting)]
    before = chosen[-1] if chosen else 0
    assert {name for name, _ in waiting[:before]} <= set(names)


@given(WAITING, st.integers(1, SALES_MAX))
def test_everybody_goes_at_last(waiting: list[tuple[str, int]], most: int) -> None:
    gone = 0
    left = list(waiting)
    while chosen := fitting(left, most):
        gone += len(chosen)
        left = [each for place, each in enumerate(left) if place not in chosen]

    assert gone == len(waiting)


def test_too_large_for_others_goes_alone() -> None:
    assert fitting([("a", BYTES_MAX * 3), ("b", 1)], SALES_MAX) == [0]
    assert fitting([("a", 1), ("b", BYTES_MAX), ("c", 1)], SALES_MAX) == [0]


@pytest.mark.parametrize(
    ("most", "sent", "trouble", "then"),
    [
        (20, 16, True, 8),
        (8, 3, True, 1),
        (2, 2, True, 1),
        (1, 1, True, 1),
        (20, 1, True, 20),
        (1, 1, False, 2),
        (2, 1, False, 2),
        (8, 8, False, 16),
        (16, 16, False, SALES_MAX),
    ],
)
def test_fewer_go_together_after_trouble_and_more_again_after_success(
    most: int, sent: int, trouble: bool, then: int
) -> None:
    assert most_after(most, sent, trouble=trouble) == then


@given(st.integers(2, SALES_MAX), st.data())
def test_one_that_always_brings_odoo_down_does_not_keep_the_others_out(count: int, data: st.DataObject) -> None:
    """However it is ordered, and whatever is tried again in each round: the others are booked."""
    fatal = data.draw(st.integers(0, count - 1))
    waiting = list(range(count))
    most = SALES_MAX
    rounds = 0
    while waiting != [fatal]:
        rounds += 1
        assert rounds <= 2 * ceil(log2(SALES_MAX)) + 1
        queue, waiting = data.draw(st.permutations(waiting)), []
        while queue:
            chosen = fitting([(str(each), 1) for each in queue], most)
            batch = [queue[place] for place in chosen]
            queue = [each for each in queue if each not in batch]
            most = most_after(most, len(batch), trouble=fatal in batch)
            if fatal in batch:
                waiting += batch


def test_sales_of_just_the_size_of_a_call_go_together() -> None:
    assert fitting([("a", BYTES_MAX - 1), ("b", 1), ("c", 1)], SALES_MAX) == [0, 1]
