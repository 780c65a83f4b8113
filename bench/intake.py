"""`intake`: orders come faster than an Odoo of two workers takes them: are they accepted at full rate, do they reach it
at its own pace, and is each there once?
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import secrets
import time
from collections import Counter
from collections.abc import AsyncIterator
from typing import Any, Final

import aiohttp
import asyncpg

from bench import far, ground, hub
from bench.client import measured
from bench.report import Line, line, load

CONNECTIONS: Final = 4
CONSUMER: Final = "integrator"
WORKERS: Final = 2

# What a call of the sandbox takes.
WORK_MS: Final = 20

PRODUCTS: Final = 5
ROUNDS: Final = 3

# Orders of a round, by whether the sandbox takes them: a real Odoo takes one or two a second.
ORDERS: Final = {True: 200, False: 20}

# Orders that the yardstick writes in a round.
DIRECT: Final = {True: 40, False: 8}
WARM: Final = 3

LONGEST_SECONDS: Final = 1_800.0

_ACCEPTED: Final = "SELECT count(*) FROM records.orders WHERE reference = $1 AND status = 'accepted'"


async def lines() -> AsyncIterator[Line]:
    """Two lines: orders accepted, and orders that reach Odoo, a second; both beside what Odoo takes by itself."""
    async with contextlib.AsyncExitStack() as stack:
        there = far.outside(writes=True)
        small = there is None
        there = there or await stack.enter_async_context(far.sandbox(workers=WORKERS, work_ms=WORK_MS))
        run = f"BENCH-{secrets.token_hex(4)}"
        products = await _products(there, run)
        running = await stack.enter_async_context(hub.running(there))
        connection = await stack.enter_async_context(ground.connected(running.dsn))
        await running.leaves_odoo_alone()
        direct = await _direct(running, there, DIRECT[small])
        order = {"reference": run, "price_list": "list"}
        bodies = [json.dumps({**order, "lines": [{"sku": sku, "quantity": "1"}]}) for sku in products]
        asked = {"token": await running.token(CONSUMER), "bodies": bodies, "connections": CONNECTIONS}
        asked |= {"base_url": running.base_url, "orders": ORDERS[small]}
        placed = [await measured("place_so_many", **asked) for _ in range(ROUNDS)]
        count = ORDERS[small] * ROUNDS
        waiting = count - await connection.fetchval(_ACCEPTED, run)
        drained = await _drained(connection, run, count)
        held = await _held(there, list(products.values()))
    what = (
        f"{count} orders of one line on {CONNECTIONS} connections before {there.name} of {WORKERS} workers, one of them"
        f" left to its users; yardstick: one client that writes, confirms and reads back one order after the other,"
        f" by itself; {waiting} were still to do when the last was accepted; in the end it holds"
        f" {len(held)} of {count}, {sum(each > 1 for each in held.values())} of them twice; {load()}"
    )
    slow = sorted(each["p99_ms"] for each in placed)[ROUNDS // 2]
    accepted = [each["rate"] for each in placed]
    yield line("intake", accepted, direct, unit="orders/s", note=f"answered 201 (p99 {slow:.0f} ms): {what}")
    yield line("intake drained", drained, direct, unit="orders/s", note=f"confirmed there and told of: {what}")


async def _products(there: far.Far, run: str) -> dict[str, int]:
    """Products of this run alone, that nobody counts, by their codes."""
    named = [f"{run}-{number}" for number in range(PRODUCTS)]
    values = [{"name": name, "default_code": name, "list_price": 10.0, "type": "consu"} for name in named]
    made = await _odoo(there, "product.product/create", vals_list=[each | _UNTAXED for each in values])
    return dict(zip(named, made, strict=True))


async def _direct(running: hub.BenchHub, there: far.Far, orders: int) -> list[float]:
    """Orders a second that it takes by itself."""
    dsn = await ground.database(running.dsn, "yardstick")
    odoo = {"url": there.url, "database": there.database, "key": there.key}
    given = {"dsn": dsn, "odoo": odoo, "workers": WORKERS, "orders": orders, "warm": WARM}
    return [float((await measured("governed_orders", **given))["rate"]) for _ in range(ROUNDS)]


async def _drained(connection: asyncpg.Connection, run: str, count: int) -> list[float]:
    """Orders a second that are confirmed there: of the first third of those that wait, of two thirds, of all."""
    deadline, began = time.monotonic() + LONGEST_SECONDS, time.monotonic()
    accepted = await connection.fetchval(_ACCEPTED, run)
    before, rates = accepted, []
    for third in range(1, ROUNDS + 1):
        until = before + (count - before) * third // ROUNDS
        while accepted < until:
            if time.monotonic() > deadline:
                raise RuntimeError(f"{count - accepted} of {count} orders did not reach it in {LONGEST_SECONDS:.0f} s")
            await asyncio.sleep(hub.LOOK_SECONDS)
            accepted = await connection.fetchval(_ACCEPTED, run)
        now = time.monotonic()
        rates.append((accepted - before) / (now - began))
    return rates


async def _held(there: far.Far, products: list[int]) -> Counter[str]:
    """Confirmed orders of these products over there, by our id."""
    domain = [["product_id", "in", products]]
    lines_there = await _odoo(there, "sale.order.line/search_read", domain=domain, fields=["order_id"])
    ids = sorted({row["order_id"][0] for row in lines_there})
    orders = await _odoo(there, "sale.order/read", ids=ids, fields=["client_order_ref", "state"])
    return Counter(str(row["client_order_ref"]) for row in orders if row["state"] == "sale")


async def _odoo(there: far.Far, method: str, **arguments: Any) -> Any:
    headers = {"Authorization": f"bearer {there.key}", "X-Odoo-Database": there.database}
    async with (
        aiohttp.ClientSession(headers=headers) as session,
        session.post(f"{there.url}/json/2/{method}", json=arguments) as reply,
    ):
        reply.raise_for_status()
        return await reply.json()


_UNTAXED: Final[dict[str, Any]] = {"taxes_id": [[5, 0, 0]]}
