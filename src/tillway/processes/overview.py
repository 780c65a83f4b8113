"""What people see of processes: exceptions, and the way one instance went."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

import msgspec

from tillway.errors import NotFound
from tillway.processes.engine import SQL

# Exceptions one look shows, the oldest first.
SHOWN: Final = 500


class ExceptionItem(msgspec.Struct, frozen=True, kw_only=True):
    """What cannot go on: whose it is, since when, why, and what is at stake."""

    id: str
    definition: str
    version: int
    subject: str
    state: str
    owner: str
    money_at_risk: Decimal | None
    currency: str | None
    exception_code: str | None
    exception_detail: str | None
    exception_at: datetime
    deadline: datetime
    correlation: str


class TransitionItem(msgspec.Struct, frozen=True, kw_only=True):
    """One transition that was committed."""

    step: int
    was: str
    event: str
    state: str
    attempts: int
    node: str | None
    detail: str | None
    at: datetime


class Way(msgspec.Struct, frozen=True, kw_only=True):
    """One instance and how it went."""

    definition: str
    state: str
    attempts: int
    owner: str
    started_at: datetime
    finished_at: datetime | None
    transitions: tuple[TransitionItem, ...]


async def exceptions(db: Any) -> tuple[ExceptionItem, ...]:
    """All that waits for a person, the oldest first, at most SHOWN."""
    return tuple(ExceptionItem(**dict(row.items())) for row in await db.fetch(SQL["exceptions"], SHOWN))


async def exception(db: Any, instance: str) -> ExceptionItem:
    """One that waits for a person. NotFound when there is none of that id."""
    try:
        row = await db.fetchrow(SQL["exception"], UUID(instance))
    except ValueError:
        row = None
    if row is None:
        raise NotFound("no exception has this id", remedy="see what waits with `tillway process list`")
    return ExceptionItem(**dict(row.items()))


async def transitions(db: Any, instance: str) -> tuple[TransitionItem, ...]:
    """How one instance went."""
    rows = await db.fetch(SQL["transitions"], UUID(instance))
    return tuple(TransitionItem(**{**dict(row.items()), "node": row["node"] and str(row["node"])}) for row in rows)


async def ways(db: Any, subject: str) -> tuple[Way, ...]:
    """The instances of one entity."""
    found = []
    for row in await db.fetch(SQL["by_subject"], subject):
        items = await transitions(db, str(row["id"]))
        found.append(
            Way(
                definition=row["definition"],
                state=row["state"],
                attempts=row["attempts"],
                owner=row["owner"],
                started_at=row["started_at"],
                finished_at=row["finished_at"],
                transitions=items,
            )
        )
    return tuple(found)
