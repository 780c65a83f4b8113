"""What was seen of each document of a back office's people: only what differs from it counts."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Any, Final, TypeVar

import msgspec

from tillway import journal
from tillway.journal import Event
from tillway.postgres import Part, Tx, load
from tillway.records.statements import digest, document
from tillway.records.tracing import Cause

SQL: Final = load("tillway.records", "documents.sql")

D = TypeVar("D", bound=msgspec.Struct)

ORDERS, SHIPMENTS, INVOICES, SALES, SESSIONS = "orders", "shipments", "invoices", "sales", "sessions"
"""Kinds of documents, and the domains they are read as."""


class Given(msgspec.Struct, frozen=True, kw_only=True):
    """On which terms documents are taken: whose they are, since when we look, whether this is the first load."""

    connection: str
    began: datetime
    first: bool
    cause: Cause


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    """What is kept of one document: its content's hash, what it was; the content while it waits."""

    theirs: str
    hash: bytes
    mark: str = ""
    waiting: str | None = None


class Page(msgspec.Struct, frozen=True):
    """Those of a page that differ from what was seen last, and their marks then; `None` for one never seen."""

    changed: dict[str, tuple[Any, bytes]]
    marks: dict[str, str | None]


async def waiting(db: Any, connection: str, kind: str, item: type[D], *, limit: int) -> tuple[D, ...]:
    """Documents that something of ours was still at work on when they were read, the longest waiting first."""
    rows = await db.fetch(SQL["waiting_documents"], connection, kind, limit)
    return tuple(msgspec.json.decode(row[0], type=item) for row in rows)


async def changed(
    tx: Tx, given: Given, kind: str, items: Sequence[D], name: Callable[[Any], str], *, again: bool = False
) -> Page:
    """Claim and lock what is kept of these, and see which differ."""
    read = {name(item): (item, digest(document(item))) for item in items}
    await tx.execute(SQL["claim_documents"], given.connection, kind, list(read))
    rows = await tx.fetch(SQL["lock_documents"], given.connection, kind, list(read))
    kept = {row["theirs"]: row for row in rows}
    differing = {key: found for key, found in read.items() if again or kept[key]["hash"] != found[1]}
    return Page(differing, {key: kept[key]["mark"] if kept[key]["hash"] else None for key in differing})


def finish(tx: Tx, given: Given, kind: str, kept: Sequence[Kept], events: Sequence[Event]) -> None:
    """Keep what was seen of these, and tell, when the transaction commits."""
    if kept:
        rows = columns((each.theirs, each.hash, each.mark, each.waiting) for each in kept)
        tx.stage(Part("records_documents", SQL["save_documents"], (given.connection, kind, *rows)))
    if events:
        tx.stage(journal.appending(events))


def columns(rows: Iterable[Sequence[Any]]) -> tuple[list[Any], ...]:
    """Rows as the columns that `unnest` takes."""
    return tuple(list(column) for column in zip(*rows, strict=True))
