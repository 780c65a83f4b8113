"""`sync`: how quickly is a whole catalogue read beside the ERP's own pace, and how much memory does it take?

The rate is measured before a real Odoo where the environment names one, else before one that answers with a made-up
range at such a pace. Memory is measured with a made-up range in any case: TILLWAY_BENCH_PRODUCTS of them.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, Final

import psutil

from bench import far, ground, hub
from bench.client import ended, measured, started
from bench.report import Line, alternate, line, load
from tillway.records.refreshing.products import PAGE

CONSUMER: Final = "integrator"

# Made-up products for the rate, and what each of them takes on a page with all its fields: a real Odoo's third of a
# millisecond.
PACED: Final = 20_000
PACE_MS: Final = 0.35

MANY: Final = int(os.environ.get("TILLWAY_BENCH_PRODUCTS", "200000"))

# What a million products may take, by the aim.
MOST_MB: Final = 500.0

LONGEST_SECONDS: Final = 7_200.0
LOOK_SECONDS: Final = 1.0

_MB: Final = 2**20


async def lines() -> AsyncIterator[Line]:
    """Products a second; then the works process's memory at its peak."""
    there = far.outside()
    if there is not None:
        yield await _rate(there, "")
    else:
        async with _many(PACED, PACE_MS) as paced:
            yield await _rate(paced, f"; {PACED:,} made-up products, {PACE_MS} ms each on a page")
    async with _many(MANY, 0.0) as many:
        yield await _memory(many)


async def _rate(there: far.Far, more: str) -> Line:
    async with hub.running(there) as running:
        await running.leaves_odoo_alone()
        company = str(next(iter(running.landscape("shops.yaml")["shops"].values()))["company"])
        told, counts = running.told["odoo"], []

        async def direct() -> float:
            found = await measured("catalogue_pages", **told, company=company, page=PAGE)
            counts.append(found["products"])
            return float(found["rate"])

        async def ours() -> float:
            seconds = await _synced(running)
            return max(counts, default=1) / seconds if counts else 1 / seconds

        await direct()
        rates = await alternate(ours, direct, rounds=3)
    note = (
        f"`tillway sync full products`, from the request to the end of the sweep, {max(counts):,} products compared"
        f" with what is held; yardstick: one client that asks {there.name} for the same fields and pages of {PAGE}, one"
        f" call after the other, and keeps nothing{more}; {load()}"
    )
    return line("sync", *rates, unit="products/s", note=note)


async def _synced(running: hub.BenchHub) -> float:
    """Seconds that everything took to be read once more."""
    before = (await _sync(running))["ended_at"]
    asked = {"domain": "products", "mode": "full", "reason": "benchmark"}
    began = time.monotonic()
    await running.post("/operations/v1/syncs", asked, CONSUMER)
    while (await _sync(running))["ended_at"] == before:
        if time.monotonic() - began > LONGEST_SECONDS:
            raise RuntimeError(f"not all products were read within {LONGEST_SECONDS:.0f} s")
        await asyncio.sleep(hub.LOOK_SECONDS)
    return time.monotonic() - began


async def _sync(running: hub.BenchHub) -> dict[str, Any]:
    told = await running.get("/operations/v1/syncs", CONSUMER)
    found: dict[str, Any] = next(each for each in told["syncs"] if each["domain"] == "products")
    return found


async def _memory(many: far.Far) -> Line:
    """Of a first load and of a sweep: all of it compared, looked for what is gone."""
    async with hub.running(many, ready=False) as running, ground.connected(running.dsn) as connection:
        works = running.process("tillway.app.works")
        began, seen = time.monotonic(), [(0, _peak(works))]
        while (count := await connection.fetchval(_LOADED)) < MANY:
            if count >= seen[-1][0] + MANY // 4:
                seen.append((count, _peak(works)))
            if time.monotonic() - began > LONGEST_SECONDS:
                raise RuntimeError(f"{count} of {MANY} products were read within {LONGEST_SECONDS:.0f} s")
            await asyncio.sleep(LOOK_SECONDS)
        loaded = MANY / (time.monotonic() - began)
        seen.append((MANY, _peak(works)))
        swept = MANY / await _synced(running)
        peak = _peak(works)
    curve = ", ".join(f"{megabytes:.0f} MB at {count:,}" for count, megabytes in seen)
    note = (
        f"peak resident memory of the works process over a first load ({loaded:.0f} products/s) and a full sync"
        f" ({swept:.0f} products/s) of {MANY:,} made-up products; while loading: {curve}; yardstick: the aim for a"
        f" million; {load()}"
    )
    return line("sync memory", [peak] * 3, [MOST_MB] * 3, unit="MB", note=note)


_LOADED: Final = "SELECT count(*) FROM records.products WHERE sku LIKE 'MANY-%'"


def _peak(process: psutil.Process) -> float:
    """Resident memory at its highest, shared pages of the parent included."""
    for told in Path(f"/proc/{process.pid}/status").read_text("utf-8").splitlines():
        if told.startswith("VmHWM:"):
            return int(told.split()[1]) * 1024 / _MB
    raise RuntimeError("this system does not tell the peak of a process's memory")


@contextlib.asynccontextmanager
async def _many(count: int, work_ms: float) -> AsyncIterator[far.Far]:
    """A sandbox with so many products more."""
    async with far.sandbox() as there:
        process = await started(
            "many_products",
            stdout=asyncio.subprocess.PIPE,
            url=there.url,
            db=there.database,
            key=there.key,
            count=count,
            work_ms=work_ms,
        )
        if process.stdout is None:
            raise RuntimeError("the far side has no output")
        try:
            told = json.loads(await process.stdout.readline())
            yield there._replace(url=told["url"], name="a far side")
        finally:
            await ended(process)
