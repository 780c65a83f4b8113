"""Loyalty: cards that hold points or money, and the movements on them, each with its reference and one effect."""

from __future__ import annotations

from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Annotated, Final, Literal

import msgspec

from tillway.retail.data_class import DataClass, classed
from tillway.retail.limits import Id, Instant, Name, Reference, Unit
from tillway.retail.word import Bounds, Word, bounded

POINT_DIGITS: Final = 12
"""Digits of points before the point: a billion points to a card, a thousand times over."""

POINT_DECIMALS: Final = 2
"""Decimals of points. Odoo keeps binary floats, but earns in hundredths (rounding down) and compares in hundredths:
what lies beyond is noise of the float, and is rounded away wherever a number comes in."""

POINT_BOUNDS: Final = Bounds(POINT_DIGITS, POINT_DECIMALS)

CODE_LENGTH: Final = 128
"""Characters of a card's code: Odoo's have 14, printed gift cards up to 30."""

MOVEMENTS_MAX: Final = 200
"""Movements on one page."""

Points = Annotated[Decimal, bounded(POINT_BOUNDS)]
"""How many points, or how much money on a gift card or wallet; a decimal string on the wire."""

Code = Annotated[str, msgspec.Meta(min_length=1, max_length=CODE_LENGTH)]
"""What is printed on a card. Whoever knows it may spend the card, so it never stands in an address or a log."""

CardKind = Literal["loyalty", "ewallet", "gift-card", "coupon", "other"]
"""What a card is good for: points, money of a customer, money of a bearer, a reward, or what has no word here."""

MovementKind = Literal["earn", "redeem", "reverse", "outside"]
"""`outside`: not ours. The back office changed the balance by itself, and this row says by how much."""

MovementStatus = Literal["pending", "confirmed", "exception", "cancelled"]
"""Ours and counted, being brought to the back office; there as well; waiting for a person, still counted; given up."""

CouponFault = Literal["unknown", "used", "expired", "archived", "not-in-force"]
"""No such coupon; used up; its own last day is over; withdrawn; its promotion has not begun or is over."""

POINTS_CARDS: Final = frozenset({"loyalty", "ewallet"})
"""Kinds that earn."""


def as_points(value: Decimal) -> Decimal:
    """A number of theirs as points: rounded half up to hundredths, and plain (no exponent, no negative zero).

    >>> as_points(Decimal("102.72999999999999"))
    Decimal('102.73')
    """
    found = value.quantize(Decimal(1).scaleb(-POINT_DECIMALS), ROUND_HALF_UP)
    if found == found.to_integral_value():
        found = found.quantize(Decimal(1))
    return found + 0


