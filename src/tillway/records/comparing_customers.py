"""Our customers as they are compared with a back office's: who stands for whom, under one key on both sides.

The key is our id; of several who share one record over there, the first of them, so that they meet.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import msgspec

from tillway.records.customers import SQL, row_kept
from tillway.retail import BackOfficeCustomer, Customer

PAGE: Final = 500
"""Customers opened at once."""

_NO_ID: Final = UUID(int=0)


class HeldCustomer(msgspec.Struct, frozen=True, kw_only=True):
    """A customer of ours, and the record that stands for them."""

    key: str
    customer: Customer
    pending: bool
    """Whether the back office does not have them yet as they are here."""
    changed_at: datetime
    theirs: str | None


class Behind(msgspec.Struct, frozen=True):
    """Who of ours a foreign record is."""

    key: str
    changed_at: datetime


async def pages(db: Any, connection: str) -> AsyncIterator[tuple[HeldCustomer, ...]]:
    """All customers of a connection; merged ones are what they became."""
    after = _NO_ID
    while rows := await db.fetch(SQL["customer_ids"], connection, after, PAGE):
        after = rows[-1]["id"]
        yield await named(db, connection, [row["id"] for row in rows])


async def named(db: Any, connection: str, ids: Sequence[UUID]) -> tuple[HeldCustomer, ...]:
    """Customers of these ids, in their order."""
    rows = await db.fetch(SQL["customers_to_compare"], connection, list(ids))
    found = []
    for row in rows:
        kept = row_kept(row)
        found.append(
            HeldCustomer(
                key=row["key"],
                customer=kept.customer,
                pending=kept.pending and kept.customer.status != "erased",
                changed_at=row["updated_at"],
                theirs=row["theirs"],
            )
        )
    return tuple(found)


async def behind(db: Any, connection: str, page: Sequence[BackOfficeCustomer]) -> Mapping[str, Behind]:
    """Who of ours these are, by their ids: linked, or marked with an id of ours."""
    rows = await db.fetch(SQL["customers_behind"], connection, [each.foreign_id for each in page])
    found = {row["theirs"]: Behind(row["key"], row["changed_at"]) for row in rows}
    marks = {each.foreign_id: key for each in page if each.foreign_id not in found and (key := _uuid(each.ours))}
    if marks:
        rows = await db.fetch(SQL["customers_marked"], list(marks.values()), connection)
        known = {row["asked"]: Behind(row["key"], row["changed_at"]) for row in rows}
        found |= {theirs: known[str(mark)] for theirs, mark in marks.items() if str(mark) in known}
    return found


def _uuid(text: str | None) -> UUID | None:
    try:
        return UUID(text) if text else None
    except ValueError:
        return None
