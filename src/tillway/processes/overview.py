"""What people see of processes: exceptions, and the way one instance went."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any, Final

import msgspec

from tillway.processes.engine import SQL

# Exceptions one look shows, the oldest first.
SHOWN: Final = 500


class ExceptionItem(msgspec.Struct, frozen=True, kw_only=True):
    """What cannot go on: whose it is, since when, why, and what is at stake."""

    id: str
    definition: str
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


async def ways(db: Any, subject: str) -> tuple[Way, ...]:
    """The instances of one entity."""
    found = []
    for row in await db.fetch(SQL["by_subject"], subject):
        steps = await db.fetch(SQL["transitions"], row["id"])
        items = tuple(
            TransitionItem(**{**dict(step.items()), "node": None if step["node"] is None else str(step["node"])})
            for step in steps
        )
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
