"""A web shop: shoppers with a few products in the basket, each order sent until it is answered."""

from __future__ import annotations

import asyncio
import logging
import random
from typing import Any, Final

from tillway import ids
from tillway.errors import Rejected, Unavailable
from tillway.sandbox.hub_client import HubClient

log = logging.getLogger(__name__)

# What one look at the assortment brings.
ASSORTMENT: Final = 100

# After no answer the same order is sent again, with the same key, after this time.
AGAIN_SECONDS: Final = 0.5


def basket(skus: list[str], chance: random.Random) -> dict[str, Any]:
    """One shopper's order: one to three products, one or two of each. Pure, given the chance."""
    chosen = chance.sample(skus, k=min(len(skus), chance.randint(1, 3)))
    return {"lines": [{"sku": sku, "quantity": str(chance.randint(1, 2))} for sku in chosen]}


async def run(client: HubClient, *, every_seconds: float, seed: int) -> None:
    """Sell until cancelled."""
    chance = random.Random(seed)
    while True:
        skus = await assortment(client)
        if skus:
            await place(client, basket(skus, chance))
        await asyncio.sleep(every_seconds * chance.uniform(0.5, 1.5))


async def assortment(client: HubClient) -> list[str]:
    """The SKUs on the first page of the catalogue; none while the hub is not ready."""
    try:
        page = await client.get("/products/v1/products", limit=ASSORTMENT)
    except Unavailable:
        return []
    return [product["sku"] for product in page["products"]]


async def place(client: HubClient, order: dict[str, Any]) -> str | None:
    """Place an order once, however often it takes; its id, or None when the hub refused it."""
    key = str(ids.new())
    while True:
        try:
            answer = await client.post("/orders/v1/orders", order, key=key)
        except Unavailable:
            await asyncio.sleep(AGAIN_SECONDS)
        except Rejected as error:
            log.warning("order refused: %s", error.detail)
            return None
        else:
            placed: str = answer["id"]
            return placed
