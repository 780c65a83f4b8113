"""How many calls at once a far side answers without a queue: found by measuring, never declared. Pure.

Each call's time is compared with what the same kind of call takes when nothing is in its way. Where n calls at once
take `slow` times as long, n / slow of them are being worked on and the rest only waits: that is the new limit at once
(as a multiplicative decrease does, but to the right place). While there is no queue and all permits are in use, one
more is tried now and then (additive increase), up to the ceiling.
Times are microseconds of one clock.
"""

from __future__ import annotations

import math
from typing import Final

import msgspec

SECOND: Final = 1_000_000

TOLERANCE: Final = 1.3
"""Times the undisturbed time: from here on calls wait for each other. Three calls at two workers take 1.5 times."""

WINDOW: Final = SECOND
SAMPLES: Final = 10
"""A judgement needs this long and so many calls: one slow call is no queue."""

PATIENT_WINDOW: Final = 10 * SECOND
"""A trickle of calls is judged after this time, with however many there were."""

GROWTH: Final = 5 * SECOND
"""Between two attempts at one more: long enough to see what the last one did."""

BUSY: Final = 0.8
"""More is tried only when at least this part of what is allowed is in use: unused permits prove nothing."""

STEEPEST: Final = 0.5
"""One judgement at most halves the limit, so that a hiccup does not close the door."""


class Sample(msgspec.Struct, frozen=True):
    """What one process saw since it last told: calls, the sum of the logarithms of how many times slower they were
    than undisturbed, and their seconds.
    """

    calls: int = 0
    logs: float = 0.0
    seconds: float = 0.0


class Found(msgspec.Struct, frozen=True):
    """The limit as it stands, and the window that is being measured. `latency` (seconds) and `slow` are the last
    window's means; `starting` until the first queue was seen.
    """

    limit: float
    moved: int = 0
    since: int = 0
    window: Sample = Sample()
    latency: float = 0.0
    slow: float = 1.0
    starting: bool = True


FIRST: Final = 2.0
"""The limit of a far side that was never called; it doubles with each window until a queue is seen."""


def ceiling(workers: int, share: float) -> int:
    """How many of a far side's workers are ours at most: its own users keep their share, at least one worker of two."""
    return workers if workers <= 1 or share == 0 else max(1, workers - max(1, math.ceil(workers * share)))


def allowed(found: Found, most: int) -> int:
    """Calls at once, as a whole number."""
    return max(1, min(most, math.floor(found.limit)))


def measured(found: Found, sample: Sample, running: float, most: int, now: int) -> Found:
    """The limit after a sample. `running` is how many calls were under way on average, over all processes."""
    window = Sample(
        found.window.calls + sample.calls,
        found.window.logs + sample.logs,
        found.window.seconds + sample.seconds,
    )
    since = found.since or now
    ripe = now - since >= (WINDOW if window.calls >= SAMPLES else PATIENT_WINDOW)
    if not (ripe and window.calls):
        return msgspec.structs.replace(found, limit=min(found.limit, most), since=since, window=window)
    slow, latency = math.exp(window.logs / window.calls), window.seconds / window.calls
    limit, moved = _moved(found, slow, running, most, now)
    starting = found.starting and slow <= TOLERANCE
    return Found(limit, moved, now, Sample(), latency, slow, starting)


def _moved(found: Found, slow: float, running: float, most: int, now: int) -> tuple[float, int]:
    limit = min(found.limit, float(most))
    if slow > TOLERANCE:
        worked_on = max(1.0, running / slow)
        return (max(1.0, limit * STEEPEST, worked_on), now) if worked_on < limit else (limit, now)
    if limit < most and running >= BUSY * allowed(found, most) and (found.starting or now - found.moved >= GROWTH):
        return min(float(most), 2 * limit if found.starting else math.floor(limit) + 1.0), now
    return limit, found.moved
