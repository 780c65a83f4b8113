"""Cards of customers: of those that were ever asked about, what changed. The others are learnt when they are shown."""

from __future__ import annotations

from typing import Final

from tillway import journal
from tillway.postgres import Database
from tillway.records import loyalty
from tillway.records.loyalty.statements import SQL
from tillway.records.refreshing.progress import Progress, progress, save
from tillway.records.refreshing.source import Source, cause
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

    async def once(self) -> None:
        """Known cards that changed there; nothing is asked while none is known."""
        connection = self._source.connection
        if not await self._db.fetchval(SQL["any_card"], connection):
            return
        state = await progress(self._db, connection, CARDS)
        cursor, more = state.cursor, True
        while more:
            asked_at = await loyalty.now(self._db)
            page = await self._there.changed_cards(self._source.call(), cursor=cursor, limit=PAGE)
            cursor, more = page.cursor, page.more
            known = await loyalty.known(self._db, connection, [card.foreign_id for card in page.items])
            for card in page.items:
                if card.foreign_id not in known:
                    continue
                async with self._db.transaction() as tx:
                    told = await loyalty.see(
                        tx, connection, self._source.company, card, asked_at=asked_at, cause=cause()
                    )
                    if told:
                        tx.stage(journal.appending(told))
            await save(self._db, connection, CARDS, Progress(cursor, None, loaded=state.loaded or not more))
