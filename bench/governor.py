"""`governor`: how much longer does an order take in an Odoo of two workers while 16 hands read the catalogue?"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import sys
from collections.abc import AsyncIterator
from typing import Any, Final

import aiohttp

from bench import ground
from bench.client import ended, measured, started, surroundings
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
    if "TILLWAY_TEST_ODOO_URL" in os.environ:
        url, database, key = (os.environ[f"TILLWAY_TEST_ODOO_{name}"] for name in ("URL", "DB", "KEY"))
        yield {"url": url, "database": database, "key": key}, "a real Odoo"
        return
    with ground.directory() as folder:
        ready = folder / "ready.json"
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "tillway.sandbox.serve", "--ready-file", str(ready), env=surroundings()
        )
        try:
            while not ready.exists():  # noqa: ASYNC110 - another process makes it
                await asyncio.sleep(0.05)
            told = json.loads(ready.read_bytes())
            async with aiohttp.ClientSession() as session:
                switches = {"workers": WORKERS, "work_ms": WORK_MS}
                async with session.post(f"{told['url']}/panel", json=switches) as reply:
                    reply.raise_for_status()
            yield {"url": told["url"], "database": told["db"], "key": told["key"]}, "the sandbox"
        finally:
            await ended(process)
