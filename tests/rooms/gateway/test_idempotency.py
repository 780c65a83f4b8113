"""One effect and one answer for however many repetitions, across nodes and crashes."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from datetime import timedelta
from itertools import count

import asyncpg
import pytest
from tests.pure.gateway.front_door import front, token

from tillway import clock
from tillway.errors import Conflict, OutcomeUnknown
from tillway.gateway import Answer, forget
from tillway.gateway.idempotency import KEPT
from tillway.postgres import Database, Part

ORDER = {"lines": [{"sku": "A", "quantity": "1"}]}
KEYS = (f"key-{number}" for number in count())


@pytest.fixture
async def effects(database):
    """Counts the effects of this test."""
    async with database.transaction() as tx:
        await tx.execute("CREATE TABLE IF NOT EXISTS public.effects (number int)")
        await tx.execute("TRUNCATE public.effects")

    async def counted():
        return await database.fetchval("SELECT count(*) FROM public.effects")

    return counted


def placing(database, *, before=None, within=None, after=None):
    """A handler with one effect and a new answer at every call; `within` runs before the commit, `after` behind it."""
    numbers = count(1)

    async def place(ask):
        number = next(numbers)
        answer = Answer(201, {"id": str(number)}, (("Location", f"/orders/v1/orders/{number}"),))
        if before is not None:
            await before(number)
        async with ask.transaction(database) as tx:
            tx.stage(Part("effect", "INSERT INTO public.effects VALUES ($1)", (number,)))
            ask.settle(tx, answer)
            if within is not None:
                await within(number)
        if after is not None:
            await after(number)
        return answer

    return place


async def ask(door, key, *, body=ORDER, consumer="webshop", kind="machine", scopes=("orders:write",)):
    return await door.ask(
        "POST",
        "/orders/v1/orders",
        json=body,
        token=token(consumer, kind=kind, scopes=scopes),
        headers={"Idempotency-Key": key} if key else {},
    )


async def test_a_repetition_gets_the_first_answer_and_has_no_effect(database, effects):
    door, key = front(placeOrder=placing(database), database=database), next(KEYS)
    first, second = await ask(door, key), await ask(door, key)
    assert (first.status, first.json) == (second.status, second.json) == (201, {"id": "1"})
    assert second.headers["location"] == "/orders/v1/orders/1"
    assert ("idempotency-replayed" in first.headers, second.headers["idempotency-replayed"]) == (False, "true")
    assert await effects() == 1


async def test_without_a_key_every_request_counts(database, effects):
    door = front(placeOrder=placing(database), database=database)
    assert [(await ask(door, None)).json["id"] for _ in range(2)] == ["1", "2"]
    assert await effects() == 2


async def test_a_key_used_for_other_content_is_refused(database, effects):
    door, key = front(placeOrder=placing(database), database=database), next(KEYS)
    await ask(door, key)
    reply = await ask(door, key, body={"lines": [{"sku": "B", "quantity": "1"}]})
    assert (reply.status, reply.json["type"]) == (422, "/problems/idempotency-key-reused")
    assert reply.json["violations"][0]["pointer"] == "/header/Idempotency-Key"
    assert await effects() == 1


async def test_two_consumers_may_use_the_same_key(database, effects):
    door, key = front(placeOrder=placing(database), database=database), next(KEYS)
    replies = await ask(door, key), await ask(door, key, consumer="till", kind="device")
    assert [reply.json["id"] for reply in replies] == ["1", "2"]
    assert await effects() == 2


async def test_of_many_at_once_on_several_nodes_one_has_the_effect(door_dsn, database, effects):
    async with Database(door_dsn, "node two") as other:
        doors = [front(placeOrder=placing(node), database=node) for node in (database, other)]
        key = next(KEYS)
        replies = await asyncio.gather(*[ask(doors[place % 2], key) for place in range(6)])
    assert {reply.status for reply in replies} == {201}
    assert len({reply.content for reply in replies}) == 1
    assert sorted("idempotency-replayed" in reply.headers for reply in replies) == [False] + [True] * 5
    assert await effects() == 1


@asynccontextmanager
async def claimed_elsewhere(dsn, key):
    """Another node is at work under this key, and gives it up in the end."""
    node = await asyncpg.connect(dsn)
    try:
        transaction = node.transaction()
        await transaction.start()
        await node.execute("INSERT INTO gateway.idempotency VALUES ('webshop', $1, '\\x00', 201, '[]', NULL)", key)
        yield node
        await transaction.rollback()
    finally:
        await node.close()


async def until_blocked(node):
    """Wait until somebody on this test's server waits for a lock."""
    async with asyncio.timeout(20):
        while not await node.fetchval("SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted)"):
            await asyncio.sleep(0.01)


