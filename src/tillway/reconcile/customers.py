"""Customers against the back office's: each by our id, field by field, and who is there more than once.

What is compared are digests with a key that only this run knows: neither what is put aside nor a break tells of
anybody more than our id, theirs, and the names of fields.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Collection, Mapping, Sequence
from typing import Final
from uuid import UUID

from tillway.postgres import Database
from tillway.reconcile.breaks import Break
from tillway.reconcile.domain import Fix, Sides
from tillway.reconcile.entry import BreakType, Entry, Finding, Rule
from tillway.reconcile.judging import judge
from tillway.reconcile.places import Rereading, call
from tillway.reconcile.runs import Run
from tillway.reconcile.staging import Staging
from tillway.records import comparing_customers as comparing
from tillway.records import customer_findings
from tillway.records.comparing_customers import Behind, HeldCustomer
from tillway.retail import ListedCustomer, Office
from tillway.retail.customer_content import held_here, held_there

PAGE: Final = 500
"""Customers asked for at once."""

DIGEST_BYTES: Final = 16
"""Of a field: two that differ look alike once in 10^19 runs of a million."""


class Customers:
    """The customers of one connection."""

    fixes: Collection[BreakType] = frozenset({"content", "mapping", "missing-left", "missing-right"})

    def __init__(self, db: Database, office: Office, reread: Rereading) -> None:
        self._db = db
        self._office = office
        self._reread = reread
        self._asked_again = False
        self._secret = secrets.token_bytes(hashlib.blake2b.MAX_KEY_SIZE)

    async def sides(self, run: Run, staging: Staging) -> Sides:
        """Both staged, theirs first: what changes meanwhile is more often known here than not."""
        cursor, more = None, True
        while more:
            page = await self._office.ledgers.customers(call(run, self._office), cursor=cursor, limit=PAGE)
            cursor, more = page.cursor, page.more
            await staging.keep("right", await self._theirs(run, page.items))
        async for held in comparing.pages(self._db, run.connection):
            await staging.keep("left", [self._ours(each) for each in held])
        await customer_findings.look(self._db, run.connection)
        return Sides(staging.entries("left"), staging.entries("right"), whole=True)

    async def still(self, run: Run, found: Finding) -> bool:
        """Whether both sides, read once more, differ in the same way."""
        if found.type == "duplicate":
            return True
        foreign = None if found.right is None else found.right.ref
        left: tuple[HeldCustomer, ...] = ()
        if found.left is not None:
            left = await comparing.named(self._db, run.connection, [UUID(found.left.ref)])
            foreign = foreign or next((each.theirs for each in left), None)
        right: list[Entry] = []
        if foreign is not None:
            terms = call(run, self._office)
            page = await self._office.ledgers.customers(terms, cursor=None, limit=PAGE, among=[foreign])
            right = await self._theirs(run, page.items)
        if found.left is None and right and right[0].key != foreign:
            left = await comparing.named(self._db, run.connection, [UUID(right[0].key)])
        verdicts = judge([self._ours(each) for each in left], right, Rule(as_of=run.moment))
        return any(isinstance(each, Finding) and each.type == found.type for each in verdicts)

    async def put_right(self, run: Run, found: Break, fix: Fix) -> str | None:
        """Have the customers read again, whole and once a run; what is on its way from here is not overwritten."""
        del found
        if fix != "take-theirs":
            return "customers can only be read again"
        if not self._asked_again:
            await self._reread(run.connection, "customers")
            self._asked_again = True
        return "being read again; the next run sees whether they agree"

    def _ours(self, held: HeldCustomer) -> Entry:
        """Ours. Who is put away, or erased, need not be there; of whoever is erased nothing can differ."""
        status = held.customer.status
        return Entry(
            key=held.key,
            at=held.changed_at,
            meaning=status,
            content={} if status == "erased" else self._digests(held_here(held.customer)),
            settled=not held.pending,
            required=status == "active",
            ref=held.customer.id,
        )

    async def _theirs(self, run: Run, page: Sequence[ListedCustomer]) -> list[Entry]:
        behind = await comparing.behind(self._db, run.connection, [each.customer for each in page])
        return [self._entry(each, behind.get(each.customer.foreign_id)) for each in page]

    def _entry(self, each: ListedCustomer, ours: Behind | None) -> Entry:
        """Theirs. Who is put away there need not be known here."""
        found = each.customer
        return Entry(
            key=found.foreign_id if ours is None else ours.key,
            at=each.changed_at if ours is None else max(each.changed_at, ours.changed_at),
            meaning="active" if found.active else "archived",
            content=self._digests(held_there(found)),
            required=found.active,
            ref=found.foreign_id,
        )

    def _digests(self, fields: Mapping[str, str]) -> dict[str, str]:
        return {name: self._digest(name, value) for name, value in fields.items()}

    def _digest(self, name: str, value: str) -> str:
        text = f"{name}\x1f{value}".encode()
        return hashlib.blake2b(text, key=self._secret, digest_size=DIGEST_BYTES).hexdigest()
