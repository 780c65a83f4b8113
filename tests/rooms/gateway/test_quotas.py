"""Quotas over several nodes on one real Postgres: each node has its own connections and knows nothing of the others."""

from __future__ import annotations

import asyncio
import math
import tempfile
import time
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import pytest
from tests.pure.gateway.front_door import landscape
from tests.rooms.postgres.relay import relayed

from tillway import clock
from tillway.contracts import load
from tillway.errors import TryAgain, Unavailable
from tillway.gateway import Budget, Quotas
from tillway.gateway.quota import QuotaExceeded
from tillway.postgres import Database

OPERATIONS = {operation.id: operation for _, operation in load().operations()}
READ = OPERATIONS["getProduct"]
FACT = OPERATIONS["recordSales"]


@asynccontextmanager
async def nodes(dsn: str, count: int):
    async with AsyncExitStack() as stack:
        yield [Quotas(await stack.enter_async_context(Database(dsn, f"node {number}"))) for number in range(count)]


async def admitted(node: Quotas, land, operation=READ, consumer="webshop") -> bool:
    try:
        await node.spend(consumer, operation, land)
    except QuotaExceeded:
        return False
    return True


async def test_nodes_together_admit_exactly_the_days_quota(door_dsn: str) -> None:
    """Five hundred requests at once over three nodes, a quota of two hundred: what one node keeps comes back."""
    land = landscape(webshop={"quotas": {"products": {"per_day": 200}}})
    async with nodes(door_dsn, 3) as three:
        first = await asyncio.gather(*(admitted(three[number % 3], land) for number in range(500)))
        for node in three:
            await node.tidy(clock.monotonic(), leaving=True)
        async with nodes(door_dsn, 1) as (fresh,):
            rest = [await admitted(fresh, land) for _ in range(250)]
    assert sum(first) + sum(rest) == 200


async def test_whoever_is_slowed_has_a_tenth_and_the_whole_for_what_is_critical(door_dsn: str) -> None:
    land = landscape(till={"quotas": {"products": {"per_day": 100}}})

    async def slowed(node: Quotas) -> bool:
        try:
            fields = dict(await node.spend("till", READ, land, slowed=True))
        except QuotaExceeded:
            return False
        return fields[b"ratelimit-policy"] == b'"day";q=10;w=86400'

    async with nodes(door_dsn, 2) as two:
        assert sum([await slowed(two[number % 2]) for number in range(30)]) == 10
        assert sum([await admitted(two[0], land, consumer="till") for _ in range(120)]) == 100


async def test_a_dead_node_takes_only_its_block_with_it(door_dsn: str) -> None:
    land = landscape(webshop={"quotas": {"orders": {"per_day": 40}}})
    operation = OPERATIONS["getOrder"]
    async with nodes(door_dsn, 2) as (dying, living):
        assert await admitted(dying, land, operation)  # holds ten, spent one
        rest = [await admitted(living, land, operation) for _ in range(60)]
    assert sum(rest) == 30


async def test_a_burst_is_never_more_than_allowed_and_the_rate_goes_on(door_dsn: str) -> None:
    land = landscape(webshop={"quotas": {"*": {"per_second": 100, "burst": 50}}})
    operation, counts = OPERATIONS["quotePrices"], [0, 0]
    async with nodes(door_dsn, 2) as both:
        began = time.monotonic()

        async def ask(number: int) -> None:
            while time.monotonic() < began + 1.0:
                counts[number] += await admitted(both[number], land, operation)
                await asyncio.sleep(0.001)

        await asyncio.gather(ask(0), ask(1))
        passed = time.monotonic() - began
    assert 50 < sum(counts) <= 50 + 100 * passed + 1


async def test_a_refusal_tells_when_and_a_fact_passes(door_dsn: str) -> None:
    land = landscape(webshop={"quotas": {"pos": {"per_day": 1}, "events": {"per_day": 2}}})
    told: list[tuple[str, str]] = []
    async with nodes(door_dsn, 1) as (node,):
        node.tell(lambda *what: told.append(what))
        fields = await node.spend("webshop", OPERATIONS["readFeed"], land)
        assert dict(fields)[b"ratelimit-policy"] == b'"day";q=2;w=86400'
        assert dict(fields)[b"ratelimit"].startswith(b'"day";r=1;t=')
        await node.spend("webshop", OPERATIONS["readFeed"], land)
        with pytest.raises(QuotaExceeded) as refused:
            await node.spend("webshop", OPERATIONS["readFeed"], land)
        assert 0 < refused.value.retry_after <= 25 * 3600
        assert dict(refused.value.headers)[b"ratelimit"].startswith(b'"day";r=0;t=')
        for _ in range(3):
            await node.spend("webshop", FACT, land)
    assert told == [("events", "refused"), ("pos", "fact"), ("pos", "fact")]


async def test_a_refusal_tells_one_moment_in_both_its_fields(door_dsn: str) -> None:
    """`t` beside `Retry-After` is that moment, not the one when all of the quota is back."""
    land = landscape(webshop={"quotas": {"events": {"per_second": 0.1, "burst": 3}}})
    async with nodes(door_dsn, 1) as (node,):

        async def all_of_it() -> None:
            for _ in range(10):
                await node.spend("webshop", OPERATIONS["readFeed"], land)

        with pytest.raises(QuotaExceeded) as refused:
            await all_of_it()
        again = math.ceil(refused.value.retry_after)
        assert 0 < again <= 10
        assert dict(refused.value.headers)[b"ratelimit"] == b'"second";r=0;t=%d' % again


async def test_without_postgres_only_what_may_be_stale_goes_on(door_dsn: str) -> None:
    """A read that may be answered from memory passes uncounted; whatever else asks is told to wait."""
    land = landscape()
    api = land.apis["prices"].model_copy(update={"stale_seconds": 60.0})
    land = land.model_copy(update={"apis": {**land.apis, "prices": api}})
    with tempfile.TemporaryDirectory(prefix="relay-") as name:
        async with relayed(door_dsn, Path(name)) as (far_dsn, relay), Database(far_dsn, "far") as database:
            relay.answers = "drop"
            node = Quotas(database)
            assert await node.spend("webshop", OPERATIONS["getPrice"], land) == []
            with pytest.raises(Unavailable) as refused:
                await node.spend("webshop", OPERATIONS["placeOrder"], land)
            await node.spend("webshop", FACT, land)
    assert refused.value.retry_after


async def test_nodes_together_keep_a_connections_budget(door_dsn: str) -> None:
    """Twenty a second over two nodes: twenty at once, then the rate; a caller without time is told to try again."""
    counts, began = [0, 0], time.monotonic()
    async with Database(door_dsn, "one") as one, Database(door_dsn, "two") as two:

        async def call(number: int, budget: Budget) -> None:
            while time.monotonic() < began + 1.0:
                await budget.spend(5.0)
                counts[number] += 1

        budgets = Budget(one, "erp", 20), Budget(two, "erp", 20)
        await asyncio.gather(*(call(number, budget) for number, budget in enumerate(budgets)))
        passed = time.monotonic() - began
        assert 20 < sum(counts) <= 20 + 20 * passed + 1
        hurried = [asyncio.ensure_future(budgets[0].spend(0.0)) for _ in range(40)]
        ended = await asyncio.gather(*hurried, return_exceptions=True)
    assert any(isinstance(each, TryAgain) for each in ended)