async def test_an_identical_request_in_flight_is_waited_for(door_dsn, database, effects):
    door, key = front(placeOrder=placing(database), database=database), next(KEYS)
    async with claimed_elsewhere(door_dsn, key) as node:
        waiting = asyncio.create_task(ask(door, key))
        await until_blocked(node)
        assert not waiting.done()
    assert (await waiting).json == {"id": "1"}
    assert await effects() == 1


async def test_an_identical_request_in_flight_for_too_long_is_a_conflict(door_dsn, database, effects, monkeypatch):
    monkeypatch.setattr("tillway.gateway.ask.LONGEST_CUT_SECONDS", 0.2)
    door, key = front(placeOrder=placing(database), database=database), next(KEYS)
    async with claimed_elsewhere(door_dsn, key):
        reply = await ask(door, key)
    assert (reply.status, reply.json["type"], reply.headers["retry-after"]) == (409, "/problems/conflict", "2")
    assert await effects() == 0


async def test_a_crash_before_the_commit_leaves_neither_effect_nor_answer(database, effects):
    async def crash(number):
        if number == 1:
            raise RuntimeError("the node dies here")

    door, key = front(placeOrder=placing(database, within=crash), database=database), next(KEYS)
    assert (await ask(door, key)).status == 500
    assert await effects() == 0
    reply = await ask(door, key)
    assert (reply.json, "idempotency-replayed" in reply.headers) == ({"id": "2"}, False)
    assert await effects() == 1


@pytest.mark.parametrize("lost", [OutcomeUnknown(), RuntimeError("the node dies here")])
async def test_a_crash_after_the_commit_is_repaired_by_repeating(database, effects, lost):
    async def crash(number):
        if number == 1:
            raise lost

    door, key = front(placeOrder=placing(database, after=crash), database=database), next(KEYS)
    await ask(door, key)
    reply = await ask(door, key)
    assert (reply.status, reply.json, reply.headers["idempotency-replayed"]) == (201, {"id": "1"}, "true")
    assert await effects() == 1


async def test_an_unknown_outcome_is_looked_up_at_once(database, effects):
    async def crash(_number):
        raise OutcomeUnknown

    door, key = front(placeOrder=placing(database, after=crash), database=database), next(KEYS)
    assert (await ask(door, key)).json == {"id": "1"}
    assert await effects() == 1


async def test_a_repetition_that_would_now_be_refused_gets_its_first_answer(database, effects):
    async def sold_out(number):
        if number > 1:
            raise Conflict("sold out")

    door, key = front(placeOrder=placing(database, before=sold_out), database=database), next(KEYS)
    await ask(door, key)
    assert (await ask(door, key)).json == {"id": "1"}
    assert (await ask(door, next(KEYS))).status == 409
    assert await effects() == 1


async def test_a_refusal_is_not_kept(database, effects):
    async def opens_later(number):
        if number == 1:
            raise Conflict("closed")

    door, key = front(placeOrder=placing(database, before=opens_later), database=database), next(KEYS)
    assert [(await ask(door, key)).status for _ in range(2)] == [409, 201]


async def test_answers_without_a_body_are_kept_too(database):
    async def empty(asked):
        async with asked.transaction(database) as tx:
            asked.settle(tx, Answer(201))
        return Answer(201)

    door, key = front(placeOrder=empty, database=database), next(KEYS)
    replies = [await ask(door, key) for _ in range(2)]
    assert [(reply.status, reply.content) for reply in replies] == [(201, b"")] * 2


async def test_answers_are_forgotten_after_their_time(database, effects, monkeypatch):
    monkeypatch.setattr("tillway.gateway.idempotency.FORGET_LIMIT", 2)
    door, key = front(placeOrder=placing(database), database=database), next(KEYS)
    await ask(door, key)
    assert await forget(database, clock.now()) == 0
    kept = await database.fetchval("SELECT count(*) FROM gateway.idempotency")
    assert await forget(database, clock.now() + KEPT + timedelta(seconds=1)) == kept
    assert (await ask(door, key)).json == {"id": "2"}
