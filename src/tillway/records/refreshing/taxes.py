"""Taxes: few, so they are read whole, and kept when one of them differs."""

from __future__ import annotations

from typing import Final

from tillway.postgres import Database
from tillway.records import taxes as known
from tillway.records.refreshing.progress import Progress, progress, save, saving
from tillway.records.refreshing.source import Source
from tillway.records.statements import digest, document
from tillway.retail import TaxBook


class TaxesReading:
    """The taxes of one source. What they change of a product is told by the product's own events."""

    domain: Final = "taxes"

    def __init__(self, db: Database, source: Source, book: TaxBook) -> None:
        self._db = db
        self._source = source
        self._book = book

    async def once(self) -> None:
        """All of them."""
        name = self._source.connection
        found = await self._book.taxes(self._source.call())
        reached = Progress(None, digest("".join(document(tax) for tax in found)).hex(), loaded=True)
        if reached == await progress(self._db, name, self.domain):
            await save(self._db, name, self.domain, reached)
            return
        async with self._db.transaction() as tx:
            for part in known.saving(name, found):
                tx.stage(part)
            tx.stage(saving(name, self.domain, reached))
