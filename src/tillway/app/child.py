"""Children of the supervisor: started from the main thread, and never alive without it."""

from __future__ import annotations

import asyncio
import ctypes
import gc
import os
import signal
import sys
from collections.abc import Awaitable, Callable, Mapping

import uvloop

PR_SET_PDEATHSIG = 1
"""prctl(2): the signal this process gets when the thread that started it dies."""


COLLECT_AFTER = 20_000
"""New containers beyond those freed before the collector looks: some hundred requests' worth, a few MB."""


def die_with(parent: int) -> None:
    """Be killed when the parent dies, however it dies; leave at once if it is already gone."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl")
    if os.getppid() != parent:
        sys.exit(1)


async def spawn(module: str, *arguments: str, environment: Mapping[str, str]) -> asyncio.subprocess.Process:
    """Start `python -m module arguments...` in this environment."""
    return await asyncio.create_subprocess_exec(sys.executable, "-m", module, *arguments, env=dict(environment))


async def spawn_bound(module: str, *arguments: str, environment: Mapping[str, str]) -> asyncio.subprocess.Process:
    """As `spawn`, for modules of ours whose main calls `die_with(int(sys.argv[1]))` first."""
    return await spawn(module, str(os.getpid()), *arguments, environment=environment)


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
