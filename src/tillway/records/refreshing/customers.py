"""Customers: changed ones by cursor; those that are gone were deleted over there, or merged, which is followed."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final

import msgspec

from tillway import clock, journal
from tillway.postgres import Database, Tx
from tillway.records import customers
from tillway.records.customer_events import changed
from tillway.records.customer_readings import take
from tillway.records.customers import SQL, Kept
from tillway.records.refreshing.progress import CUSTOMERS, Progress, progress, save, saving
from tillway.records.refreshing.source import Source, cause
from tillway.records.refreshing.sweeping import Again
from tillway.retail import BackOfficeCustomer, Customer, Customers, keys_of, same
from tillway.retail.customer_changes import brought

# Customers asked for at once.
PAGE: Final = 500

# Customers decided in one transaction: some eight statements, whatever their number.
DECIDED: Final = 100

# Links compared at once with those who are alive.
LINKS: Final = 2_000

# To list everybody costs Odoo a second at a hundred thousand; who is gone may be told a minute later.
SWEEP: Final = timedelta(seconds=60)


class CustomersReading:
    """The customers of one source."""

    domain: Final = CUSTOMERS

    def __init__(self, db: Database, source: Source, far: Customers, *, sweep: timedelta = SWEEP) -> None:
        self._db = db
        self._source = source
        self._far = far
        self._sweep = sweep
        self._swept: tuple[str, datetime] | None = None
        self._again = Again(db, source.connection, CUSTOMERS)

    def seconds(self) -> float:
        """Where everything is being read once more, that goes on at once."""
        return 0.0 if self._again.under_way else self._source.poll_seconds

    async def once(self) -> None:
        """All that changed, all that is gone, and a step of everything if that was asked for."""
        await self._changed()
        await self._gone()
        await self._again.step(self._page)

    async def _page(self, cursor: str | None) -> tuple[str | None, bool]:
        page = await self._far.changed(self._source.call(), cursor=cursor, limit=PAGE)
        for start in range(0, len(page.items), DECIDED):
            await self._take(page.items[start : start + DECIDED], None, first=False)
        return page.cursor, page.more

    async def _changed(self) -> None:
        state = await progress(self._db, self._source.connection, CUSTOMERS)
        own = await self._far.own_versions(self._source.call()) or None
        # Own fields mark nobody as changed when they are declared or come over there: all are read anew.
        cursor, more = (state.cursor if state.fingerprint == own else None), True
        while more:
            page = await self._far.changed(self._source.call(), cursor=cursor, limit=PAGE)
            cursor, more = page.cursor, page.more
            reached = Progress(cursor, own, loaded=state.loaded or not more)
            if not page.items:
                await save(self._db, self._source.connection, CUSTOMERS, reached)
            for start in range(0, len(page.items), DECIDED):
                await self._take(
                    page.items[start : start + DECIDED],
                    reached if start + DECIDED >= len(page.items) else None,
                    first=not state.loaded,
                )

    async def _take(self, items: tuple[BackOfficeCustomer, ...], reached: Progress | None, *, first: bool) -> None:
        async with self._db.transaction() as tx:
            await take(tx, items, connection=self._source.connection, cause=cause(), first=first)
            if reached is not None:
                tx.stage(saving(self._source.connection, CUSTOMERS, reached))

    async def _gone(self) -> None:
        """Those whom nobody over there stands for any more; looked for when one was made or is gone."""
        mark = await self._far.mark(self._source.call())
        if self._swept is not None and (self._swept[0] == mark or clock.now() - self._swept[1] < self._sweep):
            return
        alive = await self._far.ids(self._source.call())
        after = ""
        while rows := await self._db.fetch(SQL["customer_links"], self._source.connection, after, LINKS):
            after = rows[-1]["ours"]
            for row in rows:
                if row["theirs"] not in alive:
                    await self._follow(row)
        self._swept = (mark, clock.now())

    async def _follow(self, row: Any) -> None:
        held = await customers.kept(self._db, row["ours"])
        heir = await self._heir(held)
        async with self._db.transaction() as tx:
            if heir is None:
                await self._archive(tx, held)
                return
            other = await tx.fetchrow(SQL["customers_of"], self._source.connection, heir.foreign_id, row["ours"])
            if other is not None:
                await customers.merge(tx, other["ours"], (row["ours"],), cause=cause(), source="back-office")
            await tx.execute(SQL["link_customers"], self._source.connection, [row["ours"]], [heir.foreign_id])

    async def _heir(self, held: Kept) -> BackOfficeCustomer | None:
        """Who took them in over there: the record that carries our id now, or the only one with their address."""
        found = await self._far.find(self._source.call(), held.customer.id)
        keys = keys_of(held.customer)
        if found is not None or not keys:
            return found
        there = {each.foreign_id: each for each in await self._far.look_up(self._source.call(), keys)}
        alike = same(keys, [_shown(each, held.customer.connection) for each in there.values()])
        return there[alike[0].id] if len(alike) == 1 else None

    async def _archive(self, tx: Tx, held: Kept) -> None:
        if held.customer.status != "active":
            return
        new = msgspec.structs.replace(held.customer, status="archived", version=held.customer.version + 1)
        await customers.store(tx, [Kept(customer=new, delivered=new.version)])
        tx.stage(journal.appending([changed(held.customer, new, "back-office", cause())]))


def _shown(found: BackOfficeCustomer, connection: str) -> Customer:
    """Theirs as one of ours, to be compared by the same rules."""
    return brought(Customer(id=found.foreign_id, connection=connection), found)
