"""Asks an Odoo-shaped server the same method again and again, as a script without a hub does."""

from __future__ import annotations

from itertools import count
from typing import Any

import aiohttp

from bench.client import serve
from bench.clients.counting import counted


async def main(
    *, url: str, db: str, key: str, method: str, bodies: list[Any], connections: int, seconds: float
) -> dict[str, Any]:
    """Answers a second. `bodies` are taken in turn."""
    numbers = count()
    headers = {"Authorization": f"bearer {key}", "X-Odoo-Database": db}
    async with aiohttp.ClientSession(base_url=url, headers=headers) as session:

        async def ask() -> None:
            body = bodies[next(numbers) % len(bodies)]
            async with session.post(f"/json/2/{method}", json=body) as reply:
                if reply.status != 200:
                    raise RuntimeError(f"{reply.status}: {await reply.text()}")
                await reply.read()

        return await counted([ask] * connections, seconds)


if __name__ == "__main__":
    serve(main)
