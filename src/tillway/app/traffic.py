"""The demo's traffic: tills, a web shop and a merchandiser. Its argument is the state directory."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from pathlib import Path
from typing import Final

import aiohttp

from tillway import clock, ids, settings, telemetry
from tillway.app import child
from tillway.landscape import Landscape, Shop, Till, read
from tillway.sandbox import merchandiser, tills, webshop
from tillway.sandbox.hub_client import HubClient

# A pace a person can watch.
SALE_SECONDS: Final = 1.5
ORDER_SECONDS: Final = 4.0
PRICE_SECONDS: Final = 8.0

# Tills that sell; a retailer with more has more shops than a screen has lines.
TILLS: Final = 6

# How often readiness is asked for at the start.
READY_LOOK_SECONDS: Final = 0.1


async def _main(stop: asyncio.Event) -> None:
    telemetry.configure(settings.read(os.environ).log_level, process="traffic")
    state = Path(sys.argv[1])
    told = json.loads((state / "demo.json").read_text())
    secrets = {entry["id"]: entry["secret"] for entry in told["consumers"]}
    landscape = read(state / "landscape")
    await _ready(told["base_url"], stop)
    clients = {name: HubClient(told["base_url"], name, secrets[name]) for name in ("web-shop", "tills")}
    odoo = merchandiser.Odoo(told["odoo"]["url"], told["odoo"]["db"], told["odoo"]["key"])
    epoch = str(ids.new())
    works = [
        tills.run(clients["tills"], till=till.id, shop=shop.id, epoch=epoch, every_seconds=SALE_SECONDS, seed=number)
        for number, (shop, till) in enumerate(_tills(landscape)[:TILLS])
    ]
    works.append(webshop.run(clients["web-shop"], every_seconds=ORDER_SECONDS, seed=1))
    works.append(merchandiser.run(odoo, every_seconds=PRICE_SECONDS, seed=2))
    try:
        await child.until(stop, *works)
    finally:
        for client in clients.values():
            await client.close()
        await odoo.close()


def _tills(landscape: Landscape) -> list[tuple[Shop, Till]]:
    return [(shop, till) for shop in landscape.shops.values() for till in shop.tills.values()]


async def _ready(base_url: str, stop: asyncio.Event) -> None:
    """Wait until the hub has read the catalogue; while it starts, nobody answers yet."""
    async with aiohttp.ClientSession() as session:
        while not await _is_ready(session, base_url):
            if await clock.wait(stop, READY_LOOK_SECONDS):
                return


async def _is_ready(session: aiohttp.ClientSession, base_url: str) -> bool:
    try:
        async with session.get(f"{base_url}/health/ready") as reply:
            return reply.status == 200  # noqa: PLR2004 - HTTP
    except aiohttp.ClientError:
        return False


def main() -> None:
    """Run until told to stop; the nursery calls it."""
    child.run(_main)
