"""A node that follows types of which nothing comes up, until it is told to stop."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Sequence
from typing import Any

from bench.client import serve
from tillway import ids
from tillway.journal import Follower, Recorded, Runner, Sequencer, Tail
from tillway.postgres import Database, Tx


async def _apply(tx: Tx, events: Sequence[Recorded]) -> None:
    """Never called."""


async def _deliver(event: Recorded) -> None:
    """Never called."""


def _follower(number: int) -> Follower:
    effect: dict[str, Any] = {"apply": _apply} if number % 2 else {"deliver": _deliver}
    return Follower(name=f"idle {number}", types=frozenset({f"idle.kind-{number}"}), owner="bench", **effect)


async def main(*, dsn: str, followers: int) -> dict[str, Any]:
    """Until SIGTERM."""
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    async with Database(dsn, "idle node") as db:
        tail, node = Tail(db), ids.new()
        await tail.start()
        runner = Runner(db, tail, node, [_follower(number) for number in range(followers)])
        tasks = [asyncio.create_task(work) for work in (Sequencer(db, node).run(), tail.run(), runner.run())]
        await stop.wait()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    return {}


if __name__ == "__main__":
    serve(main)
