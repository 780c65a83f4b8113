from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.pure.gateway.front_door import front, token

from tillway.contracts import load
from tillway.gateway import Answer
from tillway.gateway.admission import Admission, Overloaded
from tillway.gateway.gate import CLASSES, PATIENCE, SLOTS, Gate, rank_of

CRITICAL, HIGH, NORMAL, LOW = range(4)
OPERATION = next(operation for _, operation in load().operations() if operation.id == "listProducts")


def full(running: int, *, seconds: float = 1.0, in_line: tuple[int, ...] = (0, 0, 0, 0)) -> Gate:
    gate = Gate()
    gate.running, gate.seconds, gate.in_line = running, seconds, list(in_line)
    return gate


@pytest.mark.parametrize("rank", range(4))
def test_each_class_leaves_room_for_those_above(rank: int) -> None:
    """Up to its own slots a class comes in at once; the more critical ones still do."""
    assert full(SLOTS[rank] - 1, seconds=1000).refusal(rank, 10) is None
    assert full(SLOTS[rank], seconds=1000).refusal(rank, 10) is not None
    for above in range(rank):
        assert full(SLOTS[rank], seconds=1000).refusal(above, 10) is None


@given(st.integers(0, 60), st.floats(0.001, 20), st.lists(st.integers(0, 80), min_size=4, max_size=4), st.floats(0, 3))
def test_what_is_more_critical_is_never_refused_where_less_critical_is_let_in(running, seconds, in_line, lag) -> None:
    gate = full(running, seconds=seconds, in_line=tuple(in_line))
    for _ in range(3):
        gate.beat(lag)
    let_in = [gate.refusal(rank, 10.0) is None for rank in range(4)]
    assert let_in == sorted(let_in, reverse=True)


def test_a_line_is_as_long_as_patience_allows() -> None:
    """Sixteen slots at 100 ms each: ten a class-second and slot; 160 in line are a second."""
    gate = full(SLOTS[NORMAL], seconds=0.1)
    gate.in_line[NORMAL] = 100
    assert gate.refusal(NORMAL, 10) is None
    gate.in_line[NORMAL] = 200
    refused = gate.refusal(NORMAL, 10)
    assert refused == pytest.approx(201 * 0.1 / 16)


def test_a_deadline_that_cannot_be_kept_is_refused_at_once() -> None:
    gate = full(SLOTS[CRITICAL], seconds=1.0, in_line=(24, 0, 0, 0))
    assert gate.refusal(CRITICAL, 10) is None
    assert gate.refusal(CRITICAL, 0.9) == pytest.approx(25 / 24)


def test_one_late_beat_is_a_pause_and_three_are_an_overload() -> None:
    gate = Gate()
    for late in (9.0, 0.0, 9.0):
        gate.beat(late)
    assert gate.refusal(LOW, 10) is None
    for _ in range(3):
        gate.beat(PATIENCE[NORMAL] + 0.1)
    assert [gate.refusal(rank, 10) is None for rank in range(4)] == [True, True, False, False]
    gate.rest()
    assert gate.refusal(LOW, 10) is None


def test_facts_are_as_critical_as_anything() -> None:
    assert rank_of("low", fact=True) == CRITICAL
    assert [rank_of(each, fact=False) for each in CLASSES] == [0, 1, 2, 3]


async def test_slots_go_to_the_most_critical_in_line_then_in_order() -> None:
    admission = Admission(lambda _: None)
    for _ in range(SLOTS[CRITICAL]):
        await admission.enter(CRITICAL, 10)
    order: list[str] = []

    async def come(name: str, rank: int) -> None:
        await admission.enter(rank, 10)
        order.append(name)

    tasks = []
    for name, rank in (("high 1", HIGH), ("critical 1", CRITICAL), ("high 2", HIGH), ("critical 2", CRITICAL)):
        tasks.append(asyncio.ensure_future(come(name, rank)))
        await asyncio.sleep(0)
    gone = SLOTS[CRITICAL] - SLOTS[HIGH] + 4
    for _ in range(gone):
        admission.leave(0.01)
        await asyncio.sleep(0)
    await asyncio.gather(*tasks)
    assert order == ["critical 1", "critical 2", "high 1", "high 2"]
    assert admission.gate.running == SLOTS[CRITICAL] - gone + 4


async def test_who_gives_up_in_line_takes_no_slot_along() -> None:
    told: list[str] = []
    admission = Admission(told.append)
    for _ in range(SLOTS[CRITICAL]):
        await admission.enter(CRITICAL, 10)
    with pytest.raises(Overloaded) as refused:
        await admission.enter(CRITICAL, 0.01)
    assert refused.value.retry_after is not None
    leaving = asyncio.ensure_future(admission.enter(CRITICAL, 10))
    await asyncio.sleep(0)
    admission.leave(0.01)  # hands the slot over in the same turn of the loop in which the other one is cancelled
    leaving.cancel()
    with pytest.raises(asyncio.CancelledError):
        await leaving
    assert told == ["critical"]
    assert (admission.gate.running, admission.gate.in_line) == (SLOTS[CRITICAL] - 1, [0, 0, 0, 0])


async def test_a_full_door_sheds_the_catalogue_and_takes_the_order() -> None:
    """Sixteen slow pages fill the catalogue's share; the next is told when to come, an order comes through."""
    release = asyncio.Event()

    async def slow(_ask) -> Answer:
        await release.wait()
        return Answer(200)

    async def placed(_ask) -> Answer:
        return Answer(201)

    door = front(listProducts=slow, placeOrder=placed)
    pages = [
        asyncio.ensure_future(door.ask("GET", "/products/v1/products", token=token())) for _ in range(SLOTS[NORMAL])
    ]
    await asyncio.sleep(0)
    hurried = await door.ask("GET", "/products/v1/products", token=token(), headers={"X-Deadline-Ms": "1"})
    order = await door.ask("POST", "/orders/v1/orders", json={"lines": [{"sku": "A", "quantity": "1"}]}, token=token())
    polling = asyncio.ensure_future(door.ask("GET", "/events/v1/feed?wait=1", token=token()))
    release.set()
    assert hurried.status == 503
    assert hurried.json["type"] == "/problems/overloaded"
    assert int(hurried.headers["retry-after"]) >= 1
    assert order.status == 201
    assert {page.status for page in await asyncio.gather(*pages)} == {200}
    assert (await polling).status == 200


def test_a_deadline_that_is_no_number_is_left_to_the_schema() -> None:
    async def run() -> int:
        return Admission(lambda _: None).check(replace(OPERATION, criticality="low"), "soon")

    assert asyncio.run(run()) == LOW
