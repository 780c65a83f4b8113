"""Breakers: a far side that does not answer is left alone for a while, instead of being asked again and again. Pure.

Closed: calls pass. After several failures in a row: open, calls are refused at once and say when to come again. After
that time: half-open, one call tries; if it goes well the breaker closes, else it stays open for twice as long.
Times are seconds of a clock that never goes back.
"""

from __future__ import annotations

from typing import Final

from tillway.errors import Unavailable

FAILURES: Final = 5
"""In a row: a restart of the far side loses one or two, a lossy line rarely three."""

OPEN_SECONDS: Final = 0.5
OPEN_SECONDS_MAX: Final = 5.0
"""How long it is left alone: the first time, and at most. Recovery is noticed within the longest."""

BREAKERS_MAX: Final = 10_000
"""Far sides remembered that failed lately; beyond them the oldest is forgotten, which only closes its breaker."""

DOWN: Final = frozenset({502, 503, 504})
"""Statuses by which something in front of the far side says that it is not there. Its own 500 is an answer."""


class Breaker:
    """One far side."""

    __slots__ = ("failures", "open_seconds", "open_until", "probing")

    def __init__(self) -> None:
        self.failures = 0
        self.open_seconds = 0.0
        self.open_until = 0.0
        self.probing = False

    def alone(self, now: float) -> float | None:
        """Seconds until a call may be tried; None: now."""
        return self.open_until - now if self.failures >= FAILURES and now < self.open_until else None

    def refusal(self, now: float) -> float | None:
        """Seconds until a call may be tried; None: this one may, and must be told of by `ended`."""
        if self.failures < FAILURES:
            return None
        if now < self.open_until:
            return self.open_until - now
        if self.probing:
            return OPEN_SECONDS
        self.probing = True
        return None

    def ended(self, *, well: bool | None, now: float) -> None:
        """A call that was let through has ended: well, badly, or (None) without a word on the far side's health."""
        self.probing = False
        if well is None:
            return
        if well:
            self.failures, self.open_seconds = 0, 0.0
            return
        self.failures += 1
        if self.failures >= FAILURES and now >= self.open_until:
            self.open_seconds = min(OPEN_SECONDS_MAX, 2 * self.open_seconds or OPEN_SECONDS)
            self.open_until = now + self.open_seconds


def left_alone(name: str, seconds: float) -> Unavailable:
    """The refusal, with the time to wait."""
    return Unavailable(f"{name} did not answer several times and is left alone for a while", retry_after=seconds)


class Breakers:
    """The breakers of one process by the name of the far side. Only far sides that failed are remembered."""

    def __init__(self) -> None:
        self._known: dict[str, Breaker] = {}

    def check(self, name: str, now: float) -> None:
        """Unavailable, with the time to wait, when the far side is left alone just now. Otherwise `ended` is owed."""
        breaker = self._known.get(name)
        wait = None if breaker is None else breaker.refusal(now)
        if wait is not None:
            raise left_alone(name, wait)

    def wait(self, name: str, now: float) -> float | None:
        """Seconds for which the far side is left alone, if it is; nothing is owed for asking."""
        breaker = self._known.get(name)
        return None if breaker is None else breaker.alone(now)

    def ended(self, name: str, *, well: bool | None, now: float) -> None:
        """How a call that passed `check` ended."""
        breaker = self._known.get(name)
        if breaker is None:
            if well is not False:
                return
            while len(self._known) >= BREAKERS_MAX:
                del self._known[next(iter(self._known))]
            breaker = self._known[name] = Breaker()
        breaker.ended(well=well, now=now)
        if well:
            del self._known[name]
