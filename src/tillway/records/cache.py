"""What a door remembers of products and price lists: a local follower drops what changed, age drops the rest."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import msgspec

from tillway import clock
from tillway.journal import Recorded, Tail
from tillway.postgres import Database
from tillway.records import products as known
from tillway.retail import PriceList, Product

# A remembered price may be this old even if no event came (seconds): the declared tolerance of prices.
TOLERANCE: Final = 60.0

# Products remembered by one process, about 1 KB each; the oldest go first.
PRODUCTS_REMEMBERED: Final = 50_000


class _Entry(msgspec.Struct, frozen=True):
    value: Product | PriceList
    until: float


class Shelf:
    """Products and price lists at hand.

    An entry is stored only if no event of its key arrived since its read began, so a change that overtakes a read is
    never covered up by it.
    """

    def __init__(self, db: Database, tail: Tail) -> None:
        self._db = db
        self._products: dict[str, _Entry] = {}
        self._lists: dict[str, _Entry] = {}
        self._changes = 0
        tail.local(("price.changed", "product.changed"), self._drop)

    async def products(self, skus: Iterable[str]) -> dict[str, Product]:
        """The products of these SKUs that exist, by SKU."""
        now, found, missing = clock.monotonic(), {}, []
        for sku in skus:
            entry = self._products.get(sku)
            if entry is not None and entry.until > now and isinstance(entry.value, Product):
                found[sku] = entry.value
            else:
                missing.append(sku)
        if missing:
            began = self._changes
            read = await known.find(self._db, missing)
            found |= read
            if began == self._changes:
                self._keep(read, now)
        return found

    async def price_list(self, list_id: str) -> PriceList | None:
        """One price list; None when none of that name was read."""
        now, entry = clock.monotonic(), self._lists.get(list_id)
        if entry is not None and entry.until > now and isinstance(entry.value, PriceList):
            return entry.value
        began = self._changes
        read = await known.price_list(self._db, list_id)
        if read is not None and began == self._changes:
            self._lists[list_id] = _Entry(read, now + TOLERANCE)
        return read

    def _keep(self, read: dict[str, Product], now: float) -> None:
        for sku, product in read.items():
            self._products.pop(sku, None)
            self._products[sku] = _Entry(product, now + TOLERANCE)
        while len(self._products) > PRODUCTS_REMEMBERED:
            del self._products[next(iter(self._products))]

    def _drop(self, event: Recorded) -> None:
        # Any change makes reads that are under way unfit to be kept: simple, and rare beside the reads.
        self._changes += 1
        self._products.pop(event.subject, None)
        if event.type == "price.changed":
            for name in event.data["lists"]:
                self._lists.pop(name, None)
