"""A handler's time: none is taken from one that answers at once, and one that waits is cut off whole."""

from __future__ import annotations

import asyncio

import pytest

from tillway.gateway.in_time import Late, in_time

LONG = 60.0


async def test_work_that_never_waits_answers_even_without_any_time():
    async def work() -> int:
        return 7

    assert await in_time(work(), 0.0) == 7


async def test_work_that_waits_in_several_places_answers():
    async def work() -> list[int]:
        await asyncio.sleep(0)
        asked = asyncio.ensure_future(asyncio.sleep(0, 2))
        return [1, await asked]

    assert await in_time(work(), LONG) == [1, 2]


async def test_work_that_is_late_is_cancelled_and_may_tidy_up():
    tidied = []

    async def work() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0)
            tidied.append(True)

    with pytest.raises(Late):
        await in_time(work(), 0.001)
    assert tidied == [True]


@pytest.mark.parametrize("waits", [False, True])
async def test_what_the_work_raises_is_raised_also_when_it_looks_like_being_late(waits):
    async def work() -> None:
        if waits:
            await asyncio.sleep(0)
        raise TimeoutError("of its own")

    with pytest.raises(TimeoutError, match="of its own"):
        await in_time(work(), LONG)


async def test_a_cancellation_from_outside_reaches_the_work():
    begun, seen = asyncio.Event(), []

    async def work() -> None:
        begun.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            seen.append("cancelled")
            raise

    task = asyncio.ensure_future(in_time(work(), LONG))
    await begun.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert seen == ["cancelled"]


async def test_the_work_sees_the_very_task_that_awaits_it_from_its_first_step():
    async def work() -> bool:
        before = asyncio.current_task()
        async with asyncio.timeout(LONG):
            await asyncio.sleep(0)
        return before is asyncio.current_task()

    assert await in_time(work(), LONG)
