"""What every child of the supervisor does: runs until told to stop, and is never alive without its parent."""

from __future__ import annotations

import asyncio
import gc
import signal
from collections.abc import Awaitable, Callable

import uvloop

from tillway.postgres import launch

COLLECT_AFTER = 20_000
"""New containers beyond those freed before the collector looks: some hundred requests' worth, a few MB."""


def die_with(parent: int) -> None:
    """Be killed when the parent dies, however it dies; leave at once if it is already gone."""
    launch.die_with(parent, signal.SIGKILL)


def settle_memory() -> None:
    """Take what was made at the start (code, contracts, schemas) out of the collector's way, and call it less often.

    It lives as long as the process: looking through it again and again for cycles costs a door several percent.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(COLLECT_AFTER)


def run(main: Callable[[asyncio.Event], Awaitable[None]]) -> None:
    """Run until SIGTERM or SIGINT sets the event that `main` was given, or main ends by itself."""

    async def guarded() -> None:
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        for sign in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(sign, stop.set)
        await main(stop)

    uvloop.run(guarded())


async def until(stop: asyncio.Event, *works: Awaitable[None]) -> None:
    """Keep these going until `stop`; the first that fails ends all and raises. Cancelled ones tidy up before return."""
    tasks = [asyncio.ensure_future(work) for work in works]
    stopping = asyncio.ensure_future(stop.wait())
    try:
        done, _ = await asyncio.wait([*tasks, stopping], return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            if task is not stopping:
                task.result()
    finally:
        stopping.cancel()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, stopping, return_exceptions=True)
