"""The gate of a process that has the far side for itself."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from tillway.errors import TryAgain
from tillway.outbound import Client, Gate, Reply, Request, Terms, reach

LONG = 30.0
CRITICAL, HIGH, NORMAL, LOW = range(4)


class Far(Client):
    """A far side that answers when it is told to, and counts."""

    def __init__(self) -> None:
        super().__init__(reach([]))
        self.running = self.most = 0
        self.asked: list[str] = []
        self.free = asyncio.Semaphore(0)

    async def send(self, request: Request) -> Reply:
        self.running += 1
        self.most = max(self.most, self.running)
        self.asked.append(request.url)
        try:
            await self.free.acquire()
        finally:
            self.running -= 1
        return Reply(status=200)

    def answers(self, calls: int = 1_000_000) -> None:
        for _ in range(min(calls, 1000)):
            self.free.release()


def terms(rank: int = NORMAL, seconds: float = LONG, *touches: str) -> Terms:
    return Terms(rank=rank, seconds=seconds, what="read", touches=touches)


async def ask(gate: Gate, name: str, rank: int = NORMAL, seconds: float = LONG, *touches: str) -> None:
    await gate.send(terms(rank, seconds, *touches), lambda: Request(method="POST", url=name, changes=False))


async def until(true: object) -> None:
    async with asyncio.timeout(20):
        while not true():  # type: ignore[operator]
            await asyncio.sleep(0.001)


@asynccontextmanager
async def gated(most: int) -> AsyncIterator[tuple[Gate, Far]]:
    far = Far()
    gate = Gate.alone(far, most)
    try:
        yield gate, far
    finally:
        await gate.close()


async def test_the_most_critical_goes_first_and_equals_in_order_of_asking() -> None:
    async with gated(1) as (gate, far), asyncio.TaskGroup() as group:
        group.create_task(ask(gate, "first"))
        await until(lambda: far.asked)
        for name, rank in (
            ("report", LOW),
            ("refresh", NORMAL),
            ("sale", HIGH),
            ("sale 2", HIGH),
            ("checkout", CRITICAL),
        ):
            group.create_task(ask(gate, name, rank))
        await asyncio.sleep(0)
        far.answers()
    assert far.asked == ["first", "checkout", "sale", "sale 2", "refresh", "report"]


async def test_no_more_than_its_limit_are_under_way() -> None:
    async with gated(2) as (gate, far), asyncio.TaskGroup() as group:
        for number in range(20):
            group.create_task(ask(gate, str(number), HIGH))
        await until(lambda: far.running == 2)
        far.answers()
    assert (far.most, len(far.asked)) == (2, 20)


async def test_of_two_the_background_uses_one() -> None:
    async with gated(2) as (gate, far), asyncio.TaskGroup() as group:
        for number in range(5):
            group.create_task(ask(gate, str(number), LOW))
        await until(lambda: far.running == 1)
        group.create_task(ask(gate, "order", CRITICAL))
        await until(lambda: far.running == 2)
        assert far.asked == ["0", "order"]
        far.answers()
    assert far.most == 2


async def test_who_waits_too_long_is_told_and_nothing_was_sent() -> None:
    async with gated(1) as (gate, far), asyncio.TaskGroup() as group:
        group.create_task(ask(gate, "first"))
        await until(lambda: far.asked)
        with pytest.raises(TryAgain, match="read"):
            await ask(gate, "late", CRITICAL, 0.01)
        group.create_task(ask(gate, "next", LOW))
        far.answers()
    assert far.asked == ["first", "next"]


async def test_a_caller_that_gives_up_holds_nothing_back() -> None:
    async with gated(1) as (gate, far):
        tasks = [asyncio.create_task(ask(gate, str(number))) for number in range(3)]
        await until(lambda: far.asked)
        tasks[1].cancel()
        tasks[0].cancel()
        far.answers()
        await asyncio.gather(*tasks, return_exceptions=True)
    assert far.asked == ["0", "2"]


async def test_calls_that_touch_the_same_go_one_after_another_and_hold_no_permit_meanwhile() -> None:
    async with gated(3) as (gate, far), asyncio.TaskGroup() as group:
        for name in ("a", "b"):
            group.create_task(ask(gate, name, HIGH, LONG, "sku 1", "order 7"))
        group.create_task(ask(gate, "c", HIGH, LONG, "sku 2"))
        await until(lambda: far.running == 2)
        assert far.asked == ["a", "c"]
        far.answers()
    assert far.asked == ["a", "c", "b"]


async def test_after_an_urgent_call_the_only_permit_rests_for_the_next_step() -> None:
    """An order is several calls; a page of the catalogue between two of them would cost it that page each time."""
    async with gated(1) as (gate, far), asyncio.TaskGroup() as group:
        group.create_task(ask(gate, "write", HIGH))
        await until(lambda: far.asked)
        for number in range(3):
            group.create_task(ask(gate, f"page {number}", LOW))
        far.answers(1)
        await until(lambda: not far.running)
        await asyncio.sleep(0.002)
        group.create_task(ask(gate, "confirm", HIGH))
        far.answers()
    assert far.asked[:2] == ["write", "confirm"]
    assert len(far.asked) == 5


async def test_idle_permits_go_back_and_its_task_ends() -> None:
    async with gated(1) as (gate, far):
        far.answers()
        await ask(gate, "one")
        keeper = gate._keeper
        assert keeper is not None
        async with asyncio.timeout(20):
            await keeper
        await ask(gate, "another")
    assert far.asked == ["one", "another"]
