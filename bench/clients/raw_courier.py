"""The yardstick of `latency`: LISTEN, SELECT, POST, and nothing of what a hub is for. Until it is ended."""

from __future__ import annotations

import asyncio
from typing import Any

import aiohttp
import asyncpg

from bench.client import serve


async def main(*, dsn: str) -> dict[str, Any]:
    """Deliver every row of `hooks` after the last one to the URL that stands in it."""
    connection = await asyncpg.connect(dsn)
    wake = asyncio.Event()
    await connection.add_listener("hooks", lambda *_: wake.set())
    last = 0
    async with aiohttp.ClientSession() as session:
        while True:
            wake.clear()
            rows = await connection.fetch(
                "SELECT position, id, data, data->>'url' FROM hooks WHERE position > $1 ORDER BY position", last
            )
            for position, row_id, data, url in rows:
                async with session.post(url, data=data, headers={"webhook-id": str(row_id)}) as reply:
                    await reply.read()
                last = position
            if not rows:
                await wake.wait()


if __name__ == "__main__":
    serve(main)
