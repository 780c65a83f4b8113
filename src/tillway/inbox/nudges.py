"""Nudges: that a domain of a connection is worth reading now. Kept by one statement for all that come together.

Ten thousand nudges of one domain are one row and few statements: those that come while one is being written wait for
the next, and all of these are answered by it.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterable, Sequence
from contextvars import Context
from datetime import datetime
from typing import Any, Final

import msgspec

from tillway.errors import TillwayError, Unavailable
from tillway.inbox.statements import SQL
from tillway.postgres import Database, Part

# What wakes the processes that read.
CHANNEL: Final = "tillway_inbox"

# Seconds between two writes of one door. Nobody feels it, and a flood is 200 statements a second.
PAUSE_SECONDS: Final = 0.005

# Whoever tells waits with its own user behind it: after this (seconds) it is let go, and the next poll finds what
# changed.
PATIENCE_SECONDS: Final = 0.3


class Nudge(msgspec.Struct, frozen=True, kw_only=True):
    """What was told of one domain."""

    connection: str
    domain: str
    first_at: datetime
    """When the first one came that had not been taken."""


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """All that was ever told of one domain."""

    connection: str
    domain: str
    first_at: datetime
    """When the first one came of those that were taken last, or wait."""
    last_at: datetime
    taken_at: datetime | None
    heard: int


class Nudges:
    """The nudges that one door keeps. For one asyncio loop."""

    def __init__(self, db: Database, patience_seconds: float = PATIENCE_SECONDS) -> None:
        self._db = db
        self._patience = patience_seconds
        self._counts: Counter[tuple[str, str]] = Counter()
        self._kept: asyncio.Future[None] | None = None
        self._task: asyncio.Task[None] | None = None

    async def keep(self, connection: str, domains: Iterable[str]) -> None:
        """Returns once these are committed. Unavailable when that takes too long or Postgres is away."""
        self._counts.update((connection, domain) for domain in domains)
        if self._kept is None:
            self._kept = asyncio.get_running_loop().create_future()
        kept = self._kept
        if self._task is None or self._task.done():
            self._task = asyncio.get_running_loop().create_task(self._write(), name="inbox nudges", context=Context())
        try:
            async with asyncio.timeout(self._patience):
                await asyncio.shield(kept)
        except TimeoutError:
            raise Unavailable("this was not kept in time", remedy="nothing: the next poll finds it") from None

    async def _write(self) -> None:
        while self._counts:
            counts, self._counts = self._counts, Counter()
            kept, self._kept = self._kept, None
            try:
                async with self._db.transaction() as tx:
                    tx.stage(_keeping(counts))
            except TillwayError as error:
                if kept is not None:
                    kept.set_exception(error)
                    kept.exception()  # those who waited may be gone: it is not unheard of then
            else:
                if kept is not None:
                    kept.set_result(None)
            await asyncio.sleep(PAUSE_SECONDS)


def _keeping(counts: Counter[tuple[str, str]]) -> Part:
    keys = list(counts)
    args = ([key[0] for key in keys], [key[1] for key in keys], [counts[key] for key in keys])
    return Part("inbox_nudges", SQL["keep_nudges"], args, wakes=CHANNEL)


def nudging(connection: str, domain: str) -> Part:
    """The part that keeps one nudge, in the transaction of whoever wants a domain read."""
    return _keeping(Counter([(connection, domain)]))


async def take(db: Database, connections: Sequence[str]) -> tuple[Nudge, ...]:
    """What was told of these connections since it was taken last. Take it first and read then: what comes meanwhile
    is taken again.
    """
    rows = await db.fetch(SQL["take_nudges"], list(connections))
    return tuple(Nudge(connection=row["connection"], domain=row["domain"], first_at=row["first_at"]) for row in rows)


async def told(db: Any) -> tuple[Told, ...]:
    """Every domain of which something was ever told."""
    return tuple(
        Told(
            connection=row["connection"],
            domain=row["domain"],
            first_at=row["first_at"],
            last_at=row["last_at"],
            taken_at=row["taken_at"],
            heard=row["heard"],
        )
        for row in await db.fetch(SQL["nudges"])
    )
