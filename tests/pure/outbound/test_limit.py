"""The controller on simulated far sides: a few workers, one queue, calls that take a while."""

from __future__ import annotations

import heapq
import random
from collections.abc import Callable

import pytest

from tillway.outbound.governor.latency import Latencies, kind
from tillway.outbound.governor.limit import FIRST, SECOND, Found, Sample, allowed, ceiling, measured

TELL = 0.5
"""Simulated seconds between two words."""

CALL = kind("read", 100, 1000)


class Queue:
    """A far side: so many workers, exponential-ish service around `service(now)` seconds; `strangers` of the workers
    are busy with its own users.
    """

    def __init__(self, workers: Callable[[float], int], service: Callable[[float], float], *, most: int) -> None:
        self.workers, self.service, self.most = workers, service, most
        self.found, self.latencies, self.chance = Found(min(FIRST, float(most))), Latencies(), random.Random(11)
        self.history: list[tuple[float, int]] = []

    def run(self, seconds: float, demand: int = 1_000) -> Queue:
        """As many callers as `demand`, each asking again at once."""
        now, told, running, ends, free = 0.0, 0.0, 0, [], []
        area, since = 0.0, 0.0
        while now < seconds:
            free = [end for end in free if end > now]
            while running < min(demand, allowed(self.found, self.most)):
                free = sorted(end for end in free if end > now)
                workers = self.workers(now)
                start = now if len(free) < workers else free[len(free) - workers]
                end = start + self.service(now) * self.chance.uniform(0.8, 1.2)
                free.append(end)
                heapq.heappush(ends, (end, now, running == 0))
                area, since, running = area + running * (now - since), now, running + 1
            now, began, alone = heapq.heappop(ends)
            area, since, running = area + running * (now - since), now, running - 1
            self.latencies.seen(CALL, now - began, now, alone=alone and running == 0)
            if now - told >= TELL:
                at = round((now + 1) * SECOND)
                self.found = measured(self.found, self.latencies.told(), area / (now - told), self.most, at)
                told, area = now, 0.0
                self.history.append((now, allowed(self.found, self.most)))
        return self

    def mean(self, after: float, before: float = 1e9) -> float:
        told = [limit for at, limit in self.history if after <= at < before]
        return sum(told) / len(told)


@pytest.mark.parametrize("workers", [2, 4, 8])
def test_it_settles_near_the_workers_that_there_are(workers: int) -> None:
    """The ceiling promises 24; the queue says otherwise."""
    queue = Queue(lambda _: workers, lambda _: 0.05, most=24).run(120)
    assert workers * 0.75 <= queue.mean(30) <= workers * 1.5 + 0.5
    assert max(limit for at, limit in queue.history if at > 30) <= workers * 1.5 + 1


def test_it_stays_at_the_ceiling_while_nothing_queues() -> None:
    queue = Queue(lambda _: 8, lambda _: 0.05, most=6).run(60)
    assert queue.mean(5) == 6


def test_it_makes_room_when_the_far_side_has_less_and_comes_back() -> None:
    queue = Queue(lambda now: 2 if 60 <= now < 120 else 6, lambda _: 0.05, most=6).run(200)
    assert queue.mean(20, 60) >= 5
    assert queue.mean(75, 120) <= 3.5
    assert queue.mean(160) >= 4.5


def test_a_far_side_that_is_slow_altogether_is_not_taken_for_a_queue_for_ever() -> None:
    """A cold start, a backup: each call takes five times as long, however few there are."""
    queue = Queue(lambda _: 6, lambda now: 0.25 if now > 30 else 0.05, most=6).run(200)
    assert queue.mean(120) >= 4


def test_unused_permits_prove_nothing() -> None:
    found = Found(3.0, starting=False)
    for second in range(1, 60):
        found = measured(found, Sample(20, 0.0, 1.0), 1.0, 8, second * SECOND)
    assert allowed(found, 8) == 3


def test_one_slow_call_is_no_queue_and_one_judgement_halves_at_most() -> None:
    found = measured(Found(8.0, since=1), Sample(1, 5.0, 9.0), 8.0, 8, 2 * SECOND)
    assert allowed(found, 8) == 8
    assert allowed(measured(Found(8.0, since=1), Sample(20, 100.0, 9.0), 8.0, 8, 2 * SECOND), 8) == 4


@pytest.mark.parametrize(
    ("workers", "share", "ours"),
    [
        (1, 0.2, 1),
        (2, 0.2, 1),
        (3, 0.2, 2),
        (4, 0.2, 3),
        (5, 0.2, 4),
        (10, 0.2, 8),
        (10, 0.5, 5),
        (2, 0.9, 1),
        (4, 0, 4),
    ],
)
def test_its_own_users_keep_their_share(workers: int, share: float, ours: int) -> None:
    assert ceiling(workers, share) == ours
