"""How much slower a call was than it would be undisturbed, as one process knows it. Pure.

Calls differ a thousandfold, so each is compared with its own kind: model and method, and how large question and answer
were (in powers of two). What a kind takes undisturbed is learned from calls that ran alone; from others only slowly,
so that a lasting queue does not pass for normal.
"""

from __future__ import annotations

import math
from typing import Final

from tillway.outbound.governor.limit import Sample

KINDS_MAX: Final = 2_000
"""Kinds remembered; beyond them the oldest is forgotten and learned again."""

ALONE: Final = 0.1
"""Weight of a call that ran alone: ten of them tell the new truth of a far side that became slower or faster."""

RECENT: Final = 0.05
"""Weight of a call in the mean of late ones: when that is below what was known, it is the new truth; a single quick
call is not."""

SLOWER_SECONDS: Final = 600.0
"""Calls that ran beside others and were slower change what is known only over this time: a queue is not normal."""

Kind = tuple[str, int, int]


def kind(what: str, asked: int, answered: int) -> Kind:
    """What a call is compared with: its name, and the sizes of question and answer in bytes."""
    return what, asked.bit_length(), answered.bit_length()


class Latencies:
    """What one process has learned of one far side, and the sample it will tell next."""

    def __init__(self) -> None:
        self._usual: dict[Kind, tuple[float, float, float]] = {}
        self._calls = 0
        self._logs = 0.0
        self._seconds = 0.0

    def seen(self, kind: Kind, seconds: float, now: float, *, alone: bool) -> None:
        """One call was answered at `now`; `alone`: nothing else of ours was under way over there."""
        log = math.log(max(seconds, 1e-4))
        known = self._usual.get(kind)
        if known is None:
            if len(self._usual) >= KINDS_MAX:
                del self._usual[next(iter(self._usual))]
            self._usual[kind] = log, log, now
            return
        usual, recent, before = known
        recent += RECENT * (log - recent)
        if alone:
            usual += ALONE * (log - usual)
        elif recent < usual:
            usual = recent
        else:
            usual += min(1.0, (now - before) / SLOWER_SECONDS) * (recent - usual)
        self._usual[kind] = usual, recent, now
        self._calls += 1
        self._logs += log - usual
        self._seconds += seconds

    def told(self) -> Sample:
        """The sample since the last time."""
        sample = Sample(self._calls, self._logs, self._seconds)
        self._calls, self._logs, self._seconds = 0, 0.0, 0.0
        return sample
