"""Off-boarding: a consumer's rights end for good, whatever the landscape says now or later.

It is a restriction that nobody lifts, so that doors enforce it as they enforce a suspension: in seconds, from memory.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

import msgspec

from tillway.errors import Conflict
from tillway.identity.access import SQL as ACCESS
from tillway.identity.access import Act, tell
from tillway.identity.restrictions import BEGINS, AccessChange
from tillway.postgres import Database, Tx, load

SQL: Final = load("tillway.identity", "offboarding.sql")

# Processes say for so long after it that they enforce an off-boarding, and it is kept so long that they did.
PROVEN: Final = timedelta(days=30)


class Offboarding(msgspec.Struct, frozen=True, kw_only=True):
    """A consumer that left: why, by whom and when, and what ended with it."""

    consumer: str
    reason: str
    by: str
    since: datetime
    devices: int
    subscriptions: tuple[str, ...]


async def offboard(tx: Tx, consumer: str, act: Act, *, subscriptions: Sequence[str]) -> Offboarding:
    """End all rights of a consumer for good; `subscriptions` are those that end in the same transaction.

    Conflict when it was done before: its proof stands.
    """
    args = (consumer, act.reason, act.by, act.at, list(subscriptions))
    if await tx.fetchval(SQL["offboard"], *args) is None:
        raise Conflict(f"{consumer} was off-boarded before", remedy=f"see `tillway consumer show {consumer}`")
    await tx.execute(ACCESS["restrict"], "consumer", consumer, act.reason, act.by, act.at, None)
    tell(tx, AccessChange(kind="consumer", id=consumer, state=BEGINS["consumer"], permanent=True), act)
    found = await offboarding(tx, consumer)
    if found is None:
        raise RuntimeError("what was just written is not there")
    return found


async def offboarding(db: Any, consumer: str) -> Offboarding | None:
    """How a consumer left; None when it did not."""
    row = await db.fetchrow(SQL["offboarding"], consumer)
    return None if row is None else _of(row)


async def offboardings(db: Any) -> tuple[Offboarding, ...]:
    """All consumers that left, by id."""
    return tuple(_of(row) for row in await db.fetch(SQL["offboardings"]))


async def enforce(db: Database, node: UUID, consumers: Collection[str], now: datetime) -> None:
    """Say that a process refuses these consumers; of those, whoever was off-boarded lately is noted."""
    await db.fetch(SQL["enforce"], node, sorted(consumers), now - PROVEN)


async def enforced(db: Any, consumer: str) -> dict[UUID, datetime]:
    """Since when each process refuses a consumer that left, as it said itself."""
    return {row["node"]: row["at"] for row in await db.fetch(SQL["enforced"], consumer)}


async def forget_enforced(db: Database, now: datetime) -> None:
    """Drop what processes of long ago said."""
    await db.fetch(SQL["forget_enforced"], now - PROVEN)


def _of(row: Any) -> Offboarding:
    return Offboarding(
        consumer=row["consumer"],
        reason=row["reason"],
        by=row["by_whom"],
        since=row["since"],
        devices=row["devices"],
        subscriptions=tuple(row["subscriptions"]),
    )
