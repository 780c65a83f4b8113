"""Cards and programmes as the back office holds them, and how a movement gets there with one effect."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Annotated, Protocol

from tillway.retail.call import Call
from tillway.retail.data_class import DataClass, classed
from tillway.retail.limits import Id, Name, Unit
from tillway.retail.loyalty import CardKind, Code, Points
from tillway.retail.outside.paging import Page
from tillway.retail.promotion import Promotion
from tillway.retail.word import Word


class BackOfficeCard(Word, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A card as they hold it."""

    foreign_id: Annotated[Id, classed(DataClass.INTERNAL)]
    """Their id."""
    programme: Annotated[Id, classed(DataClass.INTERNAL)]
    """Foreign id of its programme."""
    kind: Annotated[CardKind, classed(DataClass.INTERNAL)]
    """What it is good for."""
    unit: Annotated[Unit | None, classed(DataClass.PUBLIC)] = None
    """What its points are called there."""
    code: Annotated[Code, classed(DataClass.SECRET)]
    """What is printed on it."""
    customer: Annotated[Id | None, classed(DataClass.PERSONAL)] = None
    """Foreign id of whose it is; absent for whoever bears it."""
    points: Annotated[Points, classed(DataClass.CONFIDENTIAL)]
    """Its balance, rounded to what counts as a point."""
    expires_on: Annotated[date | None, classed(DataClass.INTERNAL)] = None
    """The last day it is good on."""
    active: Annotated[bool, classed(DataClass.INTERNAL)] = True
    """False once archived."""


class Bringing(Word, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A movement of ours on its way."""

    card: Annotated[Id, classed(DataClass.INTERNAL)]
    """Foreign id of the card."""
    reference: Annotated[Id, classed(DataClass.INTERNAL)]
    """Our id of the movement; their record of it carries it."""
    points: Annotated[Points, classed(DataClass.CONFIDENTIAL)]
    """By how much the balance is to change."""
    text: Annotated[Name, classed(DataClass.INTERNAL)]
    """What their people read about it."""


class Brought(Word, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a movement came to over there."""

    moved: Annotated[Points, classed(DataClass.CONFIDENTIAL)]
    """By how much it really changed the balance. It differs from what was wanted when somebody changed the card in the
    same moment and was overwritten; the difference is what that somebody did.
    """
    balance: Annotated[Points, classed(DataClass.CONFIDENTIAL)]
    """The balance there, seen after it."""


class Loyalty(Protocol):
    """Cards, programmes, and points once."""

    async def card_by_code(self, call: Call, code: str) -> BackOfficeCard | None:
        """The card this is printed on, or None."""
        ...

    async def cards_of(self, call: Call, customer: str) -> Sequence[BackOfficeCard]:
        """The cards in force of a customer, by the customer's foreign id."""
        ...

    async def cards(self, call: Call, foreign_ids: Sequence[str]) -> Sequence[BackOfficeCard]:
        """These cards as they are now; one that is missing is gone."""
        ...

    async def changed_cards(self, call: Call, *, cursor: str | None, limit: int) -> Page[BackOfficeCard]:
        """Cards changed since the cursor, archived ones included; None starts from the beginning."""
        ...

    async def bring(self, call: Call, movement: Bringing, *, again: bool) -> Brought:
        """Have the movement there once.

        `again` unless this is known to be the first time: then it is settled first, and what it did, wholly or in
        part, is left as it is. One movement of a card at a time: the caller sees to it.
        Conflict when the card does not hold what is to be spent; OutcomeUnknown: call it `again`.
        """
        ...

    async def settle(self, call: Call, movement: Bringing) -> Brought:
        """Make whatever was begun for it unable to happen any more, and say what did; `moved` is 0 if nothing did."""
        ...

    async def restore(self, call: Call, movement: Bringing) -> Brought:
        """Give the card back what this movement overwrote; no effect when it overwrote nothing (any more)."""
        ...

    async def programmes(self, call: Call) -> Sequence[Promotion]:
        """All programmes in the order in which they count, archived ones left out."""
        ...
