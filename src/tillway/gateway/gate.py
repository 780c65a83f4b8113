"""Who may enter a door that is full: by criticality, by how long the line is, by what the asker can wait for. Pure.

A door has a fixed number of slots for requests that are being handled. The less critical a request is, the fewer of
them it may use, so that there is always room for what is more critical; beyond them it waits in line, the most
critical first. It is refused at once when its turn would come too late: judged by how fast slots came free until now.
Times are seconds of one clock that never goes back.
"""

from __future__ import annotations

from typing import Final

CLASSES: Final = ("critical", "high", "normal", "low")
"""What is shed last comes first. A class is known by its place in here."""

SLOTS: Final = (24, 20, 16, 10)
"""Requests handled at once, by class. Four connections to Postgres are kept busy by sixteen; more only wait inside,
where nobody can let a more critical one pass."""

PATIENCE: Final = (5.0, 2.0, 1.0, 0.5)
"""Seconds that a request may wait, by class: in line, or in the loop's own queue. Beyond them it is refused."""

LINE_MAX: Final = (512, 384, 256, 128)
"""Requests in line, by class; each holds some 10 KB. A class counts all that stand in line."""

LATE_BEATS: Final = 3
"""The loop's delay counts once so many beats in a row were late: a single pause is no overload."""

RETRY_SECONDS_MAX: Final = 30.0

_WEIGHT: Final = 0.1  # of the newest duration in the mean
_FIRST_GUESS: Final = 0.01  # seconds a request takes, before anything was measured


class Gate:
    """What a door knows of its load: slots in use, the line by class, durations, and how late its loop is."""

    __slots__ = ("_late", "in_line", "running", "seconds")

    def __init__(self) -> None:
        self.running = 0
        self.in_line = [0] * len(CLASSES)
        self.seconds = _FIRST_GUESS
        self._late = [0.0] * LATE_BEATS

    def refusal(self, rank: int, seconds_left: float) -> float | None:
        """None: it may come in, or stand in line. Otherwise after how many seconds there should be room again.

        `seconds_left` is how long the asker waits for the answer.
        """
        lag = min(self._late)
        if self.running < SLOTS[rank] and lag < PATIENCE[-1] and lag < seconds_left:
            return None
        wait = self.wait(rank) + lag
        patience = PATIENCE[rank]
        if wait <= patience and wait < seconds_left and sum(self.in_line) < LINE_MAX[rank]:
            return None
        return min(RETRY_SECONDS_MAX, max(wait, self.drained(rank)))

    def free(self, rank: int) -> bool:
        """Whether a slot is free for this class and nobody as critical stands in line before it."""
        return self.running < SLOTS[rank] and not any(self.in_line[: rank + 1])

    def wait(self, rank: int) -> float:
        """Seconds until the turn of a request that comes now, by how fast slots came free until now."""
        if self.running < SLOTS[rank] and not any(self.in_line[: rank + 1]):
            return 0.0
        ahead = sum(self.in_line[: rank + 1]) + max(1, self.running - SLOTS[rank] + 1)
        return ahead * self.seconds / max(1, self.running)

    def drained(self, rank: int) -> float:
        """Seconds until all that stands in line is done and this class has room again."""
        ahead = sum(self.in_line) + max(0, self.running - SLOTS[rank] + 1)
        return ahead * self.seconds / max(1, self.running)

    def enter(self) -> None:
        """A slot is taken."""
        self.running += 1

    def leave(self, seconds: float) -> None:
        """A slot is free again; its request took so long."""
        self.running -= 1
        self.seconds += _WEIGHT * (seconds - self.seconds)

    def next(self) -> int | None:
        """The class whose first in line has a slot now, if any."""
        for rank, standing in enumerate(self.in_line):
            if standing and self.running < SLOTS[rank]:
                return rank
        return None

    def beat(self, late: float) -> None:
        """The loop came round this much (seconds) later than it was due."""
        self._late = [*self._late[1:], late]

    def rest(self) -> None:
        """Nobody came since the last beat."""
        self._late = [0.0] * LATE_BEATS


def rank_of(criticality: str, *, fact: bool) -> int:
    """The class of an operation. What already happened is as critical as anything."""
    return 0 if fact else CLASSES.index(criticality)
