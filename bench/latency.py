"""`latency`: how long from the commit of an event until a subscriber has its webhook, on an idle hub?"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any, Final

from bench import ground, hub
from bench.client import ended, measured, started
from bench.report import Line, alternate, line, load

EVENTS: Final = 150

# What a subscriber is told of, and what the raw courier watches.
TYPE: Final = "price.changed"

_TABLE: Final = """
CREATE TABLE hooks (id uuid PRIMARY KEY, position bigint GENERATED ALWAYS AS IDENTITY, data jsonb NOT NULL)
"""


async def lines() -> AsyncIterator[Line]:
    """Two lines: the median and the 99th percentile of milliseconds."""
    async with hub.running() as running:
        token = await running.token("integrator")
        raw = await ground.database(running.dsn, "yardstick")
        async with ground.connected(raw) as connection:
            await connection.execute(_TABLE)
        courier = await started("raw_courier", dsn=raw)
        found: dict[str, list[dict[str, Any]]] = {"ours": [], "yardstick": []}

        async def ours() -> float:
            found["ours"].append(
                await measured(
                    "webhook_times", dsn=running.dsn, base_url=running.base_url, token=token, kind=TYPE, events=EVENTS
                )
            )
            return float(found["ours"][-1]["p50_ms"])

        async def yardstick() -> float:
            found["yardstick"].append(await measured("raw_times", dsn=raw, events=EVENTS))
            return float(found["yardstick"][-1]["p50_ms"])

        try:
            await alternate(ours, yardstick)
        finally:
            await ended(courier)
    note = (
        f"{EVENTS} events a round, one at a time with pauses, appended as a door does; from before the commit is sent"
        " to the webhook's arrival in the same process; hub: one door, one works, sandbox Odoo, no traffic; yardstick:"
        f" one process that LISTENs, SELECTs and POSTs unsigned; {load()}"
    )
    for cut in ("p50", "p99"):
        mine, theirs = ([each[f"{cut}_ms"] for each in found[side]] for side in ("ours", "yardstick"))
        yield line(f"latency {cut}", mine, theirs, unit="ms", note=note)
