"""Reading the journal by position, subject or correlation."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, Protocol
from uuid import UUID

import msgspec

from tillway.journal.appending import SQL
from tillway.journal.event import Recorded

# Rows one read may return: bounds memory and the time one reader holds a connection.
READ_LIMIT: Final = 2_000

# Positions one filtered read may look over; a rare type among many events is found in several short reads.
SCAN_LIMIT: Final = 50_000


class Reads(Protocol):
    """What reading needs of a database or a transaction."""

    async def fetch(self, sql: str, *args: Any) -> Any:
        """All rows."""

    async def fetchrow(self, sql: str, *args: Any) -> Any:
        """The first row or None."""

    async def fetchval(self, sql: str, *args: Any) -> Any:
        """The first column of the first row or None."""


class Head(msgspec.Struct, frozen=True):
    """The last position given and the epoch it belongs to."""

    epoch: UUID
    position: int


class Beginning(msgspec.Struct, frozen=True):
    """The first event of an entity: its id, and the transaction that it belongs to."""

    id: UUID
    correlation: str
    traceparent: str | None


class Page(msgspec.Struct, frozen=True):
    """Events found, and the position up to which everything was looked at."""

    events: tuple[Recorded, ...]
    reached: int


def _recorded(row: Any) -> Recorded:
    return Recorded(
        position=row[0],
        id=row[1],
        type=row[2],
        subject=row[3],
        partitionkey=row[4],
        sequence=row[5],
        time=row[6],
        recorded_at=row[7],
        correlation=row[8],
        causation=row[9],
        traceparent=row[10],
        dataclass=row[11],
        data_json=row[12],
        personal_json=row[13],
    )


async def head(db: Reads) -> Head:
    """Where the journal ends now."""
    row = await db.fetchrow(SQL["head"])
    return Head(row[0], row[1])


async def oldest(db: Reads) -> int:
    """The first position still kept, or the next to be given when nothing is."""
    value: int = await db.fetchval(SQL["oldest"])
    return value


async def read(
    db: Reads, after: int, *, limit: int = READ_LIMIT, types: Sequence[str] | None = None, head_at: int | None = None
) -> Page:
    """Events after a position, oldest first. `reached` tells how far was looked, also when nothing matched.

    `head_at`: a position known to be sequenced; without it a short page of a filtered read cannot claim more than
    the last event it holds.
    """
    limit = min(limit, READ_LIMIT)
    until = after + SCAN_LIMIT
    rows = await db.fetch(SQL["read"], after, limit, None if types is None else list(types), until)
    events = tuple(_recorded(row) for row in rows)
    if len(events) >= limit or head_at is None:
        return Page(events, events[-1].position if events else after)
    last = events[-1].position if events else after
    return Page(events, max(last, min(until, head_at)))


async def by_subject(db: Reads, subject: str, *, after: int = 0, limit: int = READ_LIMIT) -> tuple[Recorded, ...]:
    """Events of one entity, oldest first."""
    return tuple(_recorded(row) for row in await db.fetch(SQL["read_subject"], after, min(limit, READ_LIMIT), subject))


async def beginning(db: Reads, subject: str) -> Beginning | None:
    """How an entity's story begins; None if nothing of it is kept. What was just committed counts already."""
    row = await db.fetchrow(SQL["beginning"], subject)
    return None if row is None else Beginning(id=row[0], correlation=row[1], traceparent=row[2])


async def by_correlation(db: Reads, *correlations: str, limit: int = READ_LIMIT) -> tuple[Recorded, ...]:
    """Events of one business transaction, oldest first."""
    return tuple(_recorded(row) for row in await db.fetch(SQL["read_correlation"], list(correlations), limit))


async def at(db: Reads, positions: Sequence[int]) -> tuple[Recorded, ...]:
    """The events at these positions that are still kept, in order."""
    return tuple(_recorded(row) for row in await db.fetch(SQL["events_at"], list(positions)))
