"""The hub is killed with -9 before each request of a story arrives and after each answer left: effects stay single.

Postgres, the sandbox and the subscriber live on. The messages are counted on the wire, so that no point is forgotten
and the product knows nothing of it. `make fuzz` takes each side of each message, kills twice, and does it again.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import signal
from collections.abc import AsyncIterator
from functools import partial

import pytest
import pytest_asyncio
from tests.crash.enumeration import REPORTS, Make, Report, counted, enumerate_points, moments
from tests.crash.placing import Placing
from tests.crash.selling import Selling, assortment
from tests.crash.waiting import until
from tests.crash.world import World
from tests.postgres_cluster import RunningCluster

pytestmark = pytest.mark.asyncio(loop_scope="module")

WORLDS = 2
"""Retailers at once: while one waits for a lease the other starts its hub; more than cores only slows them down."""

FUZZ = bool(os.environ.get("TILLWAY_TEST_FUZZ"))
FUZZ_ROUNDS = 3


@pytest.fixture(scope="module")
def dsns(cluster: RunningCluster) -> list[str]:
    return [cluster.database() for _ in range(WORLDS)]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def worlds(dsns: list[str]) -> AsyncIterator[list[World]]:
    async with contextlib.AsyncExitStack() as closing:
        opening = (closing.enter_async_context(World(dsn)) for dsn in dsns)
        yield await asyncio.gather(*opening)


@pytest.fixture
def chance(pytestconfig: pytest.Config) -> random.Random:
    """Chances for second crashes; the same again with the same seed."""
    return random.Random(str(pytestconfig.getoption("hypothesis_seed")))


async def test_an_order_is_placed_once_wherever_the_hub_is_killed(
    worlds: list[World], chance: random.Random, pytestconfig: pytest.Config
) -> None:
    report = await killed_everywhere(worlds, Placing, chance)
    pytestconfig.stash[REPORTS]["order"] = report
    assert (report.missed, report.wrong) == ([], {})


async def test_a_sale_is_booked_once_wherever_the_hub_is_killed(
    worlds: list[World], chance: random.Random, pytestconfig: pytest.Config
) -> None:
    report = await killed_everywhere(worlds, partial(Selling, products=await assortment(worlds[0])), chance)
    pytestconfig.stash[REPORTS]["sale"] = report
    assert (report.missed, report.wrong) == ([], {})


async def test_nothing_outlives_a_killed_supervisor(worlds: list[World]) -> None:
    world = worlds[0]
    story = Placing(world)
    world.narrator.begin()

    async def begun() -> bool:
        return bool(world.narrator.told)

    client = asyncio.create_task(story.tell())
    await until(begun, "the story to begin")
    os.kill(world.hub.pid, signal.SIGKILL)
    await world.hub.gone()
    await world.recover()
    await client
    await story.over()
    assert await story.wrong() == {}


async def killed_everywhere(worlds: list[World], make: Make, chance: random.Random) -> Report:
    told = await counted(worlds[0], make)
    report = await enumerate_points(worlds, make, told if FUZZ else moments(told))
    for _ in range(FUZZ_ROUNDS if FUZZ else 0):
        report += await enumerate_points(worlds, make, told, again=chance)
    return report
