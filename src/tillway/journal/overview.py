"""What people see of followers and parked work; partitions made ahead, nodes buried."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

import msgspec

from tillway.journal.appending import SQL
from tillway.journal.reading import Reads

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
    """One parked event: by whom, why, since when, when it is tried next (None: a person must act).

    `skip`: a person decided to let it go, which the lane's holder does next. `note`: who asked for what, and why.
    """

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
    skip: bool = False
    note: str | None = None


async def ensure_partitions(db: Reads, since: datetime) -> None:
    """Make the journal's partitions from this month on, PARTITIONS_AHEAD months ahead."""
    await db.fetchval(SQL["ensure_partitions"], since, PARTITIONS_AHEAD)


async def retain(db: Reads, declared: Mapping[str, str]) -> None:
    """Keep events of these types (short names) as long as this says from now on: `brief`, `standard` or `long`."""
    await db.fetchval(SQL["retain"], list(declared), list(declared.values()))


async def follower_states(db: Reads) -> tuple[FollowerState, ...]:
    """All lanes of all shared followers."""
    return tuple(FollowerState(**_named(row)) for row in await db.fetch(SQL["followers"]))


async def parked_items(db: Reads, *, follower: str | None = None) -> tuple[ParkedItem, ...]:
    """The oldest parked events, of one follower or of all, at most PARKED_SHOWN."""
    return tuple(parked_item(row) for row in await db.fetch(SQL["parked"], PARKED_SHOWN, follower))


async def parked_counts(db: Reads) -> dict[str, int]:
    """How many events each follower parks; who parks none is left out."""
    return {row[0]: row[1] for row in await db.fetch(SQL["parked_counts"])}


def parked_item(row: Any) -> ParkedItem:
    """A parked event from its row."""
    return ParkedItem(**_named(row))


async def bury(db: Reads) -> None:
    """Forget nodes that ended long ago."""
    await db.fetchval(SQL["bury"])


def _named(row: Any) -> dict[str, Any]:
    return dict(row.items())
