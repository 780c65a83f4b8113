"""What people do in the back office itself, kind by kind: changed documents by cursor, told once."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from tillway import clock
from tillway.postgres import Database
from tillway.records import keeping_documents as keeping
from tillway.records import keeping_receipts, seen
from tillway.records.refreshing.progress import Progress, progress, save, saving
from tillway.records.refreshing.source import Source, cause
from tillway.records.refreshing.sweeping import Again
from tillway.records.seen import Given
from tillway.retail import Documents, InvoiceThere, OrderThere

# Documents asked for at once.
PAGE: Final = 200

# Documents decided in one transaction: each may append a few events.
DECIDED: Final = 50


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of document: its domain, how it is read, how it is taken."""

    domain: str
    read: Callable[[Documents], Callable[..., Awaitable[Any]]]
    take: Callable[..., Awaitable[None]]
    waits_as: type[OrderThere | InvoiceThere] | None = None
    """What such a document is, when one may have to wait for a process of ours."""


ORDERS: Final = Kind(seen.ORDERS, lambda documents: documents.orders, keeping.take_orders, OrderThere)
SHIPMENTS: Final = Kind(seen.SHIPMENTS, lambda documents: documents.shipments, keeping.take_shipments)
INVOICES: Final = Kind(seen.INVOICES, lambda documents: documents.invoices, keeping.take_invoices, InvoiceThere)
SALES: Final = Kind(seen.SALES, lambda documents: documents.sales, keeping_receipts.take_sales)
SESSIONS: Final = Kind(seen.SESSIONS, lambda documents: documents.sessions, keeping_receipts.take_sessions)


class DocumentsReading:
    """The documents of one kind of one source."""

    def __init__(self, db: Database, source: Source, documents: Documents, kind: Kind) -> None:
        self._db = db
        self._source = source
        self._kind = kind
        self._read = kind.read(documents)
        self._again = Again(db, source.connection, kind.domain)

    @property
    def domain(self) -> str:
        """Its name."""
        return self._kind.domain

    def seconds(self) -> float:
        """Where everything is being read once more, that goes on at once."""
        return 0.0 if self._again.under_way else self._source.poll_seconds

    async def once(self) -> None:
        """All that changed since the last time; what had to wait; and a step of everything if that was asked for."""
        state = await progress(self._db, self._source.connection, self.domain)
        # When we began to look, kept where other domains keep a fingerprint.
        began = datetime.fromisoformat(state.fingerprint) if state.fingerprint else clock.now()
        cursor, more = state.cursor, True
        while more:
            page = await self._read(self._source.call(), cursor=cursor, limit=PAGE)
            cursor, more = page.cursor, page.more
            reached = Progress(cursor, began.isoformat(), loaded=state.loaded or not more)
            if not page.items:
                await save(self._db, self._source.connection, self.domain, reached)
            for start in range(0, len(page.items), DECIDED):
                end = start + DECIDED
                done = reached if end >= len(page.items) else None
                await self._take(page.items[start:end], self._given(began, first=not state.loaded), done)
        await self._waiting(began)

        async def page_after(after: str | None) -> tuple[str | None, bool]:
            page = await self._read(self._source.call(), cursor=after, limit=PAGE)
            for start in range(0, len(page.items), DECIDED):
                await self._take(page.items[start : start + DECIDED], self._given(began, first=False), None)
            return page.cursor, page.more

        await self._again.step(page_after)

    async def _take(self, items: Sequence[Any], given: Given, reached: Progress | None) -> None:
        """Keep and tell what these change, and with the last of a page how far was read."""
        async with self._db.transaction() as tx:
            await self._kind.take(tx, given, items)
            if reached is not None:
                tx.stage(saving(given.connection, self.domain, reached))

    async def _waiting(self, began: datetime) -> None:
        """Documents that a process of ours was at work on when they were read: it may be done by now."""
        if self._kind.waits_as is None:
            return
        waiting = await seen.waiting(self._db, self._source.connection, self.domain, self._kind.waits_as, limit=DECIDED)
        if waiting:
            async with self._db.transaction() as tx:
                await self._kind.take(tx, self._given(began, first=False), waiting, again=True)

    def _given(self, began: datetime, *, first: bool) -> Given:
        return Given(connection=self._source.connection, began=began, first=first, cause=cause())
