"""Counting the messages of a story, and killing the hub at each of them."""

from __future__ import annotations

import asyncio
import random
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import Any

import pytest
from tests.crash.narrator import Point, Trigger
from tests.crash.story import Story
from tests.crash.waiting import LOOK_SECONDS
from tests.crash.world import World

TRIES = 4
"""A point may not come when the hub still remembers what it would have asked for; a crash makes it forget."""

SOON = 40
"""A second crash comes within so many points of the start, often while the first is still being recovered from."""

Make = Callable[[World], Story]


@dataclass
class Report:
    """What came of it."""

    points: int = 0
    crashes: int = 0
    seconds: float = 0.0
    missed: list[Point] = field(default_factory=list)
    wrong: dict[str, dict[str, Any]] = field(default_factory=dict)

    def __add__(self, other: Report) -> Report:
        return Report(
            points=self.points + other.points,
            crashes=self.crashes + other.crashes,
            seconds=self.seconds + other.seconds,
            missed=self.missed + other.missed,
            wrong=self.wrong | other.wrong,
        )

    def __str__(self) -> str:
        return f"{self.points} points, {self.crashes} crashes, {self.seconds:.0f} s"


REPORTS = pytest.StashKey[dict[str, Report]]()
"""Where tests leave what is to be told at the end, by kind of story."""


async def counted(world: World, make: Make) -> list[Point]:
    """The points of a story without a crash, in order. What is not said each time cannot be waited for, and falls out."""
    first = await _told(world, make)
    await world.forget()
    again = set(await _told(world, make))
    return [point for point in first if point in again]


async def _told(world: World, make: Make) -> list[Point]:
    """One story, as told by the wires: where each request arrived and each answer left."""
    story = make(world)
    world.narrator.begin()
    await story.tell()
    await story.over()
    told = list(world.narrator.told)
    wrong = await story.wrong()
    assert wrong == {}, wrong
    messages = {point.message for point in told}
    assert story.waymarks <= messages, sorted(messages)
    await story.after()
    return told


def moments(told: Sequence[Point]) -> list[Point]:
    """The points that differ. Pure.

    Between an answer and the next request of the same process nothing is said on any wire, so what a crash leaves
    behind is the same: "after the answer left" stands for "before the next request arrives".
    """
    found = []
    for earlier, point in zip([None, *told], told, strict=False):
        same = earlier is not None and earlier.when == "after" and earlier.worker == point.worker
        if point.when == "after" or not same:
            found.append(point)
    return found


async def enumerate_points(
    worlds: Sequence[World], make: Make, points: Sequence[Point], *, again: random.Random | None = None
) -> Report:
    """Kill at every point, each in a story of its own, as many at once as there are worlds.

    `again` gives chances for a second crash while the hub recovers from the first.
    """
    report, began = Report(), time.monotonic()
    left = deque(points)
    async with asyncio.TaskGroup() as group:
        for world in worlds:
            group.create_task(_work_off(world, make, left, report, again))
    report.seconds = time.monotonic() - began
    return report


async def _work_off(world: World, make: Make, left: deque[Point], report: Report, again: random.Random | None) -> None:
    while left:
        point = left.popleft()
        for _ in range(TRIES):
            second = [] if again is None else [after(again.randint(1, SOON))]
            if point in await _replay(world, make, [at(point), *second], report):
                report.points += 1
                break
            await world.forget()
        else:
            report.missed.append(point)


async def _replay(world: World, make: Make, triggers: Sequence[Trigger], report: Report) -> list[Point]:
    """One story with crashes; where they came."""
    story = make(world)
    world.narrator.begin()
    client = asyncio.create_task(story.tell())
    crashes = world.narrator.crashes
    try:
        for trigger in triggers:
            world.narrator.arm(trigger)
            while not (world.crashed or await story.is_over()):
                await asyncio.sleep(LOOK_SECONDS)
            if not world.crashed:
                break
            await world.recover()
        world.narrator.arm(None)
        await client
        await story.over()
    except BaseException as error:
        client.cancel()
        error.add_note(f"killed {' and '.join(map(str, crashes))}; the hub says:\n{world.hub.words()}")
        raise
    report.crashes += len(crashes)
    wrong = await story.wrong()
    if wrong:
        report.wrong[" and ".join(map(str, crashes))] = wrong
    await story.after()
    return crashes


def at(point: Point) -> Trigger:
    """At this point."""
    return lambda reached: reached == point


def after(number: int) -> Trigger:
    """At the point of this number from now, whichever it is."""
    numbers = count(1)
    return lambda _: next(numbers) == number
