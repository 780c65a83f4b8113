"""`demo`: how long from `tillway demo` to the first sale on the screen?"""

from __future__ import annotations

import asyncio
import contextlib
import signal
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final

from bench import ground
from bench.client import ROOT, surroundings
from bench.report import Line, alternate, line, load
from tillway.postgres import Embedded

ROUNDS: Final = 3
FIRST: Final = b"sale.recorded"
LONGEST_SECONDS: Final = 60.0


async def lines() -> AsyncIterator[Line]:
    """One line: seconds. A start before the rounds warms the machine."""
    await _demo()
    times = await alternate(_demo, _postgres, rounds=ROUNDS)
    yield line(
        "demo",
        *times,
        unit="s",
        note=(
            "from process start with a fresh state directory to the line of the first sale.recorded; yardstick: making"
            f" and starting an empty Postgres cluster alone; {load()}"
        ),
    )


async def _demo() -> float:
    with ground.directory() as state:
        began = time.monotonic()
        process = await asyncio.create_subprocess_exec(
            *(str(Path(sys.executable).parent / "tillway"), "demo", "--state", str(state / "demo"), "--port", "0"),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            cwd=ROOT,
            env=surroundings(),
        )
        try:
            async with asyncio.timeout(LONGEST_SECONDS):
                return await _first(process) - began
        finally:
            with contextlib.suppress(ProcessLookupError):
                process.send_signal(signal.SIGINT)
            await process.communicate()


async def _first(process: asyncio.subprocess.Process) -> float:
    """When the first sale was told of."""
    if process.stdout is None:
        raise AssertionError("unreachable: its output is a pipe")
    while words := await process.stdout.readline():
        if FIRST in words:
            return time.monotonic()
    raise RuntimeError("the demo ended before it sold anything")


async def _postgres() -> float:
    with ground.directory() as state:
        began = time.monotonic()
        server = Embedded(state, durable=True)
        server.start()
        taken = time.monotonic() - began
        server.stop()
        return taken
