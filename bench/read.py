"""`read`: what does it cost to be governed? A cached product read through every stage, beside routes without any."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import random
from collections.abc import AsyncIterator
from functools import partial
from typing import Any, Final
from urllib.parse import quote

import aiohttp
import psutil

from bench import hub
from bench.client import ended, measured, started
from bench.report import Line, alternate, line, load

CONNECTIONS: Final = 16
SECONDS: Final = 4.0
CONSUMER: Final = "integrator"

# Different products that come round again: all of them cached after the first round.
PRODUCTS: Final = 100

# The server under test has this core for itself, whoever asks the others.
SERVER_CORE: Final = 0


async def lines() -> AsyncIterator[Line]:
    """Three lines: beside a bare route, beside one with hand-written authentication, and beside the ERP itself."""
    async with hub.running() as running:
        door = _door()
        door.cpu_affinity([SERVER_CORE])
        products, jwks = await _products(running), await _fetched(f"{running.base_url}/.well-known/jwks.json")
        bearer = f"Authorization: Bearer {await running.token(CONSUMER)}\r\n"
        paths = [f"/products/v1/products/{quote(sku)}" for sku in products]

        async def rate(base_url: str) -> float:
            asked = {"base_url": base_url, "paths": paths, "headers": [bearer]}
            found = await measured("get_reads", **asked, connections=CONNECTIONS, seconds=SECONDS)
            return float(found["rate"])

        note = (
            f"GET of one of {PRODUCTS} cached products, {CONNECTIONS} keep-alive connections, server on one core; ours:"
            " every stage on (bearer token, policies, quota, schema, minimisation, audit, census)"
        )
        for kind, what in (
            ("starlette", "a bare Starlette route on the same server that checks nothing"),
            ("fastapi", "a FastAPI route on the same server with hand-written bearer authentication and a model"),
        ):
            async with _plain(kind, products, jwks) as base_url:
                rates = await alternate(partial(rate, running.base_url), partial(rate, base_url))
            yield line(f"read beside {kind}", *rates, unit="reads/s", note=f"{note}; yardstick: {what}; {load()}")

        async def asked_of_odoo() -> float:
            found = await measured("odoo_reads", **running.told["odoo"], skus=list(products), seconds=SECONDS)
            return float(found["rate"])

        rates = await alternate(partial(rate, running.base_url), asked_of_odoo, rounds=3)
        yield line(
            "read beside Odoo",
            *rates,
            unit="reads/s",
            note=f"{note}; yardstick: the same products asked of the sandbox's JSON-2 by SKU, one at a time on"
            f" {CONNECTIONS} connections (a real Odoo answers some 50 to 150 a second a worker); {load()}",
        )


def _door() -> psutil.Process:
    found = [each for each in psutil.process_iter(["cmdline"]) if "tillway.app.door" in " ".join(each.cmdline() or ())]
    mine = [each for each in found if os.getpid() in {parent.pid for parent in each.parents()}]
    return mine[0]


async def _products(running: hub.BenchHub) -> dict[str, dict[str, Any]]:
    page = await running.get(f"/products/v1/products?limit={PRODUCTS}", CONSUMER)
    found = {entry["sku"]: entry for entry in page["products"]}
    return dict(random.Random(7).sample(sorted(found.items()), len(found)))


async def _fetched(url: str) -> Any:
    async with aiohttp.ClientSession() as session, session.get(url) as reply:
        return await reply.json()


@contextlib.asynccontextmanager
async def _plain(kind: str, products: dict[str, Any], jwks: dict[str, Any]) -> AsyncIterator[str]:
    process = await started(
        "plain_reads", stdout=asyncio.subprocess.PIPE, kind=kind, core=SERVER_CORE, products=products, jwks=jwks
    )
    if process.stdout is None:
        raise RuntimeError("the plain server has no output")
    try:
        told = json.loads(await process.stdout.readline())
        await _answers(told["base_url"])
        yield told["base_url"]
    finally:
        await ended(process)


async def _answers(base_url: str) -> None:
    async with asyncio.timeout(hub.START_SECONDS), aiohttp.ClientSession() as session:
        while True:
            with contextlib.suppress(aiohttp.ClientConnectionError):
                async with session.get(base_url):
                    return
            await asyncio.sleep(hub.LOOK_SECONDS)
