"""What a benchmark says: one line of JSON, from the rounds of both sides."""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable, Sequence
from statistics import median
from typing import Final

import msgspec

# Rounds of each side, alternating; the median of fewer says little on a machine that is not alone.
ROUNDS: Final = 5

_SMALL: Final = 10


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """One answer. `ratio` is ours over the yardstick's, of the medians as printed."""

    bench: str
    ours: float
    yardstick: float
    ratio: float
    unit: str
    note: str


def line(bench: str, ours: Sequence[float], yardstick: Sequence[float], *, unit: str, note: str) -> Line:
    """The line for these rounds. Pure; ValueError for fewer than three rounds of a side."""
    if min(len(ours), len(yardstick)) < 3:
        raise ValueError("at least three rounds of each side")
    mine, theirs = _shown(median(ours)), _shown(median(yardstick))
    return Line(
        bench=bench,
        ours=mine,
        yardstick=theirs,
        ratio=round(mine / theirs, 3),
        unit=unit,
        note=f"{note}; rounds: ours {_spread(ours)}, yardstick {_spread(yardstick)}",
    )


def load() -> str:
    """How busy this machine is, for notes: a figure from a machine that is not alone is a lower bound."""
    return f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores"


async def alternate(
    ours: Callable[[], Awaitable[float]], yardstick: Callable[[], Awaitable[float]], *, rounds: int = ROUNDS
) -> tuple[list[float], list[float]]:
    """Measure both sides in turns; each round begins with the other one, so that a drift meets both."""
    mine: list[float] = []
    theirs: list[float] = []
    for number in range(rounds):
        if number % 2:
            theirs.append(await yardstick())
            mine.append(await ours())
        else:
            mine.append(await ours())
            theirs.append(await yardstick())
    return mine, theirs


def _spread(values: Sequence[float]) -> str:
    return f"{_shown(min(values)):g} to {_shown(max(values)):g}"


def _shown(value: float) -> float:
    return round(value, 2 if abs(value) < _SMALL else (1 if abs(value) < _SMALL**3 else 0))
