"""Stock levels: what changed, what is waited for, and now and then everything.

A reading says when it *began*: what was committed over there before is in it, and only that stops counting here.
Quants are merged and removed without a trace over there, so what changed is never enough and whole warehouses are
swept as well.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Final, TypeVar

import msgspec

from tillway import journal
from tillway.postgres import Database
from tillway.records import stock
from tillway.records.refreshing.progress import Progress, progress, save
from tillway.records.refreshing.source import Source, StockPlace, cause
from tillway.records.refreshing.sweeping import Sweep
from tillway.records.statements import STOCK as SQL
from tillway.retail import Call, Stock, StockLevel

T = TypeVar("T")

STOCK: Final = "stock"

# SKUs asked about at once, in all warehouses of a company: eighty cost Odoo hardly more than one (measured).
PAGE: Final = 200

# Levels stored in one transaction: each may lock a row that somebody promises from.
STORED: Final = 100

# A warehouse is swept whole this often: what vanished over there is seen by nothing else.
SWEEP_EVERY: Final = timedelta(minutes=15)

# SKUs looked up because a sale or an order waits to be seen, in one reading.
WAITED_FOR: Final = 1_000


class StockReading:
    """The warehouses of one company behind one source."""

    domain: Final = STOCK

    def __init__(self, db: Database, source: Source, capability: Stock, places: Sequence[StockPlace]) -> None:
        self._db = db
        self._source = source
        self._stock = capability
        self._places = {place.warehouse: place for place in places}
        self._company = places[0].company
        own = self._company == source.company
        self._progress = STOCK if own else f"{STOCK}/{self._company}"
        self._sweep = Sweep(db, source.connection, self._progress)

    async def once(self) -> None:
        """What changed and what is waited for; each warehouse whole when its turn has come or it was asked for."""
        asked = await self._sweep.asked()
        since = None if asked is None else asked.begun_at
        state = await progress(self._db, self._source.connection, self._progress)
        reached = state
        if state.cursor is None:
            # From now on: what is there already, the sweeps below read.
            page = await self._stock.changed(self._call(), warehouses=self._places, cursor=None, limit=PAGE)
            reached = Progress(page.cursor, None, loaded=False)
            await save(self._db, self._source.connection, self._progress, reached)
        swept = [await self._swept(place, since) for place in self._places.values()]
        if state.cursor is not None:
            reached = await self._changed(state)
        if not all(swept):
            await self._waited_for()
        if not reached.loaded:
            await save(self._db, self._source.connection, self._progress, Progress(reached.cursor, None, loaded=True))
        if asked is not None:
            await self._sweep.ended(asked)

    async def _changed(self, state: Progress) -> Progress:
        cursor, more, first = state.cursor, True, None
        while more:
            began = await stock.read_clock(self._db)
            first = first or began
            page = await self._stock.changed(self._call(), warehouses=self._places, cursor=cursor, limit=PAGE)
            cursor, more = page.cursor, page.more
            await self._take(page.items, began)
            await save(self._db, self._source.connection, self._progress, Progress(cursor, None, loaded=True))
        for place in self._places.values():
            await self._db_place(place, first or began, swept=False)
        return Progress(cursor, None, loaded=True)

    async def _waited_for(self) -> None:
        """Look up what a sale or an order waits to be seen of: nothing over there may have marked it as changed."""
        for place in self._places.values():
            rows = await self._db.fetch(SQL["waiting_to_be_seen"], list(place.shops), self._key(place), WAITED_FOR)
            for some in _some([row["sku"] for row in rows], PAGE):
                await self._levels(place, some)

    async def _levels(self, place: StockPlace, skus: Sequence[str]) -> None:
        began = await stock.read_clock(self._db)
        levels = await self._stock.levels(self._call(), warehouses=(place.warehouse,), skus=skus)
        await self._take(levels, began)

    async def _swept(self, place: StockPlace, since: datetime | None) -> bool:
        """Read a warehouse whole if its turn has come, or if that was not done since a moment; whether it was."""
        row = await self._db.fetchrow(SQL["place"], self._key(place))
        swept_at = None if row is None else row["swept_began_at"]
        began = await stock.read_clock(self._db)
        if swept_at is not None and began - swept_at < SWEEP_EVERY and (since is None or swept_at >= since):
            return False
        first, cursor, more = swept_at is None, None, True
        while more:
            asked = await stock.read_clock(self._db)
            page = await self._stock.sweep(self._call(), warehouse=place.warehouse, cursor=cursor, limit=PAGE)
            cursor, more = page.cursor, page.more
            await self._take(page.items, asked, first=first)
        after = ""
        while rows := await self._db.fetch(SQL["not_named"], self._key(place), began, after, PAGE):
            await self._levels(place, [row["sku"] for row in rows])
            after = rows[-1]["sku"]
        await self._db_place(place, began, swept=True)
        return True

    async def _take(self, levels: Iterable[StockLevel], began: datetime, *, first: bool = False) -> None:
        """Store what a reading showed, place by place, and tell what changed."""
        by_place: dict[str, list[StockLevel]] = {}
        for level in levels:
            by_place.setdefault(level.warehouse, []).append(level)
        for warehouse, found in by_place.items():
            place = self._places.get(warehouse)
            if place is None:
                continue
            for some in _some(found, STORED):
                async with self._db.transaction() as tx:
                    events = await stock.apply(
                        tx, self._key(place), place.shops, some, began=began, cause=cause(), first=first
                    )
                    if events:
                        tx.stage(journal.appending(events))

    async def _db_place(self, place: StockPlace, began: datetime, *, swept: bool) -> None:
        async with self._db.transaction() as tx:
            await tx.execute(SQL["place_read"], self._key(place), began, swept)

    def _key(self, place: StockPlace) -> str:
        return stock.place_of(self._source.connection, place.warehouse)

    def _call(self) -> Call:
        return msgspec.structs.replace(self._source.call(), company=self._company)


def stock_readings(db: Database, source: Source) -> Iterator[tuple[StockReading, ...]]:
    """A sequence for each company: they see none of each other's stock, so each is asked for itself."""
    if source.stock is None:
        return
    for company in dict.fromkeys(place.company for place in source.places):
        places = [place for place in source.places if place.company == company]
        yield (StockReading(db, source, source.stock, places),)


def _some(items: Sequence[T], count: int) -> Iterator[Sequence[T]]:
    for start in range(0, len(items), count):
        yield items[start : start + count]
