"""Stores: `stores.v1`, as the landscape declares them."""

from __future__ import annotations

from typing import Final

from tillway.errors import NotFound
from tillway.gateway import Answer, Ask, Handler
from tillway.landscape import Shop
from tillway.retail import Store

# Stores on a page when the request does not say.
PAGE: Final = 100


def bind() -> dict[str, Handler]:
    """The handlers of this document."""

    async def list_stores(ask: Ask) -> Answer:
        region = ask.query.get("region")
        after, limit = ask.query.get("after", ""), ask.query.get("limit", PAGE)
        found = [
            shop
            for name, shop in sorted(ask.landscape.shops.items())
            if name > after and ask.grant.sees_shop(name) and (region is None or shop.region == region)
        ]
        page = [told(shop) for shop in found[:limit]]
        return Answer(200, {"stores": page, "next": page[-1].id if len(found) > limit else None})

    async def get_store(ask: Ask) -> Answer:
        shop = ask.landscape.shops.get(ask.path["id"])
        if shop is None or not ask.grant.sees_shop(shop.id):
            raise NotFound("no store has this id")
        return Answer(200, told(shop))

    return {"listStores": list_stores, "getStore": get_store}


def told(shop: Shop) -> Store:
    """A shop as channels know it. Pure."""
    return Store(id=shop.id, name=shop.name, timezone=shop.timezone, currency=shop.currency, region=shop.region)
