from __future__ import annotations

from tillway.outbound.governor.turns import NONE, PATIENCE, RANKS, chosen, served


def served_of(waiting: tuple[int, ...], turns: int) -> list[int]:
    """How often each rank was served in so many turns while all these always wait."""
    counts, passed = [0] * RANKS, NONE
    for _ in range(turns):
        rank = chosen(waiting, passed)
        assert rank is not None
        counts[rank] += 1
        passed = served(rank, waiting, passed)
    return counts


def test_nobody_waits_nobody_is_served() -> None:
    assert chosen(NONE, (9, 9, 9, 99)) is None


def test_the_most_critical_goes_first() -> None:
    assert [chosen(waiting, NONE) for waiting in ((1, 1, 1, 1), (0, 1, 0, 9), (0, 0, 3, 1), (0, 0, 0, 1))] == [
        0,
        1,
        2,
        3,
    ]


def test_each_class_keeps_its_share_however_much_the_others_want() -> None:
    counts = served_of((1000, 1000, 1000, 1000), 2000)
    assert counts[0] > 1200
    assert all(count >= 2000 / (PATIENCE[rank] + RANKS) for rank, count in enumerate(counts))


def test_a_burst_in_the_background_leaves_nearly_all_to_orders() -> None:
    assert served_of((0, 5, 0, 100_000), 1000)[1] >= 940


def test_who_did_not_wait_was_not_passed_over() -> None:
    passed = NONE
    for _ in range(100):
        passed = served(0, (5, 0, 0, 0), passed)
    assert passed == NONE
