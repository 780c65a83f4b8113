"""Products: `products.v1`."""

from __future__ import annotations

import base64
import binascii
from typing import Final

from tillway.apis import remembered
from tillway.apis.declaring import declared
from tillway.apis.following import Following
from tillway.errors import Invalid, NotFound, Violation
from tillway.gateway import Answer, Ask, Handler
from tillway.postgres import Database
from tillway.records import Shelf, products

# Products on a page when the request does not say.
PAGE: Final = 100

# What tells that a product is not what it was.
CHANGES: Final = frozenset({"product.changed", "price.changed"})


def bind(db: Database, shelf: Shelf, following: Following) -> dict[str, Handler]:
    """The handlers of this document."""

    async def get_product(ask: Ask) -> Answer:
        sku = ask.path["sku"]
        stale = remembered.allowed(ask)
        found = await shelf.products((sku,), stale)
        if sku not in found:
            raise NotFound("no product with this SKU is known")
        return Answer(200, declared(found[sku], "product", ask.landscape), remembered.told(stale))

    async def list_products(ask: Ask) -> Answer:
        if "gtin" in ask.query:
            found = await products.by_gtin(db, ask.query["gtin"])
            return Answer(200, {"products": [declared(each, "product", ask.landscape) for each in found], "next": None})
        limit, after = ask.query.get("limit", PAGE), _sku(ask.query.get("after", ""))
        if "q" in ask.query:
            page = await products.matching(db, _words(ask.query["q"]), after=after, limit=limit)
        else:
            page = await products.page(db, after=after, limit=limit)
        following = _cursor(page[-1].sku) if len(page) == limit else None
        return Answer(200, {"products": [declared(each, "product", ask.landscape) for each in page], "next": following})

    async def list_product_changes(ask: Ask) -> Answer:
        if "after" not in ask.query:
            return Answer(200, {"products": (), "next": following.here()})
        events, onward = await following.read(ask, types=CHANGES, choose=lambda _: True)
        # Each as it is now, once, however often it changed meanwhile.
        found = await products.find(db, {event.subject for event in events})
        return Answer(
            200, {"products": [declared(found[sku], "product", ask.landscape) for sku in sorted(found)], "next": onward}
        )

    return {
        "getProduct": get_product,
        "listProducts": list_products,
        "listProductChanges": list_product_changes,
    }


def _words(text: str) -> tuple[str, ...]:
    found = products.words_of(text)
    if not found:
        detail = "needs at least one letter or digit"
        raise Invalid(violations=(Violation(pointer="/query/q", detail=detail, rule="words"),))
    return found


def _cursor(sku: str) -> str:
    return base64.urlsafe_b64encode(sku.encode()).decode()


def _sku(cursor: str) -> str:
    """The SKU a page ended with; an empty one comes before all."""
    try:
        sku = base64.b64decode(cursor.encode(), altchars=b"-_", validate=True).decode()
    except (binascii.Error, UnicodeError):
        sku = "\x00"
    if "\x00" in sku:
        detail = "not a cursor that this hub gave out"
        raise Invalid(violations=(Violation(pointer="/query/after", detail=detail, rule="cursor"),))
    return sku
