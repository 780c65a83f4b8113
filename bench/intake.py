"""`intake`: how many orders a second does a hub accept while its Odoo has two slow workers, beside one that is free?

And then: does every accepted order reach Odoo, at Odoo's own pace, once?
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Any, Final

import aiohttp
import asyncpg

from bench import ground, hub
from bench.client import measured
from bench.orders import bodies_of
from bench.report import Line, alternate, line, load

CONNECTIONS: Final = 4
SECONDS: Final = 1.0
CONSUMER: Final = "web-shop"
WORKERS: Final = 2
WORK_MS: Final = 10

# Rounds of a second each are thousands of orders; Odoo takes some ten a second.
DRAIN_SECONDS: Final = 900.0

_COUNTED = """
SELECT count(*) AS placed, count(*) FILTER (WHERE status = 'accepted') AS accepted FROM records.orders
"""


async def lines() -> AsyncIterator[Line]:
    """One line: orders a second that were answered with 201."""
    async with hub.running() as running, ground.connected(running.dsn) as connection:
        bodies, token = await bodies_of(running), await running.token(CONSUMER)

        async def placed() -> float:
            found = await measured(
                "place_orders",
                base_url=running.base_url,
                token=token,
                bodies=bodies,
                connections=CONNECTIONS,
                seconds=SECONDS,
            )
            return float(found["rate"])

        async def limited() -> float:
            await _panel(running, workers=WORKERS, work_ms=WORK_MS)
            return await placed()

        async def free() -> float:
            await _panel(running, workers=0, work_ms=0)
            return await placed()

        rates = await alternate(limited, free, rounds=3)
        await _panel(running, workers=WORKERS, work_ms=WORK_MS)
        before, began = await _counted(connection), time.monotonic()
        after = await _drained(connection)
        drained = (after["accepted"] - before["accepted"]) / (time.monotonic() - began)
        there = await _in_odoo(running)
    yield line(
        "intake",
        *rates,
        unit="orders/s",
        note=(
            f"201 over HTTP on {CONNECTIONS} connections; ours: Odoo (sandbox) with {WORKERS} workers, {WORK_MS} ms a"
            f" call, one worker left to its users; yardstick: Odoo without a limit; {after['placed']} orders accepted,"
            f" {before['placed'] - before['accepted']} of them still to do at the end of intake, drained at"
            f" {drained:.0f} orders/s; {there - after['placed']} more in Odoo than accepted by the hub; {load()}"
        ),
    )


async def _counted(connection: asyncpg.Connection) -> dict[str, int]:
    return dict((await connection.fetchrow(_COUNTED)).items())


async def _drained(connection: asyncpg.Connection) -> dict[str, int]:
    deadline = time.monotonic() + DRAIN_SECONDS
    while (found := await _counted(connection))["accepted"] < found["placed"]:
        if time.monotonic() > deadline:
            raise RuntimeError(f"not all orders reached Odoo within {DRAIN_SECONDS:.0f} s: {found}")
        await asyncio.sleep(hub.LOOK_SECONDS)
    return found


async def _in_odoo(running: hub.BenchHub) -> int:
    """Orders there that carry an id of ours."""
    told = running.told["odoo"]
    body: dict[str, Any] = {"domain": [["client_order_ref", "!=", False], ["state", "=", "sale"]]}
    headers = {"Authorization": f"bearer {told['key']}", "X-Odoo-Database": told["db"]}
    async with (
        aiohttp.ClientSession(headers=headers) as session,
        session.post(f"{told['url']}/json/2/sale.order/search_count", json=body) as reply,
    ):
        reply.raise_for_status()
        return int(await reply.json())


async def _panel(running: hub.BenchHub, **switches: float) -> None:
    url = f"{running.told['odoo']['url']}/panel"
    async with aiohttp.ClientSession() as session, session.post(url, json=switches) as reply:
        reply.raise_for_status()
