"""A side that cannot be read in the order of its keys is put into Postgres page by page and read back in order."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from typing import Final, Literal
from uuid import UUID

import msgspec

from tillway.postgres import Database
from tillway.reconcile.entry import Entry
from tillway.reconcile.statements import SQL

PAGE: Final = 500
"""Entries read back at once; perhaps 200 KB."""

Side = Literal["left", "right"]

_entry = msgspec.json.Decoder(Entry)


class Staging:
    """The sides of one run."""

    def __init__(self, db: Database, run: UUID) -> None:
        self._db = db
        self._run = run
        self._number = 0

    async def keep(self, side: Side, entries: Iterable[Entry]) -> None:
        """Put a page of one side away."""
        page = list(entries)
        if not page:
            return
        numbers = range(self._number, self._number + len(page))
        self._number += len(page)
        async with self._db.transaction() as tx:
            texts = [msgspec.json.encode(entry).decode() for entry in page]
            await tx.execute(SQL["stage"], self._run, side, [entry.key for entry in page], list(numbers), texts)

    async def entries(self, side: Side) -> AsyncIterator[Entry]:
        """One side in the order of its keys."""
        key, number = "", -1
        while rows := await self._db.fetch(SQL["staged_page"], self._run, side, key, number, PAGE):
            for row in rows:
                yield _entry.decode(row["entry"])
            key, number = rows[-1]["key"], rows[-1]["number"]

    async def empty(self) -> None:
        """Nothing is kept of a run that ended, or that begins again."""
        async with self._db.transaction(cut=5.0) as tx:
            await tx.execute(SQL["unstage"], self._run)
