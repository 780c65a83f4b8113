"""The usage census: who calls which operation, and which fields they send and read. Counted in memory, kept by day.

Of the fields only some calls are looked at: the first of each consumer and operation in a second, up to SAMPLES_MAX.
Only fields that the contract knows are named; what a consumer sends beyond it is named apart, scrubbed and bounded, and
counted in every call.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any, Final, Literal

import msgspec

from tillway.audit.callers import Callers
from tillway.audit.staging import SQL
from tillway.masking import scrub
from tillway.postgres import Database

Direction = Literal["sent", "read", "unknown", "deprecated"]

# Calls whose fields are looked at between two flushes, that is in a second, some 40 us each.
SAMPLES_MAX: Final = 50

# Unknown fields named for a consumer and operation in a day by each door; the rest is counted as REST. Names are the
# sender's to choose: without a bound whoever makes up new ones fills the table.
UNKNOWN_MAX: Final = 50
REST: Final = "/*"

POINTER_MAX: Final = 200

# Pairs of consumer and operation told at once; what has more is no picture any more.
USERS_MAX: Final = 20_000


class Tally(msgspec.Struct):
    """Calls of one consumer to one operation since the last flush."""

    calls: int = 0
    refused: int = 0
    sampled: int = 0


class Used(msgspec.Struct, frozen=True, kw_only=True):
    """One operation as a consumer used it over some days."""

    operation: str
    calls: int
    refused: int
    sampled: int
    last_seen: datetime


class UsedBy(msgspec.Struct, frozen=True, kw_only=True):
    """One operation as one of all consumers used it over some days."""

    consumer: str
    operation: str
    calls: int
    refused: int
    last_seen: datetime


class UsedField(msgspec.Struct, frozen=True, kw_only=True):
    """One field as a consumer used it: in how many of the calls that were looked at."""

    operation: str
    direction: Direction
    pointer: str
    seen: int
    last_seen: datetime


class UnknownField(msgspec.Struct, frozen=True, kw_only=True):
    """A field that a consumer sent and no contract knows: in how many calls, and when last."""

    consumer: str
    operation: str
    pointer: str
    seen: int
    last_seen: datetime


class Census:
    """The counts of one door. For one asyncio loop."""

    def __init__(self) -> None:
        self._calls: dict[tuple[str, str], Tally] = {}
        self._fields: dict[tuple[str, str, Direction, str], int] = {}
        self._named: dict[tuple[str, str], set[str]] = {}
        self._day: date | None = None
        self._samples = 0
        self._last: datetime | None = None
        self.callers = Callers()

    def count(self, consumer: str, operation: str, *, refused: bool, at: datetime) -> bool:
        """One more call; whether its fields should be looked at, which is told with `looked`."""
        key = (consumer, operation)
        tally = self._calls.get(key)
        self._last = at
        if tally is None:
            tally = self._calls[key] = Tally()
        tally.calls += 1
        if refused:
            tally.refused += 1
            return False
        return not tally.sampled and self._samples < SAMPLES_MAX

    def looked(self, consumer: str, operation: str, fields: Mapping[Direction, Iterable[str]]) -> None:
        """These fields were in the call that was just counted."""
        self._calls[consumer, operation].sampled += 1
        self._samples += 1
        for direction, pointers in fields.items():
            for pointer in pointers:
                self._see(consumer, operation, direction, pointer)

    def strange(self, consumer: str, operation: str, pointers: Iterable[str]) -> None:
        """These fields were sent and no contract knows them."""
        today = None if self._last is None else self._last.date()
        if today != self._day:
            self._day, self._named = today, {}
        known = self._named.setdefault((consumer, operation), set())
        for pointer in pointers:
            named = scrub(pointer)[:POINTER_MAX]
            if named not in known and len(known) >= UNKNOWN_MAX:
                named = REST
            else:
                known.add(named)
            self._see(consumer, operation, "unknown", named)

    def ending(self, consumer: str, operation: str, pointers: Iterable[str]) -> None:
        """These fields were sent or read, and are on their way out."""
        for pointer in pointers:
            self._see(consumer, operation, "deprecated", pointer)

    async def flush(self, db: Database, now: datetime, *, everything: bool = False) -> None:
        """Add up in Postgres what was counted, `everything` before an end. On an error it comes again with the next."""
        await self._flush(db)
        await self.callers.flush(db, now, everything=everything)

    async def _flush(self, db: Database) -> None:
        calls, fields, at = self._calls, self._fields, self._last
        if at is None or not calls:
            return
        self._calls, self._fields, self._samples, self._last = {}, {}, 0, None
        try:
            await db.fetch(SQL["count_usage"], *_rows(calls, fields, at))
        except BaseException:
            self._back(calls, fields, at)
            raise

    def _see(self, consumer: str, operation: str, direction: Direction, pointer: str) -> None:
        key = (consumer, operation, direction, pointer)
        self._fields[key] = self._fields.get(key, 0) + 1

    def _back(
        self,
        calls: dict[tuple[str, str], Tally],
        fields: dict[tuple[str, str, Direction, str], int],
        at: datetime,
    ) -> None:
        for key, tally in calls.items():
            mine = self._calls.setdefault(key, Tally())
            mine.calls += tally.calls
            mine.refused += tally.refused
            mine.sampled += tally.sampled
        for place, seen in fields.items():
            self._fields[place] = self._fields.get(place, 0) + seen
        self._last = self._last or at


async def usage(db: Database, consumer: str, first: date, last: date) -> tuple[tuple[Used, ...], tuple[UsedField, ...]]:
    """What a consumer used from the first day to the last."""
    used = await db.fetch(SQL["usage"], consumer, first, last)
    fields = await db.fetch(SQL["usage_fields"], consumer, first, last)
    return tuple(Used(**dict(row.items())) for row in used), tuple(UsedField(**dict(row.items())) for row in fields)


async def unknown_fields(
    db: Database, first: date, last: date, limit: int, consumer: str | None = None
) -> tuple[UnknownField, ...]:
    """What was sent from the first day to the last and no contract knows, the most often sent first."""
    rows = await db.fetch(SQL["unknown_fields"], first, last, limit, consumer)
    return tuple(UnknownField(**dict(row.items())) for row in rows)


async def calls(db: Database, first: date, last: date) -> Mapping[str, Mapping[str, int]]:
    """How often each consumer called each operation from the first day to the last."""
    found: dict[str, dict[str, int]] = {}
    for row in await db.fetch(SQL["calls"], first, last):
        found.setdefault(row["consumer"], {})[row["operation"]] = row["calls"]
    return found


async def usage_of_all(db: Database, first: date, last: date) -> tuple[UsedBy, ...]:
    """What everybody used from the first day to the last, by consumer and operation; at most USERS_MAX pairs."""
    used = await db.fetch(SQL["usage_of_all"], first, last, USERS_MAX)
    return tuple(UsedBy(**dict(row.items())) for row in used)


def _rows(
    calls: Mapping[tuple[str, str], Tally], fields: Mapping[tuple[str, str, Direction, str], int], at: datetime
) -> tuple[list[Any], ...]:
    day = at.date()
    ordered, named = sorted(calls.items()), sorted(fields.items())
    return (
        [day] * len(ordered),
        [key[0] for key, _ in ordered],
        [key[1] for key, _ in ordered],
        [tally.calls for _, tally in ordered],
        [tally.refused for _, tally in ordered],
        [tally.sampled for _, tally in ordered],
        [at] * len(ordered),
        [day] * len(named),
        [key[0] for key, _ in named],
        [key[1] for key, _ in named],
        [key[2] for key, _ in named],
        [key[3] for key, _ in named],
        [seen for _, seen in named],
        [at] * len(named),
    )
