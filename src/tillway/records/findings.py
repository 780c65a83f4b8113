"""What is wrong with master data over there, as the reading of the catalogue met it, or the comparing of customers."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

import msgspec

from tillway.postgres import Database, Part, Tx
from tillway.records.statements import SQL
from tillway.retail import CataloguePage

SHOWN_MAX: Final = 500
"""Findings one look shows, the oldest first."""

ASKED_AT_ONCE: Final = 1_000
"""Records that were left out, asked about at once whether they still exist."""


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """Something wrong with one record of a back office."""

    id: int
    connection: str
    foreign_id: str
    kind: str
    sku: str | None
    left_out: bool
    detail: str
    found_at: datetime
    ended_at: datetime | None
    domain: str
    """What it is a record of: products or customers."""


class Look(msgspec.Struct, frozen=True, kw_only=True):
    """Which are looked at; None is any."""

    connection: str | None = None
    kind: str | None = None
    sku: str | None = None
    ended: bool = False
    after: int = 0


def stage(tx: Tx, connection: str, page: CataloguePage) -> None:
    """Open what is new, end what was not found again; with the page it was met on."""
    if page.findings:
        columns = (
            [each.foreign_id for each in page.findings],
            [each.kind for each in page.findings],
            [each.sku for each in page.findings],
            [each.left_out for each in page.findings],
            [each.detail for each in page.findings],
        )
        tx.stage(Part("records_findings", SQL["open_findings"], (connection, *columns)))
    if page.read:
        found = ([each.foreign_id for each in page.findings], [each.kind for each in page.findings])
        tx.stage(Part("records_findings_ended", SQL["end_findings"], (connection, list(page.read), *found)))


async def left_out(db: Database, connection: str, after: str) -> tuple[str, ...]:
    """Records that are no products of ours for a reason; a page of their foreign ids."""
    rows = await db.fetch(SQL["left_out_records"], connection, after, ASKED_AT_ONCE)
    return tuple(row["foreign_id"] for row in rows)


async def end(db: Database, connection: str, gone: Sequence[str]) -> None:
    """Nothing is wrong any more with what is gone."""
    async with db.transaction() as tx:
        await tx.execute(SQL["end_findings"], connection, list(gone), [], [])


async def page(db: Any, look: Look, limit: int) -> tuple[Found, ...]:
    """Findings, the oldest first."""
    statement = SQL["findings_ended_page" if look.ended else "findings_page"]
    rows = await db.fetch(statement, look.connection, look.kind, look.sku, look.after, min(limit, SHOWN_MAX))
    return tuple(Found(**row) for row in rows)


async def counted(db: Any, connection: str | None) -> dict[str, int]:
    """How many are open, by kind."""
    return {row["kind"]: row["count"] for row in await db.fetch(SQL["findings_counted"], connection)}
