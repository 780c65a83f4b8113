"""What people see of followers and parked work, and what they may do about it: replay, retry, skip."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

import msgspec

from tillway.errors import NotFound
from tillway.journal.appending import SQL
from tillway.journal.parked import SKIPPED
from tillway.journal.reading import Reads
from tillway.postgres import Database

# Months of partitions made ahead: an outage of upkeep for weeks goes unnoticed by writers.
PARTITIONS_AHEAD: Final = 2

# Parked items one look shows.
PARKED_SHOWN: Final = 500


class FollowerState(msgspec.Struct, frozen=True, kw_only=True):
    """One lane: where it is, how far behind the head (events), who holds it, and why it waits if it does."""

    name: str
    lane: int
    lanes: int
    position: int
    lag: int
    owner: str | None
    alive: bool
    attempts: int
    held_until: datetime | None
    held_for: str | None
    moved_at: datetime


class ParkedItem(msgspec.Struct, frozen=True, kw_only=True):
    """One parked event: by whom, why, since when, when it is tried next (None: a person must act)."""

    follower: str
    position: int
    lane: int
    partitionkey: str
    event_id: str
    behind: bool
    reason: str
    detail: str
    attempts: int
    next_attempt: datetime | None
    owner: str
    value_at_stake: str | None
    parked_at: datetime


async def ensure_partitions(db: Reads, since: datetime) -> None:
    """Make the journal's partitions from this month on, PARTITIONS_AHEAD months ahead."""
    await db.fetchval(SQL["ensure_partitions"], since, PARTITIONS_AHEAD)


async def follower_states(db: Reads) -> tuple[FollowerState, ...]:
    """All lanes of all shared followers."""
    return tuple(FollowerState(**_named(row)) for row in await db.fetch(SQL["followers"]))


async def parked_items(db: Reads) -> tuple[ParkedItem, ...]:
    """The oldest parked events, at most PARKED_SHOWN."""
    return tuple(ParkedItem(**_named(row)) for row in await db.fetch(SQL["parked"], PARKED_SHOWN))


async def replay(db: Database, follower: str, *, after: int) -> None:
    """Let a follower read again from after this position. NotFound when nobody is called that.

    What it parked after that position is met again in its place, and parked anew if it still cannot succeed.
    """
    async with db.transaction() as tx:
        if not await tx.fetch(SQL["reposition"], follower, after):
            raise NotFound(f"no follower is called {follower}")
        await tx.execute(SQL["forget_parked"], follower, after)


async def retry(db: Database, follower: str, position: int) -> None:
    """Try a parked event again now instead of at its next time."""
    if await db.fetchval(SQL["retry_parked"], follower, position) is None:
        raise NotFound(f"{follower} has no parked event at {position} that is first of its key")


async def skip(db: Database, follower: str, position: int) -> None:
    """Let a parked event go without effect; then the next of its key is tried. The lane's holder does it, soon."""
    if await db.fetchval(SQL["skip_parked"], follower, position, SKIPPED) is None:
        raise NotFound(f"{follower} has no parked event at {position} that is first of its key")


def _named(row: Any) -> dict[str, Any]:
    return dict(row.items())
