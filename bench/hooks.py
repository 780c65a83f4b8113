"""`hooks`: how long does an ERP wait that tells of a change? Its own user waits behind it."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any, Final

from bench import ground, hub
from bench.client import measured
from bench.report import Line, alternate, line, load
from tillway.inbox import sources
from tillway.postgres import Database

# Two workers of an Odoo, each telling of one record after the other.
CONNECTIONS: Final = 2
SECONDS: Final = 4.0
CONNECTION: Final = "main"

BODY: Final = json.dumps({"_action": "Tillway(#1)", "_id": 1, "_model": "product.template", "id": 1, "list_price": 9.5})

_TABLE: Final = "CREATE TABLE told (domain text PRIMARY KEY, heard bigint NOT NULL, last_at timestamptz NOT NULL)"


async def lines() -> AsyncIterator[Line]:
    """Two lines: the median and the 99th percentile of milliseconds."""
    async with hub.running() as running:
        async with Database(running.dsn, "bench") as database, database.transaction() as tx:
            secret = sources.make(tx, CONNECTION)
        raw = await ground.database(running.dsn, "yardstick")
        async with ground.connected(raw) as connection:
            await connection.execute(_TABLE)
        found: dict[str, list[dict[str, Any]]] = {"ours": [], "yardstick": []}

        async def ours() -> float:
            found["ours"].append(
                await measured(
                    "post_notices",
                    base_url=running.base_url,
                    path=f"/hooks/{secret}",
                    body=BODY,
                    connections=CONNECTIONS,
                    seconds=SECONDS,
                )
            )
            return float(found["ours"][-1]["p50_ms"])

        async def yardstick() -> float:
            found["yardstick"].append(await measured("count_rows", dsn=raw, connections=CONNECTIONS, seconds=SECONDS))
            return float(found["yardstick"][-1]["p50_ms"])

        await alternate(ours, yardstick, rounds=3)
    rates = sorted(each["rate"] for each in found["ours"])
    note = (
        f"POST /hooks/<secret> on {CONNECTIONS} keep-alive connections, one after the other on each, answered once it"
        f" is committed ({rates[len(rates) // 2]:.0f} a second); its products are read meanwhile as they are told of;"
        f" yardstick: asyncpg, {CONNECTIONS} connections, one durable commit of a row that counts; {load()}"
    )
    for cut in ("p50", "p99"):
        mine, theirs = ([each[f"{cut}_ms"] for each in found[side]] for side in ("ours", "yardstick"))
        yield line(f"hooks {cut}", mine, theirs, unit="ms", note=note)
