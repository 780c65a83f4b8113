"""Taking rights away and giving them back: each act is one transaction of a row and its `access.changed`."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

import msgspec

from tillway import journal
from tillway.errors import Conflict, NotFound
from tillway.identity.restrictions import BEGINS, EVENT, AccessChange, AccessState, RestrictedKind, Restriction
from tillway.journal import Event
from tillway.postgres import Database, Tx, load

SQL: Final = load("tillway.identity", "access.sql")

# Told after a restriction began or ended; every door looks.
CHANGED_CHANNEL: Final = "identity_restrictions"

# Rows of one answer to whoever looks.
LISTED_MAX: Final = 500


class Act(msgspec.Struct, frozen=True, kw_only=True):
    """Who acts, why and when, and the request it came with."""

    by: str
    reason: str
    at: datetime
    correlation: str
    causation: str | None = None
    traceparent: str | None = None


async def restrict(
    tx: Tx, kind: RestrictedKind, restricted: str, act: Act, *, until: datetime | None = None, subject: str = ""
) -> Restriction:
    """Take the rights of a consumer, token or device away, until a moment or until it is lifted.

    Restricting what is restricted replaces reason and end. `subject` is whom the event is about when that is not
    `restricted` itself: the client of a token. Conflict for a consumer that left for good.
    """
    await _not_for_good(tx, kind, restricted)
    await tx.execute(SQL["restrict"], kind, restricted, act.reason, act.by, act.at, until)
    state = BEGINS[kind]
    tell(tx, AccessChange(kind=kind, id=restricted, state=state, until=until), act, subject=subject)
    return Restriction(kind=kind, id=restricted, state=state, reason=act.reason, by=act.by, since=act.at, until=until)


async def lift(tx: Tx, kind: RestrictedKind, restricted: str, act: Act) -> None:
    """End a restriction. NotFound when there is none; Conflict for a consumer that left for good."""
    await _not_for_good(tx, kind, restricted)
    if await tx.fetchval(SQL["lift"], kind, restricted, act.at) is None:
        raise NotFound(f"this {kind} is not {BEGINS[kind]}")
    tell(tx, AccessChange(kind=kind, id=restricted, state="resumed"), act)


def tell(tx: Tx, change: AccessChange, act: Act, *, subject: str = "") -> None:
    """Stage the `access.changed` of an act, and wake the doors once it is committed."""
    event = Event(
        type=EVENT,
        subject=subject or change.id,
        data=msgspec.to_builtins(change),
        correlation=act.correlation,
        causation=act.causation,
        traceparent=act.traceparent,
        time=act.at,
    )
    tx.stage(journal.appending([event]))
    tx.nudge(CHANGED_CHANNEL)


async def restricted_now(db: Any, now: datetime) -> tuple[Restriction, ...]:
    """The restrictions in force, the youngest first, at most LISTED_MAX."""
    rows = await db.fetch(SQL["list_restrictions"], now, LISTED_MAX)
    return tuple(
        Restriction(
            kind=row["kind"],
            id=row["id"],
            state=_began(row["kind"]),
            reason=row["reason"],
            by=row["by_whom"],
            since=row["since"],
            until=row["until"],
            permanent=row["permanent"],
        )
        for row in rows
    )


async def forget_restrictions(db: Database, now: datetime) -> None:
    """Drop those that have ended."""
    async with db.transaction() as tx:
        await tx.execute(SQL["forget_restrictions"], now)


async def _not_for_good(tx: Tx, kind: RestrictedKind, restricted: str) -> None:
    if kind == "consumer" and await tx.fetchval(SQL["is_offboarded"], restricted):
        raise Conflict(f"{restricted} was off-boarded for good", remedy="declare a consumer with another id")


def _began(kind: RestrictedKind) -> AccessState:
    return BEGINS[kind]
