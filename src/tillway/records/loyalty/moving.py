"""Movements: taken here in one statement under the card's lock, and read again."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

import asyncpg
import msgspec

from tillway import ids, journal
from tillway.errors import Conflict, NotFound
from tillway.postgres import Database, Tx
from tillway.records.keys import key_of
from tillway.records.loyalty.cards import get
from tillway.records.loyalty.rows import movement_of
from tillway.records.loyalty.statements import SQL
from tillway.records.loyalty.telling import changed, moved
from tillway.records.tracing import Cause
from tillway.retail import Moved, Movement, MovementKind

_REPEATED: Final = frozenset({"loyalty_movements_reference", "loyalty_movements_reverses"})
_DONE: Final = "look at the card's movements; another movement needs a reference of its own"

# Larger than any number drawn: from the newest movement on.
_NEWEST: Final = 2**63 - 1


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """A movement that is asked for."""

    card: str
    kind: MovementKind
    points: Decimal
    """Below zero for what is spent."""
    consumer: str
    today: date
    """Where the retailer is: a card is good until its last day is over."""
    at: datetime
    shop: str | None = None
    reference: str | None = None
    reason: str | None = None
    reverses: str | None = None


async def move(tx: Tx, wanted: Wanted, cause: Cause) -> Moved:
    """Take a movement: its row, the card's balance, and the events that tell of it, in the caller's transaction.

    Conflict when the card does not hold it, is archived, expired, or the reference was used before: `repeated` tells
    whether that was the same thing.
    """
    movement = ids.new()
    try:
        balance = await tx.fetchval(
            SQL["move"],
            UUID(wanted.card),
            movement,
            wanted.points,
            wanted.kind,
            None if wanted.reverses is None else UUID(wanted.reverses),
            wanted.consumer,
            wanted.shop,
            wanted.reference,
            wanted.reason,
            wanted.today,
            wanted.at,
        )
    except asyncpg.UniqueViolationError as error:
        if error.constraint_name not in _REPEATED:
            raise
        raise Conflict("this was done before", remedy=_DONE) from error
    if balance is None:
        raise await _refusal(tx, wanted)
    made = Movement(
        id=str(movement),
        card=wanted.card,
        kind=wanted.kind,
        points=wanted.points,
        status="pending",
        reference=wanted.reference,
        reason=wanted.reason,
        reverses=wanted.reverses,
        made_at=wanted.at,
    )
    tx.stage(journal.appending([moved(made, wanted, balance, cause), changed(made, balance, cause)]))
    return Moved(movement=made, balance=balance)


async def repeated(db: Any, wanted: Wanted) -> Moved | None:
    """What this reference did on this card before; None when it did nothing. Conflict when it did something else."""
    if wanted.reference is None:
        return None
    row = await db.fetchrow(SQL["movement_by_reference"], UUID(wanted.card), wanted.consumer, wanted.reference)
    if row is None:
        return None
    found = movement_of(row)
    if (found.kind, found.points) != (wanted.kind, wanted.points):
        raise Conflict("this reference was used for something else on this card", remedy="take another reference")
    return Moved(movement=found, balance=(await get(db, wanted.card)).card.balance)


async def movement(db: Any, key: str) -> Movement:
    """One movement. NotFound when none has this id."""
    row = await db.fetchrow(SQL["movement"], key_of(key, "movement"))
    if row is None:
        raise NotFound("no movement has this id")
    return movement_of(row)


async def movements(db: Any, card: str, *, before: int | None, limit: int) -> tuple[tuple[Movement, ...], int | None]:
    """Movements of a card, the newest first, and where the next page begins."""
    rows = await db.fetch(SQL["movements"], key_of(card, "card"), _NEWEST if before is None else before, limit)
    return tuple(movement_of(row) for row in rows), rows[-1]["number"] if len(rows) == limit else None


async def take(db: Database, key: str, *, in_order: bool = True) -> bool:
    """Take the movement's card in hand, to bring this one; False while another one has it, or comes first."""
    row = await db.fetchrow(SQL["movement"], UUID(key))
    number = row["number"] if in_order else 0
    return await db.fetchval(SQL["take"], row["card"], UUID(key), number) is not None


async def _refusal(tx: Tx, wanted: Wanted) -> Conflict:
    held = (await get(tx, wanted.card)).card
    if not held.active:
        return Conflict("this card is not in force any more", remedy="use another card")
    if held.expires_on is not None and held.expires_on < wanted.today:
        return Conflict(f"this card was good until {held.expires_on}", remedy="use another card")
    if held.balance + wanted.points < 0:
        return Conflict(f"the card holds {held.balance}", remedy="spend less, or earn first")
    return Conflict("this was done before", remedy=_DONE)
