"""Price lists, whole whenever one of them differs: rules carry no change mark that can be trusted."""

from __future__ import annotations

import logging
from datetime import datetime
from typing import Any, Final

import msgspec

from tillway import clock, journal
from tillway.errors import NotFound
from tillway.postgres import Database, Part
from tillway.records import products as known
from tillway.records.deciding import decide_price_list
from tillway.records.refreshing.price_clock import PriceClock
from tillway.records.refreshing.progress import PRICES, Progress, progress, save
from tillway.records.refreshing.source import Source, cause
from tillway.records.refreshing.sweeping import Sweep
from tillway.records.statements import SQL, digest, document
from tillway.retail import PriceList

log = logging.getLogger(__name__)

# Events one transaction appends when a price list touches many products.
EVENTS_AT_ONCE: Final = 200


class PricesReading:
    """The price lists of one source."""

    domain: Final = PRICES

    def __init__(self, db: Database, source: Source, by_time: PriceClock) -> None:
        self._db = db
        self._source = source
        self._clock = by_time
        self._sweep = Sweep(db, source.connection, PRICES)

    async def once(self) -> None:
        """All lists, if any differs from what it was or somebody asked for them."""
        asked = await self._sweep.asked()
        state = await progress(self._db, self._source.connection, PRICES)
        fingerprint = await self._source.price_lists.versions(self._source.call())
        names = ",".join(sorted(f"{ours}={theirs}" for ours, theirs in self._source.lists.items()))
        mark = f"{names}|{fingerprint}"
        if asked is not None or not state.loaded or state.fingerprint != mark:
            for ours, theirs in sorted(self._source.lists.items()):
                await self._price_list(ours, theirs, first=not state.loaded)
        await save(self._db, self._source.connection, PRICES, Progress(None, mark, loaded=True))
        if asked is not None:
            await self._sweep.ended(asked)

    async def _price_list(self, ours: str, theirs: str, *, first: bool) -> None:
        try:
            read = await self._source.price_lists.price_list(self._source.call(), theirs)
        except NotFound as error:
            log.warning("price list %s of %s: %s", ours, self._source.connection, error.detail)
            return
        new = self._renamed(read, ours)
        row = await self._db.fetchrow(SQL["price_list_state"], ours)
        held = None if row is None else msgspec.json.decode(row["document"], type=PriceList)
        announcing = row is not None and row["previous"] is not None
        if held == new and not announcing:
            return
        async with self._clock.holding():
            # What took effect by the rules up to now is told by them; what follows is of this very moment.
            at = clock.now()
            await self._clock.tell(at, mark=True)
            await self._replace(row, held, new, at, first=first)
            self._clock.forget()

    async def _replace(self, row: Any, held: PriceList | None, new: PriceList, at: datetime, *, first: bool) -> None:
        announcing = row is not None and row["previous"] is not None
        # What was announced last is compared, so a crash in mid-announcement announces again and never less; of a list
        # that was not known before, that is null.
        old = msgspec.json.decode(row["previous"], type=PriceList | None) if announcing else held
        await self._keep_list(new, previous=None if first else document(old))
        if not first:
            await self._tell(old, new, at)
            await self._keep_list(new, previous=None)

    async def _tell(self, old: PriceList | None, new: PriceList, at: datetime) -> None:
        after = ""
        lists = await known.price_lists_of(self._db, self._source.connection)
        others = tuple(entry for entry in lists if entry.id != new.id)
        while page := await known.page_of(self._db, self._source.connection, after=after):
            after = page[-1].sku
            events = decide_price_list(old, new, page, others, at=at, cause=cause())
            for start in range(0, len(events), EVENTS_AT_ONCE):
                async with self._db.transaction() as tx:
                    tx.stage(journal.appending(events[start : start + EVENTS_AT_ONCE]))

    async def _keep_list(self, entry: PriceList, *, previous: str | None) -> None:
        """`previous`: the document announced last, while the announcement of this one is not complete."""
        text = document(entry)
        args = (entry.id, self._source.connection, digest(text), text, previous)
        async with self._db.transaction() as tx:
            tx.stage(Part("records_price_list", SQL["save_price_list"], args))

    def _renamed(self, read: PriceList, ours: str) -> PriceList:
        """The list under our name; lists that its rules start from too."""
        names = {theirs: name for name, theirs in self._source.lists.items()}
        rules = tuple(
            msgspec.structs.replace(rule, base_list=names.get(rule.base_list, rule.base_list))
            if rule.base_list
            else rule
            for rule in read.rules
        )
        return msgspec.structs.replace(read, id=ours, rules=rules)
