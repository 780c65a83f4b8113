"""Looking for entries: newest first to read, in the order of their numbers to hand out."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, Final, Literal

import msgspec

from tillway.audit.entry import FIRST_REFUSAL, Sealed
from tillway.audit.reading import sealed
from tillway.audit.staging import SQL
from tillway.postgres import Database

Outcome = Literal["done", "refused", "failed"]

# Beyond any entry.
LAST: Final = 2**62

# Nodes' clocks may differ so much: an entry is sealed after it happened, but for this.
SKEW: Final = timedelta(minutes=5)

_EARLIEST: Final = datetime(2000, 1, 1, tzinfo=UTC)
_LATEST: Final = datetime(9999, 1, 1, tzinfo=UTC)
_STATUSES: Final[dict[Outcome | None, tuple[int, int]]] = {
    None: (0, 999),
    "done": (0, FIRST_REFUSAL - 1),
    "refused": (FIRST_REFUSAL, 499),
    "failed": (500, 999),
}


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """What is looked for; None means any. `since` is included, `until` is not; `below` is the last number seen."""

    consumer: str | None = None
    operation: str | None = None
    outcome: Outcome | None = None
    subject: str | None = None
    correlation: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    below: int = LAST


def statement(wanted: Wanted, limit: int) -> tuple[str, list[Any]]:
    """The statement by the most telling of what is given, so that an index leads, and its values. Pure."""
    since = wanted.since or _EARLIEST
    bounds = [wanted.below, limit, since - SKEW, since, wanted.until or _LATEST, *_STATUSES[wanted.outcome]]
    if wanted.correlation is not None:
        given = [wanted.correlation, wanted.operation, wanted.consumer, wanted.subject]
        return SQL["search_correlation"], bounds + given
    if wanted.subject is not None:
        return SQL["search_subject"], [*bounds, wanted.subject, wanted.operation, wanted.consumer]
    if wanted.consumer is not None:
        return SQL["search_principal"], [*bounds, wanted.consumer, wanted.operation]
    if wanted.operation is not None:
        return SQL["search_operation"], [*bounds, wanted.operation]
    return SQL["search"], bounds


async def search(db: Database, wanted: Wanted, limit: int) -> tuple[Sealed, ...]:
    """Newest first."""
    text, values = statement(wanted, limit)
    return tuple(sealed(row) for row in await db.fetch(text, *values))


async def export(db: Database, after: int, limit: int) -> tuple[Sealed, ...]:
    """In the order of their numbers, after this one."""
    return tuple(sealed(row) for row in await db.fetch(SQL["walk"], after, limit))


async def number_at(db: Database, at: datetime) -> int:
    """The number of the last entry sealed before this time."""
    number: int = await db.fetchval(SQL["number_at"], at)
    return number
