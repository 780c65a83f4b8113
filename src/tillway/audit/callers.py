"""Who calls which version of which interface, down to the till. Counted in memory, kept by day.

What a door sees for the first time in a day is told within a second, so that nobody who calls is overlooked; how often
the others call is added up now and then, because there are as many as there are tills.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any, Final

import msgspec

from tillway.audit.staging import SQL
from tillway.postgres import Database

# Calls of whoever is known to call today go out this often: 20,000 tills are 20,000 rows a statement, a node.
TOLD_EVERY: Final = timedelta(seconds=10)

# By day and till, so that two seasons would be millions of rows for nothing: who calls now is what is asked.
CALLS_KEPT: Final = timedelta(days=120)

# The consumer itself, where a device would stand.
ITSELF: Final = ""


class Line(msgspec.Struct, frozen=True):
    """Who calls what: `device` and `shop` are empty when it is the consumer itself."""

    api: str
    version: int
    consumer: str
    device: str = ITSELF
    shop: str = ITSELF


class Caller(msgspec.Struct, frozen=True, kw_only=True):
    """A consumer, or a device of one, as it called a version over some days.

    `first_seen` is the consumer's, ever. `following_seen` is when the same last called the successor, if it did.
    """

    api: str
    version: int
    consumer: str
    device: str
    shop: str
    calls: int
    first_seen: datetime
    last_seen: datetime
    following_seen: datetime | None = None


class Callers:
    """The calls that one door saw since they were told last. For one asyncio loop."""

    def __init__(self) -> None:
        self._calls: dict[Line, int] = {}
        self._fresh: set[Line] = set()
        self._known: set[Line] = set()
        self._day: date | None = None
        self._told: datetime | None = None

    def count(self, line: Line) -> None:
        """One more call."""
        self._calls[line] = self._calls.get(line, 0) + 1
        if line not in self._known:
            self._known.add(line)
            self._fresh.add(line)

    async def flush(self, db: Database, at: datetime, *, everything: bool = False) -> None:
        """Add up in Postgres what is new, and now and then the rest. On an error it comes again with what is next."""
        if self._day != at.date():
            self._day, self._known, self._fresh = at.date(), set(self._calls), set(self._calls)
        whole = everything or self._told is None or at - self._told >= TOLD_EVERY
        due = {line: calls for line, calls in self._calls.items() if whole or line in self._fresh}
        if whole:
            self._told = at
        if not due:
            return
        for line in due:
            del self._calls[line]
        fresh, self._fresh = self._fresh, set()
        try:
            await db.fetch(SQL["count_calls"], *_rows(due, at))
        except BaseException:
            for line, calls in due.items():
                self._calls[line] = self._calls.get(line, 0) + calls
            self._fresh |= fresh
            raise


async def first_seen(db: Any, line: Line, operations: Sequence[str]) -> datetime | None:
    """When a consumer called a version first; None when it never did.

    `operations` are the version's: what was counted of them before callers were is evidence as well.
    """
    row = await db.fetchrow(SQL["first_seen"], line.api, line.version, line.consumer, list(operations))
    found: datetime | None = None if row is None else row["first_seen"]
    return found


async def callers(
    db: Any,
    api: str,
    version: int,
    since: date,
    *,
    successor: tuple[str, int] | None = None,
    after: tuple[str, str] = ("", ""),
    limit: int,
) -> tuple[Caller, ...]:
    """Who called a version since a day, by consumer and device, after one of them; and when they called `successor`."""
    following = (None, None) if successor is None else successor
    rows = await db.fetch(SQL["callers"], api, version, since, *following, *after, limit)
    return tuple(Caller(api=api, version=version, **dict(row.items())) for row in rows)


async def last_calls(db: Any) -> Mapping[str, datetime]:
    """When each consumer called last, whatever it was; who never did is not among them."""
    return {row["consumer"]: row["last_seen"] for row in await db.fetch(SQL["last_calls"])}


async def used_operations(db: Any, since: date) -> Mapping[str, tuple[str, ...]]:
    """The operations that each consumer called and was answered since a day."""
    return {row["consumer"]: tuple(row["operations"]) for row in await db.fetch(SQL["used_operations"], since)}


def _rows(due: Mapping[Line, int], at: datetime) -> tuple[Any, ...]:
    lines = sorted(due, key=msgspec.structs.astuple)
    return (
        at.date(),
        at,
        [line.api for line in lines],
        [line.version for line in lines],
        [line.consumer for line in lines],
        [line.device for line in lines],
        [line.shop for line in lines],
        [due[line] for line in lines],
    )
