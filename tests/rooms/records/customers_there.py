# ruff: noqa: ARG002 - the protocol gives more than a back office in memory needs
"""A back office that keeps customers in memory, as Odoo would: makes one for each of our ids, merges, and forgets."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from tillway.errors import NotFound
from tillway.records import Source
from tillway.retail import BackOfficeCustomer, Call, Customer, CustomerKey, Office, Page, keys_of
from tillway.retail.customer_changes import brought

CONNECTION = "main"


class CustomersThere:
    """`retail.Customers`. Every change moves a record to the end of what a cursor reads."""

    def __init__(self) -> None:
        self.held: dict[str, BackOfficeCustomer] = {}
        self.marks: dict[str, str] = {}
        self.changes: list[str] = []
        self.calls: list[str] = []
        self.fails: list[Exception] = []
        self.late: list[Exception] = []
        self.number = 0
        self.own = ""
        self.cursors: list[str | None] = []

    def put(self, name: str = "Ada", **more: object) -> BackOfficeCustomer:
        """Somebody over there makes or changes a record."""
        if "foreign_id" not in more:
            self.number += 1
            more = {"foreign_id": str(self.number), **more}
        made = msgspec.convert({"name": name, **more}, BackOfficeCustomer)
        self.held[made.foreign_id] = made
        self.changes = [each for each in self.changes if each != made.foreign_id] + [made.foreign_id]
        return made

    def merge_there(self, source: str, into: str) -> None:
        """Somebody over there merges two: names go along."""
        self.held.pop(source, None)
        self.changes = [each for each in self.changes if each != source]
        self.marks = {ours: into if theirs == source else theirs for ours, theirs in self.marks.items()}

    async def changed(self, call: Call, *, cursor: str | None, limit: int) -> Page[BackOfficeCustomer]:
        self.cursors.append(cursor)
        items = tuple(self._shown(each) for each in self.changes)
        return Page(items=items, cursor="end", more=False)

    async def own_versions(self, call: Call) -> str:
        return self.own

    async def mark(self, call: Call) -> str:
        return f"{len(self.held)}:{self.number}"

    async def ids(self, call: Call) -> frozenset[str]:
        return frozenset(self.held)

    async def find(self, call: Call, customer_id: str) -> BackOfficeCustomer | None:
        self._asked("find")
        theirs = self.marks.get(customer_id)
        return self._shown(theirs) if theirs in self.held else None

    async def look_up(self, call: Call, keys: Sequence[CustomerKey]) -> tuple[BackOfficeCustomer, ...]:
        self._asked("look_up")
        return tuple(self._shown(key) for key, each in self.held.items() if set(keys) & set(_keys(each)))

    async def write(self, call: Call, customer: Customer, foreign_id: str | None) -> BackOfficeCustomer:
        self._asked("write")
        theirs = foreign_id or self.marks.get(customer.id)
        if theirs is not None and theirs not in self.held:
            raise NotFound("gone")
        made = self.put(
            customer.name or "?",
            email=customer.emails[0] if customer.emails else None,
            phone=customer.phones[0] if customer.phones else None,
            vat=customer.vat,
            **({} if theirs is None else {"foreign_id": theirs, "extensions": self.held[theirs].extensions}),
        )
        if foreign_id is None:
            self.marks[customer.id] = made.foreign_id
        if self.late:
            raise self.late.pop(0)
        return self._shown(made.foreign_id)

    async def merge(self, call: Call, sources: Sequence[str], into: str) -> None:
        self._asked("merge")
        if into not in self.held:
            raise NotFound("gone")
        for each in sources:
            self.merge_there(each, into)
        if self.late:
            raise self.late.pop(0)

    def _asked(self, what: str) -> None:
        self.calls.append(what)
        if self.fails:
            raise self.fails.pop(0)

    def _shown(self, theirs: str | None) -> BackOfficeCustomer:
        ours = next((each for each, held in self.marks.items() if held == theirs), None)
        return msgspec.structs.replace(self.held[str(theirs)], ours=ours)


def _keys(found: BackOfficeCustomer) -> tuple[CustomerKey, ...]:
    return keys_of(brought(Customer(id="-", connection=CONNECTION), found))


class OfficesThere:
    """One back office, which knows customers only."""

    def __init__(self, far: CustomersThere) -> None:
        self.far = far

    def at(self, shop: str) -> Office:
        return self.of(CONNECTION)

    def of(self, connection: str) -> Office:
        nothing = dict.fromkeys(each.name for each in Office.__dataclass_fields__.values())
        return Office(**{**nothing, "connection": connection, "company": "1", "customers": self.far})  # type: ignore[arg-type]


def source(far: CustomersThere) -> Source:
    return Source(
        connection=CONNECTION,
        company="1",
        catalogue=None,  # type: ignore[arg-type] - nothing else is read
        price_lists=None,  # type: ignore[arg-type]
        lists={},
        poll_seconds=60,
        customers=far,
    )
