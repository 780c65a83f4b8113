"""Products: changed ones by cursor, those that exist no more by comparing what is alive, and all of them by sweeps.

A variant's surcharge, the place of its category and the rate of its tax belong to a product of ours and leave no mark
at it over there: a fingerprint of them says when to sweep, and time does in any case.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final

import msgspec

from tillway import clock, journal
from tillway.postgres import Database, Part, Tx
from tillway.records import findings
from tillway.records import products as known
from tillway.records.deciding import Decision, decide_products
from tillway.records.refreshing.progress import PRODUCTS, Progress, progress, saving
from tillway.records.refreshing.source import Source, cause
from tillway.records.refreshing.sweeping import PAGES_A_STEP, Sweep, advanced
from tillway.records.statements import SQL, digest, document
from tillway.retail import CataloguePage, Criticality, Product

# Products asked for at once.
PAGE: Final = 200

# Variants whose absence is looked for in one call, and calls in one reading: half a second of an ERP's worker. A range
# of more is gone through in as many readings as it takes.
SOUGHT: Final = 5_000
SOUGHT_PAGES: Final = 10

# Products decided in one transaction: each is priced on every list and quantity break, perhaps a millisecond.
DECIDED: Final = 50

Keep = Callable[[CataloguePage], Awaitable[None]]
"""Stores a page and tells what it changes."""


class ProductsReading:
    """The products of one source."""

    domain: Final = PRODUCTS

    def __init__(self, db: Database, source: Source, nudged: asyncio.Event) -> None:
        """`nudged` is set when somebody waits for the next reading: a sweep then makes way for it."""
        self._db = db
        self._source = source
        self._nudged = nudged
        self._sweep = Sweep(db, source.connection, PRODUCTS, source.sweep_seconds)
        self._sweeping = False
        self._compared_at = float("-inf")
        self._compared = ""

    def seconds(self) -> float:
        """A sweep that is under way goes on at once."""
        return 0.0 if self._sweeping else self._source.poll_seconds

    async def once(self) -> None:
        """All that changed, all that is gone, and a step of the sweep if one is due."""
        await self._changed()
        # In the middle of a sweep this comes round within seconds, and all ids are asked for no more often than else.
        if not self._sweeping or clock.monotonic() - self._compared_at >= self._source.poll_seconds:
            await self._gone()
            await self._gone_findings()
            self._compared_at = clock.monotonic()
        await self._sweep_on()

    async def _sweep_on(self) -> None:
        self._sweeping = False
        due = await self._sweep.due(self._related)
        if due is None or not due.under_way:
            return
        state = due

        async def keep(page: CataloguePage) -> None:
            nonlocal state
            state = advanced(state, page.cursor, more=page.more, now=clock.now())
            async with self._db.transaction() as tx:
                findings.stage(tx, self._source.connection, page)
            for start in range(0, len(page.items), DECIDED):
                await self._take(page.items[start : start + DECIDED], None, first=False)
            await self._sweep.save(state)

        until = clock.monotonic() + self._source.poll_seconds

        def enough(pages: int) -> bool:
            return pages >= PAGES_A_STEP and (self._nudged.is_set() or clock.monotonic() >= until)

        await self._each(state.cursor, Criticality.LOW, keep, enough)
        self._sweeping = state.under_way

    async def _related(self) -> str:
        return await self._source.catalogue.related_versions(self._source.call())

    async def _changed(self) -> None:
        state = await progress(self._db, self._source.connection, PRODUCTS)

        async def keep(page: CataloguePage) -> None:
            reached = Progress(page.cursor, None, loaded=state.loaded or not page.more)
            async with self._db.transaction() as tx:
                findings.stage(tx, self._source.connection, page)
                if not page.items:
                    tx.stage(saving(self._source.connection, PRODUCTS, reached))
            for start in range(0, len(page.items), DECIDED):
                end = start + DECIDED
                done = reached if end >= len(page.items) else None
                await self._take(page.items[start:end], done, first=not state.loaded)

        await self._each(state.cursor, Criticality.NORMAL, keep)

    async def _each(
        self, cursor: str | None, criticality: Criticality, keep: Keep, enough: Callable[[int], bool] = lambda _: False
    ) -> None:
        """Have pages after a cursor kept, all or enough; each is asked for while the one before is kept."""
        page, count = await self._page(cursor, criticality), 1
        while page.more and not enough(count):
            following = asyncio.create_task(self._page(page.cursor, criticality))
            try:
                await keep(page)
                page, count = await following, count + 1
            finally:
                following.cancel()
                await asyncio.gather(following, return_exceptions=True)
        await keep(page)

    async def _page(self, cursor: str | None, criticality: Criticality) -> CataloguePage:
        call = msgspec.structs.replace(self._source.call(), criticality=criticality)
        return await self._source.catalogue.products(call, cursor=cursor, limit=PAGE)

    async def _take(self, items: tuple[Product, ...], reached: Progress | None, *, first: bool) -> None:
        """Store and tell what these change, and with the last of a page how far was read."""
        async with self._db.transaction() as tx:
            named = ([product.sku for product in items], [product.variant for product in items])
            rows = await tx.fetch(SQL["lock_products"], named[0], self._source.connection, named[1])
            old = {row["sku"]: msgspec.json.decode(row["document"], type=Product) for row in rows}
            lists = await known.price_lists_of(tx, self._source.connection)
            decision = decide_products(
                old, items, lists, at=clock.now(), cause=cause(), first=first, own=self._source.own_fields
            )
            self._stage(tx, decision)
            if reached is not None:
                tx.stage(saving(self._source.connection, PRODUCTS, reached))

    async def _gone(self) -> None:
        """Variants that exist no more leave no change mark behind; what we hold beyond the living is archived."""
        connection = self._source.connection
        for _ in range(SOUGHT_PAGES):
            held = await self._db.fetch(SQL["variants_of"], connection, self._compared, SOUGHT)
            if held:
                alive = await self._source.catalogue.coded(self._source.call(), [row["variant"] for row in held])
                await self._archive(sorted(row["sku"] for row in held if row["variant"] not in alive))
            self._compared = held[-1]["variant"] if len(held) == SOUGHT else ""
            if not self._compared:
                return

    async def _archive(self, gone: Sequence[str]) -> None:
        for start in range(0, len(gone), DECIDED):
            found = await known.find(self._db, gone[start : start + DECIDED])
            archived = tuple(msgspec.structs.replace(product, active=False) for product in found.values())
            await self._take(archived, None, first=False)

    async def _gone_findings(self) -> None:
        """What was left out and exists no more is wrong no more."""
        connection, after = self._source.connection, ""
        while doubted := await findings.left_out(self._db, connection, after):
            after = doubted[-1]
            alive = await self._source.catalogue.alive(self._source.call(), doubted)
            if gone := [each for each in doubted if each not in alive]:
                await findings.end(self._db, connection, gone)

    def _stage(self, tx: Tx, decision: Decision) -> None:
        if decision.save:
            rows = [_row(product, self._source.connection) for product in decision.save]
            columns = tuple(list(column) for column in zip(*rows, strict=True))
            tx.stage(Part("records_products", SQL["save_products"], columns))
        if decision.events:
            tx.stage(journal.appending(decision.events))


def _row(product: Product, connection: str) -> tuple[Any, ...]:
    told = msgspec.to_builtins(product)
    if not product.extensions:
        del told["extensions"]  # a release that knows no own fields can read what has none
    text = document(told)
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
