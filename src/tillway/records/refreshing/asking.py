"""Readings that somebody asks for: everything once more, and how far each domain was read."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

import msgspec

from tillway.postgres import Part, Tx
from tillway.records.refreshing.cards import CARDS
from tillway.records.refreshing.documents import INVOICES, ORDERS, SALES, SESSIONS, SHIPMENTS
from tillway.records.refreshing.progress import CUSTOMERS, PRICES, PRODUCTS
from tillway.records.refreshing.stock import STOCK
from tillway.records.statements import SQL

# Of these a reading reads what changed; the others are few records, and each reading reads all of them.
BY_CHANGE: Final = frozenset(
    {PRODUCTS, PRICES, STOCK, CUSTOMERS, CARDS}
    | {kind.domain for kind in (ORDERS, SHIPMENTS, INVOICES, SALES, SESSIONS)}
)


class Synced(msgspec.Struct, frozen=True, kw_only=True):
    """How far one domain of one connection was read."""

    connection: str
    domain: str
    loaded: bool
    read_at: datetime | None
    begun_at: datetime | None
    """Since when everything is being read once more; None when nothing is under way."""
    ended_at: datetime | None
    """When everything had been read last."""


def reading_all(tx: Tx, connection: str, domain: str) -> None:
    """Have everything of a domain read, beside what changes; what is under way goes on. For a domain that each reading
    reads whole there is nothing to do but to have it read.
    """
    if domain in BY_CHANGE:
        tx.stage(Part("records_begin_sweep", SQL["begin_sweep"], (connection, domain)))


async def synced(db: Any) -> tuple[Synced, ...]:
    """Every domain that was ever read."""
    return tuple(Synced(**row) for row in await db.fetch(SQL["synced"]))
