"""What became of a movement there: parts of the transition that found it out, and the events that tell of it."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Final, Literal, NamedTuple
from uuid import UUID

import msgspec

from tillway import ids
from tillway.journal import Event
from tillway.postgres import Part
from tillway.records.loyalty.rows import Held
from tillway.records.loyalty.statements import SQL
from tillway.records.loyalty.telling import changed
from tillway.records.tracing import Cause
from tillway.retail import Movement

_OPEN: Final = frozenset({"pending", "exception"})
_NOTHING: Final = Decimal(0)


class Settled(NamedTuple):
    """What commits together."""

    events: tuple[Event, ...]
    parts: tuple[Part, ...]


def settled(
    of: Movement,
    held: Held,
    *,
    status: Literal["confirmed", "cancelled"],
    balance: Decimal,
    at: datetime,
    cause: Cause,
) -> Settled:
    """The movement is there, or was given up; the balance there is `balance` now, and the card is free for others.

    What that balance differs by from our account of it, others did: it gets a row of its own. The balance told is what
    counts as of here; a movement taken in the same moment tells its own.
    """
    open_points = of.points if of.status in _OPEN else _NOTHING
    booked = open_points if status == "confirmed" else _NOTHING
    left = balance + held.card.pending - open_points
    parts: tuple[Part, ...] = (
        Part("loyalty_settle_card", SQL["settle_card"], (UUID(of.card), UUID(of.id), balance, of.points)),
        Part("loyalty_settle_movement", SQL["settle_movement"], (UUID(of.id), status)),
    )
    events: tuple[Event, ...] = ()
    if status == "cancelled" and open_points:
        undone = msgspec.structs.replace(of, status="cancelled", points=-open_points)
        events = (changed(undone, left, cause),)
    difference = balance - held.card.booked - booked
    if difference:
        others = outside(of.card, difference, balance=left, at=at, cause=cause)
        return Settled((*events, *others.events), (*parts, *others.parts))
    return Settled(events, parts)


def stopped(of: str, card: str, *, known_undone: bool) -> tuple[Part, ...]:
    """It waits for a person. Its card is free for others only if nothing of it can happen there any more."""
    parts = (Part("loyalty_stop_movement", SQL["stop_movement"], (UUID(of),)),)
    return (*parts, put_down(of, card)) if known_undone else parts


def put_down(of: str, card: str) -> Part:
    """The card is free for the next movement."""
    return Part("loyalty_put_down", SQL["put_down"], (UUID(card), UUID(of)))


def outside(card: str, points: Decimal, *, balance: Decimal, at: datetime, cause: Cause) -> Settled:
    """The back office changed this card by itself."""
    key = ids.new()
    made = Movement(id=str(key), card=card, kind="outside", points=points, status="confirmed", made_at=at)
    part = Part("loyalty_outside", SQL["note_outside"], (key, UUID(card), points, at))
    return Settled((changed(made, balance, cause),), (part,))
