"""Readings that somebody asks for: everything once more, and how far each domain was read."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec

from tillway.postgres import Part, Tx
from tillway.records.refreshing.progress import PRODUCTS
from tillway.records.statements import SQL


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
    """Have everything of a domain read: a sweep, or where none is needed the next reading; one under way goes on."""
    name = "begin_sweep" if domain == PRODUCTS else "read_again"
    tx.stage(Part(f"records_{name}", SQL[name], (connection, domain)))


async def synced(db: Any) -> tuple[Synced, ...]:
    """Every domain that was ever read."""
    return tuple(Synced(**row) for row in await db.fetch(SQL["synced"]))
