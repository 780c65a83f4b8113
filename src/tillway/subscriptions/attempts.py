"""What became of each delivery: one row an event and subscription, from its first attempt on."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

import msgspec

from tillway.postgres import Database, Part
from tillway.subscriptions.statements import SQL

# How long deliveries are kept: the schedule of a hold ends within four days, and people ask a few weeks later.
KEPT: Final = timedelta(days=30)

# Rows removed by one statement: bounds its time.
FORGOTTEN_AT_ONCE: Final = 5_000


class Delivery(msgspec.Struct, frozen=True, kw_only=True):
    """How far one event is on its way to one receiver. `status_code` is of the last attempt, None without an answer."""

    subscription: str
    event_id: str
    position: int
    attempts: int
    status_code: int | None
    failure: str | None
    first_at: datetime
    last_at: datetime
    delivered_at: datetime | None


def attempted(
    subscription: str,
    event_id: UUID,
    position: int,
    *,
    status: int | None,
    failure: str | None,
    began: datetime,
    ended: datetime,
) -> Part:
    """The part that notes one attempt; without a `failure` it delivered. Nothing of the answer's body is kept."""
    delivered = ended if failure is None else None
    args = (subscription, event_id, position, status, failure, began, ended, delivered)
    return Part("subscriptions_attempted", SQL["attempted"], args)


async def deliveries(db: Any, events: Sequence[UUID]) -> tuple[Delivery, ...]:
    """The deliveries of these events, the earliest first."""
    rows = await db.fetch(SQL["deliveries_of"], list(events))
    return tuple(Delivery(**{**dict(row.items()), "event_id": str(row["event_id"])}) for row in rows)


async def forget(db: Database, now: datetime) -> None:
    """Remove what is older than KEPT, bite by bite."""
    while True:
        async with db.transaction() as tx:
            tag = await tx.execute(SQL["forget"], now - KEPT, FORGOTTEN_AT_ONCE)
        if tag != f"DELETE {FORGOTTEN_AT_ONCE}":
            return
