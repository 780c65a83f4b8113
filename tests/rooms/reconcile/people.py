# ruff: noqa: ARG002 - the protocols give more than a back office in memory needs
"""Customers on both sides: ours in Postgres, theirs in memory."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import msgspec
from tests.rooms.reconcile.sides import NODE
from tests.rooms.records.customers_there import CONNECTION, CustomersThere, OfficesThere, source

from tillway import clock
from tillway.postgres import Database
from tillway.reconcile import Break, Choice, Customers, Policy, Reconciler, Run, Wish, breaks, runs
from tillway.records import Cause, customers
from tillway.records.refreshing.customers import CustomersReading
from tillway.retail import BackOfficeCustomer, Call, Customer, CustomerRequest, ListedCustomer, Page

LONG_AGO = timedelta(days=1)


class Listed:
    """`retail.Ledgers`, as far as customers go."""

    def __init__(self, far: CustomersThere) -> None:
        self.far = far
        self.changed: dict[str, datetime] = {}
        self.asked: list[tuple[str, ...] | None] = []

    async def customers(
        self, call: Call, *, cursor: str | None, limit: int, among: Sequence[str] | None = None
    ) -> Page[ListedCustomer]:
        self.asked.append(None if among is None else tuple(among))
        found = [self.far._shown(each) for each in self.far.held if among is None or each in among]
        items = tuple(
            ListedCustomer(customer=each, changed_at=self.changed.get(each.foreign_id, clock.now() - LONG_AGO))
            for each in found
        )
        return Page(items=items, cursor="end", more=False)


class People:
    """`Domains` of one connection with customers."""

    def __init__(self, db: Database) -> None:
        self.db = db
        self.far = CustomersThere()
        self.listed = Listed(self.far)
        self.given: dict[str, Any] = {}
        self.read_again: list[tuple[str, str]] = []

    def policies(self) -> Sequence[tuple[str, str, Policy]]:
        return []

    def policy(self, domain: str, connection: str) -> Policy:
        declared = Policy(
            owner="crm-desk",
            tolerance=Decimal(0),
            cut_off=timedelta(minutes=15),
            window=timedelta(days=7),
            every=None,
            fix="none",
            sample=50,
        )
        return msgspec.structs.replace(declared, **self.given)

    def domain(self, run: Run) -> Customers:
        office = OfficesThere(self.far).of(CONNECTION)
        ledgers: Any = self.listed
        return Customers(self.db, type(office)(**{**_fields(office), "ledgers": ledgers}), self._reread)

    async def _reread(self, connection: str, domain: str) -> None:
        self.read_again.append((connection, domain))

    def delete_there(self, theirs: BackOfficeCustomer) -> None:
        del self.far.held[theirs.foreign_id]
        self.far.changes.remove(theirs.foreign_id)

    async def read(self) -> None:
        """Take over what changed there."""
        await CustomersReading(self.db, source(self.far), self.far, sweep=timedelta(0)).once()

    async def ours(self, name: str, **more: Any) -> Customer:
        """One that was made here, and is not there yet."""
        async with self.db.transaction() as tx:
            request = CustomerRequest(name=name, **more)
            return (await customers.create(tx, request, connection=CONNECTION, cause=Cause(correlation="c")))[0]

    async def age(self) -> None:
        """All of ours changed last a day ago."""
        await self.db.fetch("UPDATE records.customers SET updated_at = $1", clock.now() - LONG_AGO)

    async def id_of(self, theirs: BackOfficeCustomer) -> str:
        rows = await self.db.fetch("SELECT ours FROM records.links WHERE theirs = $1", theirs.foreign_id)
        return str(rows[0]["ours"])

    async def compare(self, **given: Any) -> Run:
        wish = Wish(domain="customers", connection=CONNECTION, asked_by="tester", reason="a test", correlation="test")
        async with self.db.transaction() as tx:
            key = str(await runs.queue(tx, msgspec.structs.replace(wish, **given)))
        assert await Reconciler(self.db, NODE, self).once()
        return await runs.get(self.db, key)

    async def breaks(self, **given: Any) -> tuple[Break, ...]:
        return await breaks.page(self.db, Choice(**given), breaks.SHOWN_MAX)


def _fields(office: Any) -> dict[str, Any]:
    return {name: getattr(office, name) for name in office.__dataclass_fields__}
