"""Permits of one far side, shared by processes through a real Postgres."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from tests.rooms.outbound.conftest import Counting

from tillway.errors import OutcomeUnknown, TillwayError, TryAgain, Unavailable
from tillway.outbound import Client, Gate, InPostgres, Request, Terms, governed, reach
from tillway.outbound.governor.ledger import Block, Word
from tillway.postgres import Database

CALLER = Path(__file__).parent / "caller.py"
WAIT = 30.0
CRITICAL, HIGH, NORMAL, LOW = range(4)


async def until(true: Callable[[], object]) -> None:
    async with asyncio.timeout(WAIT):
        while not true():
            await asyncio.sleep(0.005)


@asynccontextmanager
async def caller(
    dsn: str, far: Counting, most: int, *, rank: int = LOW, tasks: int = 8, lease: float = 3.0
) -> AsyncIterator[asyncio.subprocess.Process]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, str(CALLER), dsn, far.url, str(most), str(rank), str(tasks), str(lease)
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.terminate()
        await asyncio.wait_for(process.wait(), WAIT)


@asynccontextmanager
async def gated(database: Database, most: int, lease: float = 3.0) -> AsyncIterator[Gate]:
    async with Client(reach(["127.0.0.0/8"])) as client:
        gate = Gate(client, InPostgres(database, "erp"), most=most, lease_seconds=lease)
        try:
            yield gate
        finally:
            await gate.close()


async def ask(
    gate: Gate, far: Counting, path: str = "", rank: int = HIGH, *touches: str, changes: bool = False
) -> None:
    terms = Terms(rank=rank, seconds=WAIT, what="call", touches=touches)
    await gate.send(terms, lambda: Request(method="GET", url=f"{far.url}/{path}", changes=changes))


async def test_processes_together_never_exceed_the_limit_and_each_gets_its_part(dsn: str, far: Counting) -> None:
    async with caller(dsn, far, 3, rank=HIGH), caller(dsn, far, 3, rank=NORMAL), caller(dsn, far, 3, rank=LOW):
        await until(lambda: all(far.paths.count(f"/{rank}") >= 8 for rank in (HIGH, NORMAL, LOW)))
        async with Database(dsn, "look") as look:
            (seen,) = await governed(look)
    assert far.most <= 3
    assert far.paths.count("/1") > far.paths.count("/3")
    assert (seen.connection, seen.ceiling) == ("erp", 3)
    assert seen.held <= 3


async def test_one_killed_gives_its_permits_back_when_its_lease_has_ended(
    dsn: str, database: Database, far: Counting
) -> None:
    async with caller(dsn, far, 1, lease=1.0) as victim:
        await until(lambda: far.seen >= 3)
        victim.kill()
        await victim.wait()
        async with gated(database, 1) as gate:
            await ask(gate, far, "after")
    assert far.paths[-1] == "/after"
    assert far.most == 1


async def test_one_that_leaves_gives_them_back_at_once(database: Database, far: Counting) -> None:
    async with gated(database, 1) as gate:
        await ask(gate, far)
    (seen,) = await governed(database)
    assert (seen.held, seen.processes, sum(seen.calls)) == (0, 0, 1)


async def test_an_idle_permit_goes_to_who_waits_elsewhere_without_resting_first(
    database: Database, far: Counting, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tillway.outbound.governor.gate.IDLE_SECONDS", 10 * WAIT)
    async with gated(database, 1, lease=10 * WAIT) as resting, gated(database, 1, lease=10 * WAIT) as waiting:
        await ask(resting, far)
        await ask(waiting, far)
        await ask(resting, far)
    assert len(far.paths) == 3


async def test_an_urgent_call_goes_before_a_burst_of_another_process(
    dsn: str, database: Database, far: Counting
) -> None:
    far.seconds = 0.05
    async with caller(dsn, far, 1, tasks=30), gated(database, 1) as gate:
        await until(lambda: far.seen >= 3)
        before = far.seen
        await ask(gate, far, "checkout", CRITICAL)
        # One was under way, another may have been promised; not the thirty that waited.
        assert far.paths.index("/checkout") - before <= 3


class Cut:
    """The shared ledger behind a wire that can be cut."""

    def __init__(self, shared: InPostgres) -> None:
        self.shared = shared
        self.cut = False

    async def tell(self, word: Word, valid: float) -> Block:
        if self.cut:
            raise Unavailable("Postgres is away")
        return await self.shared.tell(word, valid)

    def __getattr__(self, name: str) -> object:
        return getattr(self.shared, name)


async def test_without_postgres_it_goes_on_with_what_it_holds_until_the_lease_ends(
    database: Database, far: Counting
) -> None:
    shared = Cut(InPostgres(database, "erp"))
    async with Client(reach(["127.0.0.0/8"])) as client:
        gate = Gate(client, shared, most=1, lease_seconds=1.0)  # type: ignore[arg-type] # the rest is passed on
        await ask(gate, far, "before")
        shared.cut = True
        await ask(gate, far, "during")
        far.seconds = WAIT
        with pytest.raises(OutcomeUnknown, match="cut off"):
            await ask(gate, far, "cut", changes=True)
        with pytest.raises(TryAgain):
            await gate.send(
                Terms(rank=HIGH, seconds=0.2, what="call"), lambda: Request(method="GET", url=far.url, changes=False)
            )
        await until(lambda: far.running == 0)
        far.seconds, shared.cut = 0.01, False
        await ask(gate, far, "after")
        await gate.close()
    assert far.paths == ["/before", "/during", "/cut", "/after"]


async def test_what_two_processes_change_at_once_is_kept_apart_by_what_it_touches(
    database: Database, far: Counting
) -> None:
    async with gated(database, 4) as one, gated(database, 4) as two, asyncio.TaskGroup() as group:
        far.seconds = 0.05
        for gate in (one, two):
            for _ in range(3):
                group.create_task(ask(gate, far, "", HIGH, "sku A", "order 1", changes=True))
    assert (far.most, far.seen) == (1, 6)
    assert not await database.fetch("SELECT * FROM outbound.touched")


async def test_a_killed_process_blocks_what_it_touched_only_for_its_lease(database: Database, far: Counting) -> None:
    shared = InPostgres(database, "erp")
    await database.fetch(
        "INSERT INTO outbound.touched VALUES ('erp', 'sku A', gen_random_uuid(), clock_timestamp() + interval '300 ms')"
    )
    async with gated(database, 2) as gate:
        await ask(gate, far, "", HIGH, "sku A", changes=True)
    assert far.seen == 1
    del shared


async def test_failures_on_the_way_leave_no_permit_behind(database: Database, far: Counting) -> None:
    async with gated(database, 1) as gate:
        dead = Request(method="GET", url="http://127.0.0.1:1/", changes=False)
        for _ in range(3):
            with pytest.raises(TillwayError):
                await gate.send(Terms(rank=HIGH, seconds=WAIT, what="call"), lambda: dead)
        await ask(gate, far)
    assert far.seen == 1
