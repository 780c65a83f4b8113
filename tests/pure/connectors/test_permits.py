from __future__ import annotations

import asyncio

import pytest

from tillway.connectors.odoo import Permits
from tillway.errors import TryAgain
from tillway.retail import Criticality

LONG = 30.0


async def queue(permits: Permits, done: list[str], name: str, criticality: Criticality, seconds: float = LONG) -> None:
    async with permits.hold(criticality, seconds):
        done.append(name)


async def settle() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def test_the_most_critical_goes_first_and_equals_in_order_of_asking() -> None:
    permits, done, release = Permits(1), [], asyncio.Event()

    async def holder() -> None:
        async with permits.hold(Criticality.NORMAL, LONG):
            await release.wait()

    async with asyncio.TaskGroup() as group:
        group.create_task(holder())
        await settle()
        for name, criticality in (
            ("report", Criticality.LOW),
            ("refresh", Criticality.NORMAL),
            ("sale", Criticality.HIGH),
            ("second sale", Criticality.HIGH),
            ("checkout", Criticality.CRITICAL),
        ):
            group.create_task(queue(permits, done, name, criticality))
        await settle()
        held = list(done)
        release.set()

    assert (held, done) == ([], ["checkout", "sale", "second sale", "refresh", "report"])


async def test_no_more_than_its_number_are_held() -> None:
    permits, running, most = Permits(2), 0, 0

    async def work() -> None:
        nonlocal running, most
        async with permits.hold(Criticality.NORMAL, LONG):
            running += 1
            most = max(most, running)
            await settle()
            running -= 1

    await asyncio.gather(*(work() for _ in range(9)))

    assert most == 2


async def test_who_waits_too_long_is_told_and_leaves_the_queue() -> None:
    permits, done = Permits(1), []
    async with permits.hold(Criticality.NORMAL, LONG):
        with pytest.raises(TryAgain):
            await queue(permits, done, "late", Criticality.CRITICAL, 0.01)
    await queue(permits, done, "next", Criticality.LOW)

    assert done == ["next"]


async def test_a_permit_given_to_a_cancelled_waiter_goes_on_to_the_next() -> None:
    permits, done = Permits(1), []
    await permits._take(Criticality.NORMAL, LONG)
    first = asyncio.create_task(queue(permits, done, "first", Criticality.HIGH))
    second = asyncio.create_task(queue(permits, done, "second", Criticality.LOW))
    await settle()
    permits._give()
    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first
    await second

    assert done == ["second"]


def test_none_at_all_is_a_mistake() -> None:
    with pytest.raises(ValueError):
        Permits(0)


async def test_their_number_changes_while_they_are_held() -> None:
    """More let the next in at once; fewer take away nothing and let nobody in until there is room again."""
    permits, done = Permits(2), []
    release = [asyncio.Event() for _ in range(4)]

    async def hold(number: int) -> None:
        async with permits.hold(Criticality.NORMAL, LONG):
            done.append(number)
            await release[number].wait()

    async with asyncio.TaskGroup() as group:
        for number in range(4):
            group.create_task(hold(number))
        await settle()
        permits.resize(3)
        await settle()
        grown = list(done)
        permits.resize(1)
        for number in (0, 1):
            release[number].set()
        await settle()
        shrunk = list(done)
        for number in (2, 3):
            release[number].set()

    assert (grown, shrunk, done) == ([0, 1, 2], [0, 1, 2], [0, 1, 2, 3])
