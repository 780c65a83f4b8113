"""`idle`: what do 500 followers cost while nothing happens, beside a node that follows nothing?"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Final

from bench import ground
from bench.client import ended, started
from bench.processor import processor_seconds
from bench.report import Line, alternate, line, load
from tillway.postgres import Embedded

FOLLOWERS: Final = 500
SECONDS: Final = 20.0
ROUNDS: Final = 3

# After all lanes are held: what the start left to do is done by then.
SETTLE_SECONDS: Final = 5.0
START_SECONDS: Final = 60.0
LOOK_SECONDS: Final = 0.1

_HELD = """
SELECT (SELECT count(*) FROM journal.followers WHERE owner IS NOT NULL) = $1 AND EXISTS (SELECT FROM journal.nodes)
"""


async def lines() -> AsyncIterator[Line]:
    """One line: percent of a core, of the node and of Postgres together."""
    with ground.cluster() as server:
        many = await ground.database(server.dsn(), "many")
        none = await ground.database(server.dsn(), "none")
        costs = await alternate(lambda: _cost(server, many, FOLLOWERS), lambda: _cost(server, none, 0), rounds=ROUNDS)
    yield line(
        "idle",
        *costs,
        unit="% of a core",
        note=(
            f"a node with sequencer, tail, runner and {FOLLOWERS} followers (half apply, half deliver), processor time"
            f" of node and all of Postgres over {SECONDS:.0f} s by /proc; yardstick: the same node with no follower;"
            f" {load()}"
        ),
    )


async def _cost(server: Embedded, dsn: str, followers: int) -> float:
    node = await started("idle_node", stdout=asyncio.subprocess.DEVNULL, dsn=dsn, followers=followers)
    try:
        await _held(dsn, followers)
        await asyncio.sleep(SETTLE_SECONDS)
        roots = (node.pid, server.pid or 0)
        spent, began = processor_seconds(*roots), time.monotonic()
        await asyncio.sleep(SECONDS)
        spent, elapsed = processor_seconds(*roots) - spent, time.monotonic() - began
    finally:
        await ended(node)
    return 100 * spent / elapsed


async def _held(dsn: str, followers: int) -> None:
    deadline = time.monotonic() + START_SECONDS
    async with ground.connected(dsn) as connection:
        while not await connection.fetchval(_HELD, followers):
            if time.monotonic() > deadline:
                raise RuntimeError(f"{followers} followers are not held after {START_SECONDS:.0f} s")
            await asyncio.sleep(LOOK_SECONDS)
