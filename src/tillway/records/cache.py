"""What a door remembers of products and price lists: a local follower drops what changed, age drops the rest."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Iterable
from typing import Any, Final, TypeVar

import msgspec

from tillway import clock
from tillway.errors import Unavailable
from tillway.journal import Recorded, Tail
from tillway.postgres import Database
from tillway.records import products as known
from tillway.retail import PriceList, Product

R = TypeVar("R")

# A remembered price may be this old even if no event came (seconds), where no domain declares what is tolerated.
TOLERANCE: Final = 60.0

# Products remembered by one process, about 1 KB each; the oldest go first.
PRODUCTS_REMEMBERED: Final = 50_000


# After Postgres failed to answer, readers that may be given something older do not wait for it again for so long.
AWAY_SECONDS: Final = 0.5


class Stale(msgspec.Struct):
    """How old (seconds) an answer may be while Postgres is away; none: it may not. `age` tells how old it became."""

    allowed: float = 0.0
    age: float = 0.0


class _Entry(msgspec.Struct, frozen=True):
    value: Product | PriceList
    read_at: float


class Shelf:
    """Products and price lists at hand.

    An entry is stored only if no event of its key arrived since its read began, so a change that overtakes a read is
    never covered up by it. `tolerance` says how old (seconds) what is remembered may be, as it is declared now.
    """

    def __init__(self, db: Database, tail: Tail, tolerance: Callable[[], float] = lambda: TOLERANCE) -> None:
        self._db = db
        self._tolerance = tolerance
        self._products: dict[str, _Entry] = {}
        self._lists: dict[str, _Entry] = {}
        self._changes = 0
        self._away_until = 0.0
        tail.local(("price.changed", "product.changed"), self._drop)

    async def products(self, skus: Iterable[str], stale: Stale | None = None) -> dict[str, Product]:
        """The products of these SKUs that exist, by SKU. Unavailable, unless `stale` allows what is remembered."""
        now, found, missing = clock.monotonic(), {}, []
        for sku in skus:
            entry = self._products.get(sku)
            if entry is not None and entry.read_at + self._tolerance() > now and isinstance(entry.value, Product):
                found[sku] = entry.value
            else:
                missing.append(sku)
        if missing:
            began = self._changes
            try:
                read = await self._read(known.find(self._db, missing), stale)
            except Unavailable:
                return found | self._old_products(missing, stale)
            found |= read
            if began == self._changes:
                self._keep(read, now)
        return found

    async def price_list(self, list_id: str, stale: Stale | None = None) -> PriceList | None:
        """One price list; None when none of that name was read. Unavailable as `products`."""
        now, entry = clock.monotonic(), self._lists.get(list_id)
        if entry is not None and entry.read_at + self._tolerance() > now and isinstance(entry.value, PriceList):
            return entry.value
        began = self._changes
        try:
            read = await self._read(known.price_list(self._db, list_id), stale)
        except Unavailable:
            old = _old(entry, stale, clock.monotonic())
            if isinstance(old, PriceList):
                return old
            raise
        if read is not None and began == self._changes:
            self._lists[list_id] = _Entry(read, now)
        return read

    async def _read(self, reading: Coroutine[Any, Any, R], stale: Stale | None) -> R:
        """What Postgres says; who may be given something older does not wait for one that was away a moment ago."""
        if stale is not None and stale.allowed and clock.monotonic() < self._away_until:
            reading.close()
            raise Unavailable("Postgres was away a moment ago")
        try:
            return await reading
        except Unavailable:
            self._away_until = clock.monotonic() + AWAY_SECONDS
            raise

    def _old_products(self, skus: Iterable[str], stale: Stale | None) -> dict[str, Product]:
        """All of these from memory. Unavailable for one that is not there, or too old."""
        now, found = clock.monotonic(), {}
        for sku in skus:
            old = _old(self._products.get(sku), stale, now)
            if not isinstance(old, Product):
                raise Unavailable("Postgres is away, and not all of this is remembered")
            found[sku] = old
        return found

    def _keep(self, read: dict[str, Product], now: float) -> None:
        for sku, product in read.items():
            self._products.pop(sku, None)
            self._products[sku] = _Entry(product, now)
        while len(self._products) > PRODUCTS_REMEMBERED:
            del self._products[next(iter(self._products))]

    def _drop(self, event: Recorded) -> None:
        # Any change makes reads that are under way unfit to be kept: simple, and rare beside the reads.
        self._changes += 1
        self._products.pop(event.subject, None)
        if event.type == "price.changed":
            for name in event.data["lists"]:
                self._lists.pop(name, None)


def _old(entry: _Entry | None, stale: Stale | None, now: float) -> Product | PriceList | None:
    """What is remembered, if it may be given; its age is noted."""
    if entry is None or stale is None or now - entry.read_at > stale.allowed:
        return None
    stale.age = max(stale.age, now - entry.read_at)
    return entry.value
