"""What it costs that nothing happens: 500 followers with nothing to do, on one node, for three seconds."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from typing import Any

from tests.rooms.journal.actors import until
from tests.rooms.journal.world import NODE, append, event

from tillway.journal import Follower, Recorded, Runner, Sequencer, Tail, follower_states
from tillway.postgres import Database, Tx

FOLLOWERS = 500
SECONDS = 3.0

# What a node of a shop may ask of Postgres while nobody sells: a beat, the sequencer's and the tail's looks.
STATEMENTS_A_SECOND = 20


class Counting(Database):
    """Counts what it asks of Postgres."""

    asked = 0

    async def fetch(self, sql: str, *args: Any) -> list[Any]:
        self.asked += 1
        return await super().fetch(sql, *args)

    async def fetchrow(self, sql: str, *args: Any) -> Any:
        self.asked += 1
        return await super().fetchrow(sql, *args)

    async def fetchval(self, sql: str, *args: Any) -> Any:
        self.asked += 1
        return await super().fetchval(sql, *args)

    def transaction(self, cut: float = 1.0) -> Any:
        self.asked += 1
        return super().transaction(cut)


async def nothing(tx: Tx, events: Sequence[Recorded]) -> None:
    raise AssertionError("nobody sells")


async def test_idle_followers_cost_a_few_statements_a_second(db: Database) -> None:
    followers = [
        Follower(name=f"idle-{number}", types=frozenset({f"type.{number}"}), owner="test", apply=nothing)
        for number in range(FOLLOWERS)
    ]
    async with Counting(db.dsn, "idle") as idle:
        tail = Tail(idle)
        await tail.start()
        began = time.monotonic()
        tasks = [
            asyncio.create_task(work)
            for work in (Sequencer(idle, NODE).run(), tail.run(), Runner(idle, tail, NODE, followers).run())
        ]
        await until(lambda: all_held(db))
        started = time.monotonic() - began
        asked, processor, clock = idle.asked, time.process_time(), time.monotonic()
        await asyncio.wait(tasks, timeout=SECONDS)
        processor, elapsed = time.process_time() - processor, time.monotonic() - clock
        rate = (idle.asked - asked) / elapsed
        await append(db, event("a", type="nobody.follows"))
        await until(lambda: all_brought_along(db))
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    print(
        f"{FOLLOWERS} idle followers: {rate:.1f} statements/s, {1000 * processor / elapsed:.0f} ms CPU a second; "
        f"all lanes taken {started:.1f} s after the start"
    )
    assert rate < STATEMENTS_A_SECOND


async def all_held(db: Database) -> bool:
    return len([state for state in await follower_states(db) if state.alive]) == FOLLOWERS


async def all_brought_along(db: Database) -> bool:
    return {state.position for state in await follower_states(db)} == {1}
