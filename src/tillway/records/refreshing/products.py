"""Products: changed ones by cursor, and those that exist no more by comparing what is alive."""

from __future__ import annotations

from typing import Any, Final

import msgspec

from tillway import clock, journal
from tillway.postgres import Database, Part, Tx
from tillway.records import products as known
from tillway.records.deciding import Decision, decide_products
from tillway.records.refreshing.progress import PRODUCTS, Progress, progress, save, saving
from tillway.records.refreshing.source import Source, cause
from tillway.records.statements import SQL, digest, document
from tillway.retail import Product

# Products asked for at once.
PAGE: Final = 200

# Products decided in one transaction: each is priced on every list and quantity break, perhaps a millisecond.
DECIDED: Final = 50


class ProductsReading:
    """The products of one source."""

    domain: Final = PRODUCTS

    def __init__(self, db: Database, source: Source) -> None:
        self._db = db
        self._source = source

    async def once(self) -> None:
        """All that changed, and all that is gone."""
        await self._changed()
        await self._gone()

    async def _changed(self) -> None:
        state = await progress(self._db, self._source.connection, PRODUCTS)
        cursor, more = state.cursor, True
        while more:
            page = await self._source.catalogue.products(self._source.call(), cursor=cursor, limit=PAGE)
            cursor, more = page.cursor, page.more
            reached = Progress(cursor, None, loaded=state.loaded or not more)
            if not page.items:
                await save(self._db, self._source.connection, PRODUCTS, reached)
            for start in range(0, len(page.items), DECIDED):
                end = start + DECIDED
                done = reached if end >= len(page.items) else None
                await self._take(page.items[start:end], done, first=not state.loaded)

    async def _take(self, items: tuple[Product, ...], reached: Progress | None, *, first: bool) -> None:
        """Store and tell what these change, and with the last of a page how far was read."""
        async with self._db.transaction() as tx:
            named = ([product.sku for product in items], [product.variant for product in items])
            rows = await tx.fetch(SQL["lock_products"], named[0], self._source.connection, named[1])
            old = {row["sku"]: msgspec.json.decode(row["document"], type=Product) for row in rows}
            lists = await known.price_lists_of(tx, self._source.connection)
            decision = decide_products(old, items, lists, at=clock.now(), cause=cause(), first=first)
            self._stage(tx, decision)
            if reached is not None:
                tx.stage(saving(self._source.connection, PRODUCTS, reached))

    async def _gone(self) -> None:
        """Variants that exist no more leave no change mark behind; what we hold beyond the living is archived."""
        held = {row["variant"]: row["sku"] for row in await self._db.fetch(SQL["variants_of"], self._source.connection)}
        if not held:
            return
        alive = await self._source.catalogue.product_ids(self._source.call())
        gone = sorted(sku for variant, sku in held.items() if variant not in alive)
        for start in range(0, len(gone), DECIDED):
            found = await known.find(self._db, gone[start : start + DECIDED])
            archived = tuple(msgspec.structs.replace(product, active=False) for product in found.values())
            await self._take(archived, None, first=False)

    def _stage(self, tx: Tx, decision: Decision) -> None:
        if decision.save:
            rows = [_row(product, self._source.connection) for product in decision.save]
            columns = tuple(list(column) for column in zip(*rows, strict=True))
            tx.stage(Part("records_products", SQL["save_products"], columns))
        if decision.events:
            tx.stage(journal.appending(decision.events))


def _row(product: Product, connection: str) -> tuple[Any, ...]:
    text = document(product)
    return (
        product.sku,
        connection,
        product.variant,
        product.template,
        product.gtin,
        product.active,
        digest(text),
        text,
    )
