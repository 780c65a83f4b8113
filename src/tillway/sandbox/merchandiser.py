"""A merchandiser in the ERP: changes a list price now and then, as people do, in the ERP itself."""

from __future__ import annotations

import asyncio
import logging
import random
from typing import Any, Final

import aiohttp
import msgspec

log = logging.getLogger(__name__)

# A list price moves by at most this many percent at a time.
STEP_PERCENT: Final = 8

# Templates looked at.
TEMPLATES: Final = 80


class Odoo:
    """A person's session in the ERP, over its API."""

    def __init__(self, url: str, database: str, key: str) -> None:
        self._url = url
        self._session = aiohttp.ClientSession(headers={"Authorization": f"bearer {key}", "X-Odoo-Database": database})

    async def close(self) -> None:
        """Log out."""
        await self._session.close()

    async def call(self, model: str, method: str, **arguments: Any) -> Any:
        """One call; raises aiohttp.ClientError when it fails."""
        url = f"{self._url}/json/2/{model}/{method}"
        async with self._session.post(url, json=arguments, raise_for_status=True) as reply:
            return msgspec.json.decode(await reply.read())


async def run(odoo: Odoo, *, every_seconds: float, seed: int) -> None:
    """Change prices until cancelled."""
    chance = random.Random(seed)
    while True:
        await asyncio.sleep(every_seconds)
        try:
            await change_one(odoo, chance)
        except aiohttp.ClientError as error:
            log.warning("the price was not changed: %s", type(error).__name__)


async def change_one(odoo: Odoo, chance: random.Random) -> tuple[int, str]:
    """Give one template another list price; the template's id and the new price."""
    found = await odoo.call(
        "product.template", "search_read", domain=[["sale_ok", "=", True]], fields=["list_price"], limit=TEMPLATES
    )
    template = chance.choice(found)
    percent = chance.choice([step for step in range(-STEP_PERCENT, STEP_PERCENT + 1) if step])
    price = max(0.5, round(template["list_price"] * (100 + percent) / 100, 2))
    await odoo.call("product.template", "write", ids=[template["id"]], vals={"list_price": price})
    return template["id"], str(price)