class Card(Word, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A card as the hub knows it. Its code is not part of it."""

    id: Annotated[Id, classed(DataClass.INTERNAL)]
    """A UUID of ours, the same on every node."""
    kind: Annotated[CardKind, classed(DataClass.INTERNAL)]
    """What it is good for."""
    programme: Annotated[Id, classed(DataClass.INTERNAL)]
    """Which programme it belongs to, as `promotions.v1` names it."""
    unit: Annotated[Unit | None, classed(DataClass.PUBLIC)] = None
    """What its points are called, or the sign of its currency."""
    balance: Annotated[Points, classed(DataClass.CONFIDENTIAL)]
    """What may be spent: what the back office was last seen to hold, and our movements that are not there yet."""
    booked: Annotated[Points, classed(DataClass.CONFIDENTIAL)]
    """What the back office was last seen to hold."""
    pending: Annotated[Points, classed(DataClass.CONFIDENTIAL)]
    """The sum of our movements that are not there yet."""
    expires_on: Annotated[date | None, classed(DataClass.INTERNAL)] = None
    """The last day it can be spent on."""
    active: Annotated[bool, classed(DataClass.INTERNAL)] = True
    """False once it was archived there."""
    as_of: Annotated[Instant, classed(DataClass.INTERNAL)]
    """When the back office was last asked about it."""


class Movement(Word, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One change of a card's balance."""

    id: Annotated[Id, classed(DataClass.INTERNAL)]
    """A UUID of ours: the reference it is found by in the back office."""
    card: Annotated[Id, classed(DataClass.INTERNAL)]
    """Our id of the card."""
    kind: Annotated[MovementKind, classed(DataClass.INTERNAL)]
    """What it does."""
    points: Annotated[Points, classed(DataClass.CONFIDENTIAL)]
    """By how much the balance changes: below zero for what is spent."""
    status: Annotated[MovementStatus, classed(DataClass.INTERNAL)]
    """How far it got."""
    reference: Annotated[Reference | None, classed(DataClass.INTERNAL)] = None
    """The asker's own number of it. The same one on the same card has one effect."""
    reason: Annotated[Name | None, classed(DataClass.INTERNAL)] = None
    """What people are to read about it."""
    reverses: Annotated[Id | None, classed(DataClass.INTERNAL)] = None
    """The movement that this one takes back."""
    made_at: Annotated[Instant, classed(DataClass.INTERNAL)]
    """When we took it."""


class Moved(Word, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A movement that was taken, and what is left."""

    movement: Annotated[Movement, classed(DataClass.INTERNAL)]
    """The movement."""
    balance: Annotated[Points, classed(DataClass.CONFIDENTIAL)]
    """What may be spent after it."""


class CardRequest(Word, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which cards are meant: one of `card`, `code` and `customer`."""

    card: Annotated[Id | None, classed(DataClass.INTERNAL)] = None
    """Our id of it."""
    code: Annotated[Code | None, classed(DataClass.SECRET)] = None
    """What is printed on it."""
    customer: Annotated[Id | None, classed(DataClass.PERSONAL)] = None
    """Whose it is, by our id of the customer."""
    programme: Annotated[Id | None, classed(DataClass.INTERNAL)] = None
    """Of which programme, when a customer has cards of several."""
    shop: Annotated[Id | None, classed(DataClass.INTERNAL)] = None
    """The shop that asks; the consumer's own unless said."""


class MoveRequest(CardRequest, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is to be earned or spent, and on which card."""

    points: Annotated[Points, classed(DataClass.CONFIDENTIAL)]
    """How many, more than nothing."""
    reference: Annotated[Reference | None, classed(DataClass.INTERNAL)] = None
    """The asker's own number of it: sent again, it has no second effect."""
    reason: Annotated[Name | None, classed(DataClass.INTERNAL)] = None
    """What people are to read about it."""


class CodeRequest(Word, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A gift card or coupon that was shown."""

    code: Annotated[Code, classed(DataClass.SECRET)]
    """What is printed on it."""
    shop: Annotated[Id | None, classed(DataClass.INTERNAL)] = None
    """The shop that asks; the consumer's own unless said."""


class GiftCardRequest(CodeRequest, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is to be paid with a gift card."""

    amount: Annotated[Points, classed(DataClass.CONFIDENTIAL)]
    """How much, in the card's currency, more than nothing."""
    reference: Annotated[Reference | None, classed(DataClass.INTERNAL)] = None
    """The asker's own number of it: sent again, it has no second effect."""


class CouponRequest(CodeRequest, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A coupon that is to be used up."""

    reference: Annotated[Reference | None, classed(DataClass.INTERNAL)] = None
    """The asker's own number of what it is used for: sent again, it has no second effect."""


class CouponCheck(Word, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Whether a coupon can be used now."""

    valid: Annotated[bool, classed(DataClass.INTERNAL)]
    """Whether it can."""
    reason: Annotated[CouponFault | None, classed(DataClass.INTERNAL)] = None
    """Why not."""
    card: Annotated[Id | None, classed(DataClass.INTERNAL)] = None
    """Our id of the coupon."""
    promotion: Annotated[Id | None, classed(DataClass.PUBLIC)] = None
    """What it gives: see `promotions.v1`."""
    points: Annotated[Points | None, classed(DataClass.INTERNAL)] = None
    """How many of its points one use takes."""


class ReversalRequest(Word, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Why a movement is taken back."""

    reason: Annotated[Name | None, classed(DataClass.INTERNAL)] = None
    """What people are to read about it."""
