"""Reads products by SKU straight from an Odoo-shaped server, as a script without a hub does."""

from __future__ import annotations

from itertools import count
from typing import Any, Final

import aiohttp

from bench.client import serve
from bench.clients.counting import counted

CONNECTIONS: Final = 16

_FIELDS: Final = ["default_code", "name", "barcode", "lst_price", "taxes_id"]


async def main(*, url: str, db: str, key: str, skus: list[str], seconds: float) -> dict[str, Any]:
    """Answers a second."""
    numbers = count()
    headers = {"Authorization": f"bearer {key}", "X-Odoo-Database": db}
    async with aiohttp.ClientSession(base_url=url, headers=headers) as session:

        async def read() -> None:
            sku = skus[next(numbers) % len(skus)]
            asked = {"domain": [["default_code", "=", sku]], "fields": _FIELDS}
            async with session.post("/json/2/product.product/search_read", json=asked) as reply:
                if reply.status != 200:
                    raise RuntimeError(f"{reply.status}: {await reply.text()}")
                await reply.read()

        return await counted([read] * CONNECTIONS, seconds)


if __name__ == "__main__":
    serve(main)
