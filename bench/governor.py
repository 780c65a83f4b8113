"""`governor`: how much longer does an order take in an Odoo of two workers while 16 hands read the catalogue?"""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from typing import Any, Final

from bench import far, ground
from bench.client import ended, measured, started
from bench.report import Line, alternate, line, load

WORKERS: Final = 2
ORDERS: Final = 40
WARM: Final = 5
HANDS: Final = 16
PAGE: Final = 80
BURST_SECONDS: Final = 3.0
"""A burst is under way for so long before orders come: permits are all in its hands by then."""

WORK_MS: Final = 30
"""What a call of the sandbox takes, a real Odoo's search of 80 products."""


async def lines() -> AsyncIterator[Line]:
    """One line: milliseconds of the slowest hundredth."""
    with ground.cluster() as server:
        dsn = await ground.database(server.dsn("postgres"), "governor")
        async with _odoo() as (odoo, name):
            given: dict[str, Any] = {"dsn": dsn, "odoo": odoo, "workers": WORKERS}
            pages: list[int] = []

            async def alone() -> float:
                return float((await measured("governed_orders", **given, orders=ORDERS, warm=WARM))["p99_ms"])

            async def during() -> float:
                burst = await started("governed_burst", **given, hands=HANDS, page=PAGE, stdout=asyncio.subprocess.PIPE)
                await asyncio.sleep(BURST_SECONDS)
                try:
                    return await alone()
                finally:
                    await ended(burst)
                    if burst.stdout is not None:
                        pages.append(json.loads(await burst.stdout.read())["pages"])

            found = await alternate(during, alone, rounds=3)
    yield line(
        "governor",
        *found,
        unit="ms, p99 of an order",
        note=(
            f"written, confirmed, read back in {name}, {ORDERS} orders a round one after another; ours: while {HANDS}"
            f" hands of another process read the catalogue by {PAGE} ({min(pages)} to {max(pages)} pages meanwhile);"
            f" yardstick: alone; {WORKERS} workers, one left to their users; {load()}"
        ),
    )


@contextlib.asynccontextmanager
async def _odoo() -> AsyncIterator[tuple[dict[str, str], str]]:
    """A real Odoo where the environment names one, else the sandbox with two workers."""
    async with contextlib.AsyncExitStack() as stack:
        there = far.outside()
        if there is None:
            there = await stack.enter_async_context(far.sandbox(workers=WORKERS, work_ms=WORK_MS))
        yield {"url": there.url, "database": there.database, "key": there.key}, there.name
