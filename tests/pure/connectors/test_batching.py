"""Sales of one session go together while a call of it is under way, and each gets exactly its own outcome."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

import pytest

from tillway import clock
from tillway.connectors.odoo.batching import Batching, Lane, Parcel, together
from tillway.connectors.odoo.bisection import SALES_MAX
from tillway.errors import Invalid, OutcomeUnknown, Poison, TryAgain
from tillway.retail import Call, Criticality

HERE, THERE = Lane("till-1", "7"), Lane("till-2", "8")


class FarSide:
    """Takes calls whole or not at all, each when the test lets it."""

    def __init__(self) -> None:
        self.calls: list[str] = []
        self.bad: dict[str, Exception] = {}
        self.hidden: set[str] = set()
        self.gate = asyncio.Event()
        self.gate.set()
        self.reached = asyncio.Event()
        self.given_up = 0

    async def send(self, lane: Lane, parcels: Sequence[Parcel]) -> Mapping[str, Mapping[str, Any]]:
        self.calls.append("".join(each.sale for each in parcels))
        self.reached.set()
        try:
            await self.gate.wait()
        except asyncio.CancelledError:
            self.given_up += 1
            raise
        for each in parcels:
            if each.sale in self.bad:
                raise self.bad[each.sale]
        return {each.sale: {"uuid": each.sale, "lane": lane} for each in parcels if each.sale not in self.hidden}


def parcel(sale: str, *, seconds: float = 60, criticality: Criticality = Criticality.HIGH) -> Parcel:
    deadline = clock.now() + timedelta(seconds=seconds)
    call = Call(criticality=criticality, deadline=deadline, correlation=sale, reference=sale, company="1")
    return Parcel(sale=sale, payload={"uuid": sale}, touches=frozenset({f"sku {sale}"}), call=call)


class Till:
    """Brings sales, at once each, and keeps what became of them."""

    def __init__(self) -> None:
        self.far = FarSide()
        self.batching = Batching(self.far.send, clock.now)
        self.tasks: dict[str, asyncio.Task[Any]] = {}

    def bring(self, *sales: str, lane: Lane = HERE, **given: Any) -> None:
        for sale in sales:
            self.tasks[sale] = asyncio.create_task(self.batching.bring(lane, parcel(sale, **given)))

    async def under_way(self) -> None:
        """Wait until a call is under way over there."""
        async with asyncio.timeout(20):
            await self.far.reached.wait()
        self.far.reached.clear()

    async def outcomes(self) -> dict[str, Any]:
        async with asyncio.timeout(20):
            found = await asyncio.gather(*self.tasks.values(), return_exceptions=True)
        return {
            sale: type(each).__name__ if isinstance(each, Exception) else "booked" if each else "not shown"
            for sale, each in zip(self.tasks, found, strict=True)
        }


@pytest.fixture
async def till() -> Till:
    return Till()


async def test_one_alone_goes_at_once_and_those_who_come_meanwhile_go_together(till: Till) -> None:
    till.far.gate.clear()
    till.bring("a")
    await till.under_way()
    till.bring("b", "c", "d")
    await asyncio.sleep(0)
    till.far.gate.set()

    assert await till.outcomes() == dict.fromkeys("abcd", "booked")
    assert till.far.calls == ["a", "bcd"]


async def test_other_sessions_do_not_wait(till: Till) -> None:
    till.far.gate.clear()
    till.bring("a")
    await till.under_way()
    till.bring("b", lane=THERE)
    await till.under_way()

    assert till.far.calls == ["a", "b"]
    till.far.gate.set()
    assert await till.outcomes() == {"a": "booked", "b": "booked"}


@pytest.mark.parametrize("error", [Invalid("not fully paid"), Poison("wrong type")])
async def test_the_bad_one_is_refused_alone_and_the_others_are_booked(till: Till, error: Exception) -> None:
    till.far.bad = {"c": error}
    till.far.hidden = {"f"}
    till.bring(*"abcdef")

    booked = dict.fromkeys("abde", "booked")
    assert await till.outcomes() == booked | {"c": type(error).__name__, "f": "not shown"}
    assert till.far.calls == ["abcdef", "abc", "ab", "c", "def"]


async def test_an_unknown_outcome_is_unknown_for_all_and_fewer_go_together_next(till: Till) -> None:
    till.far.bad = {"b": OutcomeUnknown("no answer")}
    till.bring(*"abcd")

    assert await till.outcomes() == dict.fromkeys("abcd", "OutcomeUnknown")
    till.bring(*"abcd")
    assert await till.outcomes() == dict.fromkeys("ab", "OutcomeUnknown") | dict.fromkeys("cd", "booked")
    assert till.far.calls == ["abcd", "ab", "c", "d"]


async def test_no_more_go_together_than_may(till: Till) -> None:
    names = [chr(ord("a") + number) for number in range(SALES_MAX + 3)]
    till.bring(*names)

    assert set((await till.outcomes()).values()) == {"booked"}
    assert [len(each) for each in till.far.calls] == [SALES_MAX, 3]


async def test_whose_turn_does_not_come_in_time_was_not_sent(till: Till) -> None:
    till.far.gate.clear()
    till.bring("a")
    await till.under_way()
    till.bring("b", seconds=0.01)
    with pytest.raises(TryAgain):
        await till.tasks["b"]
    till.far.gate.set()

    assert (await till.outcomes(), till.far.calls) == ({"a": "booked", "b": "TryAgain"}, ["a"])


async def test_who_goes_away_is_left_out_and_the_others_are_booked(till: Till) -> None:
    till.far.gate.clear()
    till.bring("a", "b")
    await till.under_way()
    till.bring("c", "d")
    await asyncio.sleep(0)
    for gone in ("b", "c"):
        till.tasks.pop(gone).cancel()
    await asyncio.sleep(0)
    till.far.gate.set()

    assert (await till.outcomes(), till.far.calls) == ({"a": "booked", "d": "booked"}, ["ab", "d"])


async def test_a_call_that_nobody_waits_for_is_given_up_and_the_next_begins_anew(till: Till) -> None:
    till.far.gate.clear()
    till.bring("a", "b")
    await till.under_way()
    for task in till.tasks.values():
        task.cancel()
    await asyncio.gather(*till.tasks.values(), return_exceptions=True)
    till.tasks.clear()
    till.far.gate.set()
    till.bring("c")

    assert await till.outcomes() == {"c": "booked"}
    assert (till.far.calls, till.far.given_up) == (["ab", "c"], 1)


async def test_the_same_sale_twice_goes_once_in_a_call(till: Till) -> None:
    till.bring("a")
    again = asyncio.create_task(till.batching.bring(HERE, parcel("a")))

    assert await till.outcomes() == {"a": "booked"}
    assert (await again, till.far.calls) == ({"uuid": "a", "lane": HERE}, ["a", "a"])


def test_they_go_on_the_terms_of_the_one_in_the_greatest_hurry() -> None:
    calm, urgent = parcel("a", seconds=5), parcel("b", seconds=50, criticality=Criticality.CRITICAL)

    terms = together([calm.call, urgent.call])

    assert (terms.deadline, terms.criticality) == (calm.call.deadline, Criticality.CRITICAL)
