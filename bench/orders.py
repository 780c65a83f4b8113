"""`orders`: how many orders a second does a hub accept over HTTP, beside bare asyncpg writing the same rows?"""

from __future__ import annotations

import base64
import json
import random
from collections.abc import AsyncIterator
from typing import Any, Final
from uuid import UUID

import asyncpg

from bench import ground, hub
from bench.client import measured
from bench.report import Line, alternate, line, load

CONNECTIONS: Final = 16
SECONDS: Final = 6.0
CONSUMER: Final = "web-shop"

# Different orders that come round again, two products each.
BODIES: Final = 200

_LIKE = """
SELECT i.consumer, i.fingerprint, i.status AS status_code, i.headers, i.body, o.id::text, o.shop, o.status, o.document,
    e.type, e.traceparent, e.dataclass, e.retention, e.data, e.personal
FROM records.orders o, gateway.idempotency i, journal.events e
WHERE o.id = $1 AND i.key = $2 AND e.subject = o.id::text AND e.type = 'order.placed'
"""


async def lines() -> AsyncIterator[Line]:
    """One line: orders a second."""
    async with hub.running() as running, ground.connected(running.dsn) as connection:
        bodies = await bodies_of(running)
        await running.odoo_hangs()
        like = await _like(running, connection, bodies[0])
        yardstick_dsn = await ground.database(running.dsn, "yardstick")
        token = await running.token(CONSUMER)
        slow: list[float] = []

        async def ours() -> float:
            found = await measured(
                "place_orders",
                base_url=running.base_url,
                token=token,
                bodies=bodies,
                connections=CONNECTIONS,
                seconds=SECONDS,
            )
            slow.append(found["p99_ms"])
            await running.drained(connection)
            return float(found["rate"])

        async def yardstick() -> float:
            found = await measured(
                "insert_orders", dsn=yardstick_dsn, like=like, connections=CONNECTIONS, seconds=SECONDS
            )
            return float(found["rate"])

        rates = await alternate(ours, yardstick)
    yield line(
        "orders",
        *rates,
        unit="orders/s",
        note=(
            f"201 over HTTP (p99 {sorted(slow)[len(slow) // 2]:.0f} ms) on {CONNECTIONS} keep-alive connections of a"
            " bare asyncio client, orders of two lines, Idempotency-Key on each; hub: one door, one works, sandbox Odoo"
            " taking calls without answering; yardstick: asyncpg, 16 connections, BEGIN, four prepared statements,"
            f" COMMIT, in another database of the same cluster; {load()}"
        ),
    )


async def bodies_of(running: hub.BenchHub) -> list[str]:
    """Orders of two products each, as a shop sends them."""
    page = await running.get("/products/v1/products?limit=100", CONSUMER)
    skus = [entry["sku"] for entry in page["products"]]
    chance = random.Random(7)
    return [
        json.dumps({"lines": [{"sku": sku, "quantity": str(chance.randint(1, 3))} for sku in chance.sample(skus, 2)]})
        for _ in range(BODIES)
    ]


async def _like(running: hub.BenchHub, connection: asyncpg.Connection, body: str) -> dict[str, Any]:
    """The rows that one order made in the hub, for the yardstick to write the same."""
    placed = await running.post("/orders/v1/orders", json.loads(body), CONSUMER, **{"Idempotency-Key": "like"})
    await running.drained(connection)
    row = dict((await connection.fetchrow(_LIKE, UUID(placed["id"]), "like")).items())
    return {
        name: base64.b64encode(value).decode() if isinstance(value, bytes) else value for name, value in row.items()
    }
