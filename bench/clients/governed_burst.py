"""Reads the catalogue of an Odoo with many hands through the governor, as a burst of a sync does, until terminated."""

from __future__ import annotations

import asyncio
import signal
from datetime import timedelta
from typing import Any

from bench.client import serve
from bench.clients.governed import gated
from tillway import clock
from tillway.connectors.odoo import Connection, Odoo
from tillway.errors import TillwayError
from tillway.retail import Call, Criticality


async def main(*, dsn: str, odoo: dict[str, str], workers: int, hands: int, page: int) -> dict[str, Any]:
    """Pages read."""
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    pages = 0
    async with gated(dsn, workers) as (client, gate):
        connection = Connection(url=odoo["url"], database=odoo["database"], key=odoo["key"])

        async def read(hand: int) -> None:
            nonlocal pages
            # A catalogue each: reads of one that wait for the same would be made one.
            catalogue, cursor = Odoo(connection, client, gate=gate).catalogue, None
            while not stop.is_set():
                try:
                    found = await catalogue.products(_call(hand), cursor=cursor, limit=page)
                except TillwayError:
                    continue
                cursor, pages = found.cursor if found.more else None, pages + 1

        tasks = [asyncio.create_task(read(hand)) for hand in range(hands)]
        await stop.wait()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    return {"pages": pages}


def _call(hand: int) -> Call:
    return Call(
        criticality=Criticality.LOW,
        deadline=clock.now() + timedelta(seconds=60),
        correlation=f"burst {hand}",
        reference="burst",
        company="1",
    )


if __name__ == "__main__":
    serve(main)
