"""A works-like process that meets a backlog of committed events: sequencer, tail, runner, one shared follower."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from typing import Any, Final

from bench.client import serve
from tillway import ids
from tillway.journal import Follower, Recorded, Runner, Sequencer, Tail, enrolling, follower_states, head
from tillway.postgres import Database, Tx

FOLLOWER: Final = "bench"
LONGEST_SECONDS: Final = 120.0
LOOK_SECONDS: Final = 0.005


async def main(*, dsn: str, events: int) -> dict[str, Any]:
    """Events a second, from the start of the parts until the follower's position in the table is the last event."""
    applied = asyncio.Event()
    seen = 0

    async def apply(_: Tx, batch: Sequence[Recorded]) -> None:
        nonlocal seen
        seen += len(batch)
        if seen >= events:
            applied.set()

    async with Database(dsn, "bench works") as db:
        tail, node = Tail(db), ids.new()
        await tail.start()
        until = (await head(db)).position + events
        async with db.transaction() as tx:
            tx.stage(enrolling(FOLLOWER))
        follower = Follower(name=FOLLOWER, types=None, owner="bench", apply=apply)
        sequencer = Sequencer(db, node)
        runner = Runner(db, tail, node, (follower,))
        began, processor = time.perf_counter(), time.process_time()
        tasks = [asyncio.create_task(work) for work in (sequencer.run(), tail.run(), runner.run())]
        async with asyncio.timeout(LONGEST_SECONDS):
            await applied.wait()
            await _there(db, until)
        elapsed, processor = time.perf_counter() - began, time.process_time() - processor
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    return {"rate": events / elapsed, "client_core": processor / elapsed}


async def _there(db: Database, until: int) -> None:
    """Return when the follower's position in the table is the last event: it commits just after it was applied."""
    while {state.position for state in await follower_states(db) if state.name == FOLLOWER} != {until}:  # noqa: ASYNC110
        await asyncio.sleep(LOOK_SECONDS)


if __name__ == "__main__":
    serve(main)
