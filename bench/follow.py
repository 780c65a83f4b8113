"""`follow`: how many committed events a second get their position and are applied, and does a long journal slow it?"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Final

from bench import ground, history
from bench.client import measured
from bench.report import Line, alternate, line, load

EVENTS: Final = 60_000
BEHIND: Final = 5_000_000

_PLAIN: Final = "SELECT position FROM journal.head"


async def lines() -> AsyncIterator[Line]:
    """Two lines: the rate on a fresh journal, and the rate with five million events behind beside the fresh one."""
    with ground.cluster() as server:
        fresh = await ground.database(server.dsn(), "fresh")
        long = await ground.database(server.dsn(), "long")
        rates = await alternate(lambda: _followed(fresh), lambda: _read(fresh))
        what = (
            f"{EVENTS:,} committed events a round: sequenced, tailed, applied by one shared follower in batches of 500"
            " that moves its position, in one works-like process"
        )
        yield line(
            "follow",
            *rates,
            unit="events/s",
            note=f"{what}; yardstick: only reading the same rows by `position > $1 LIMIT 500` and storing the position"
            f" each time; {load()}",
        )
        async with ground.connected(long) as connection:
            taken = await history.fill(connection, BEHIND)
        rates = await alternate(lambda: _followed(long), lambda: _followed(fresh))
        yield line(
            "follow-behind",
            *rates,
            unit="events/s",
            note=f"{what}; ours: {BEHIND:,} events behind (made in {taken:.0f} s), yardstick: the fresh journal;"
            f" {load()}",
        )


async def _followed(dsn: str) -> float:
    async with ground.connected(dsn) as connection:
        await history.stage(connection, EVENTS)
    return float((await measured("follow_events", dsn=dsn, events=EVENTS))["rate"])


async def _read(dsn: str) -> float:
    async with ground.connected(dsn) as connection:
        head = await connection.fetchval(_PLAIN)
    return float((await measured("read_events", dsn=dsn, after=head - EVENTS, until=head))["rate"])
