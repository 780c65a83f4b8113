"""Parking and holding: the schedules and the sorting of events behind parked keys. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from datetime import datetime, timedelta
from typing import Final

import msgspec

from tillway.journal.event import Recorded

# A parked event is tried again by itself after these times, then waits for a person.
PARKED_SCHEDULE: Final = tuple(timedelta(seconds=seconds) for seconds in (30, 300, 1800, 7200, 18000, 43200))

# While the far side fails, a follower waits this long and asks again with the same event, until it answers. A follower
# may bring a schedule of its own.
HOLD_SCHEDULE: Final = tuple(timedelta(seconds=seconds) for seconds in (0.2, 1, 5, 15, 30, 60))

# Part by which a hold is made shorter or longer, so that followers held by one outage do not come back all at once.
JITTER: Final = 0.1


def next_parked(attempts: int) -> timedelta | None:
    """How long a parked event waits after so many attempts; None when only a person can go on."""
    return PARKED_SCHEDULE[attempts] if attempts < len(PARKED_SCHEDULE) else None


def next_hold(
    attempts: int,
    asked: float | None = None,
    *,
    schedule: Sequence[timedelta] = HOLD_SCHEDULE,
    random: float = 0.5,
) -> timedelta:
    """How long to hold after so many failures of the far side; the last wait of the schedule repeats.

    `random` (0 to 1) spreads the wait by JITTER. What the far side asked for (seconds) counts when longer, unspread:
    it is never asked earlier than it said.
    """
    planned = jittered(schedule[min(attempts, len(schedule) - 1)], random)
    return planned if asked is None else max(planned, timedelta(seconds=asked))


def jittered(wait: timedelta, random: float) -> timedelta:
    """The wait made up to JITTER shorter (random 0) or longer (random 1)."""
    return wait * (1 + JITTER * (2 * random - 1))


def rest_of_hold(held_until: datetime | None, now: datetime) -> timedelta:
    """How long a lane that was taken over must still wait, so that a crash asks nobody earlier than planned."""
    return timedelta(0) if held_until is None else max(timedelta(0), held_until - now)


def at_stake(event: Recorded) -> str | None:
    """What hangs on an event in money, as people write it: its total, where it has one."""
    data = event.data
    gross, currency = data.get("gross"), data.get("currency")
    return f"{gross} {currency}" if isinstance(gross, str) and isinstance(currency, str) else None


class Sorted(msgspec.Struct, frozen=True):
    """A batch divided: what may be applied, and what must wait behind a parked event of its key."""

    free: tuple[Recorded, ...]
    behind: tuple[Recorded, ...]


def sort(events: Sequence[Recorded], parked: AbstractSet[str]) -> Sorted:
    """Divide a batch by the keys that are parked; order within each side is kept."""
    if not parked:
        return Sorted(tuple(events), ())
    return Sorted(
        tuple(event for event in events if event.partitionkey not in parked),
        tuple(event for event in events if event.partitionkey in parked),
    )
