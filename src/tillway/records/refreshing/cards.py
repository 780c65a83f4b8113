"""Cards of customers: of those that were ever asked about, what changed. The others are learnt when they are shown."""

from __future__ import annotations

from typing import Final

from tillway import journal
from tillway.postgres import Database
from tillway.records import loyalty
from tillway.records.loyalty.statements import SQL
from tillway.records.refreshing.progress import Progress, progress, save
from tillway.records.refreshing.source import Source, cause
from tillway.records.refreshing.sweeping import Again
from tillway.retail import Loyalty

CARDS: Final = "loyalty"

# Cards asked for at once.
PAGE: Final = 500


class CardsReading:
    """The cards of one source."""

    domain: Final = CARDS

    def __init__(self, db: Database, source: Source, there: Loyalty) -> None:
        self._db = db
        self._source = source
        self._there = there
        self._again = Again(db, source.connection, CARDS)

    def seconds(self) -> float:
        """Where everything is being read once more, that goes on at once."""
        return 0.0 if self._again.under_way else self._source.poll_seconds

    async def once(self) -> None:
        """Known cards that changed there, and a step of all of them if that was asked for; while none is known, nothing
        is asked.
        """
        connection = self._source.connection
        state = await progress(self._db, connection, CARDS)
        cursor, more = state.cursor, True
        while more:
            cursor, more = await self._page(cursor)
            await save(self._db, connection, CARDS, Progress(cursor, None, loaded=state.loaded or not more))
        await self._again.step(self._page)

    async def _page(self, cursor: str | None) -> tuple[str | None, bool]:
        connection = self._source.connection
        if not await self._db.fetchval(SQL["any_card"], connection):
            return None, False
        asked_at = await loyalty.now(self._db)
        page = await self._there.changed_cards(self._source.call(), cursor=cursor, limit=PAGE)
        known = await loyalty.known(self._db, connection, [card.foreign_id for card in page.items])
        for card in page.items:
            if card.foreign_id not in known:
                continue
            async with self._db.transaction() as tx:
                told = await loyalty.see(tx, connection, self._source.company, card, asked_at=asked_at, cause=cause())
                if told:
                    tx.stage(journal.appending(told))
        return page.cursor, page.more
