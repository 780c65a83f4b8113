"""Promotions, all of them whenever it is time: they are few, and begin and end by the clock without a mark."""

from __future__ import annotations

from typing import Final

import msgspec

from tillway import clock, journal
from tillway.postgres import Database, Part
from tillway.records import promotions
from tillway.records.loyalty.cards import promotion_id
from tillway.records.loyalty.statements import SQL
from tillway.records.refreshing.progress import Progress, progress, saving
from tillway.records.refreshing.source import Source, cause
from tillway.records.statements import digest, document
from tillway.retail import Loyalty, Promotion

PROMOTIONS: Final = "promotions"


class PromotionsReading:
    """The programmes of one source."""

    domain: Final = PROMOTIONS

    def __init__(self, db: Database, source: Source, loyalty: Loyalty) -> None:
        self._db = db
        self._source = source
        self._loyalty = loyalty

    async def once(self) -> None:
        """What differs from what is known, also because of the time."""
        state = await progress(self._db, self._source.connection, PROMOTIONS)
        read = [self._renamed(each) for each in await self._loyalty.programmes(self._source.call())]
        async with self._db.transaction() as tx:
            old = await promotions.of(tx, self._source.connection)
            decision = promotions.decide(
                old, read, at=clock.now(), zone=self._source.timezone, cause=cause(), first=not state.loaded
            )
            for place, (promotion, in_force) in decision.save:
                text = document(promotion)
                args = (promotion.id, self._source.connection, place, digest(text), text, in_force)
                tx.stage(Part("records_promotion", SQL["save_promotion"], args))
            for key in decision.drop:
                tx.stage(Part("records_promotion_gone", SQL["drop_promotion"], (key,)))
            if decision.events:
                tx.stage(journal.appending(decision.events))
            tx.stage(saving(self._source.connection, PROMOTIONS, Progress(loaded=True)))

    def _renamed(self, read: Promotion) -> Promotion:
        """The promotion under our id; its price lists under our names, where they have one."""
        names = {theirs: ours for ours, theirs in self._source.lists.items()}
        lists = tuple(names.get(each, each) for each in read.price_lists)
        return msgspec.structs.replace(read, id=promotion_id(self._source.connection, read.id), price_lists=lists)
