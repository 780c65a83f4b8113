"""Return: goods that come back, and the money for them. What may come back and what is owed: `taking_back`."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Final, Literal

import msgspec

from tillway.retail.data_class import DataClass, classed
from tillway.retail.limits import (
    LINES_MAX,
    Amount,
    CurrencyCode,
    Id,
    Instant,
    LineNumber,
    Name,
    QuantityAmount,
    SkuText,
)
from tillway.retail.tender import TenderKind
from tillway.retail.word import Word

ReturnStatus = Literal["authorised", "received", "crediting", "credited", "exception"]
"""Authorised: the goods may come. Received: they are here. Crediting: the money is on its way. Credited: it is back.
Exception: a person must look."""

SoldAs = Literal["order", "sale"]
"""An order of ours, or a till's sale."""

Condition = Literal["resellable", "damaged"]
"""What the goods are good for."""

ZERO: Final = Decimal(0)


class ReturnRequestLine(Word, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What shall come back of one line."""

    line: Annotated[LineNumber, classed(DataClass.INTERNAL)]
    """Number of the line in the order or on the receipt."""
    quantity: Annotated[QuantityAmount, classed(DataClass.INTERNAL)]
    """How much, more than nothing and no more than was sold and has not come back."""


class ReturnRequest(Word, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What `authoriseReturn` receives."""

    lines: Annotated[
        Annotated[tuple[ReturnRequestLine, ...], msgspec.Meta(min_length=1, max_length=LINES_MAX)],
        classed(DataClass.INTERNAL),
    ]
    """What shall come back."""
    reason: Annotated[Name | None, classed(DataClass.INTERNAL)] = None
    """Why, in words."""


class ReceivedLine(Word, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What came back of one line."""

    line: Annotated[LineNumber, classed(DataClass.INTERNAL)]
    """Number of the line."""
    quantity: Annotated[QuantityAmount, classed(DataClass.INTERNAL)]
    """How much is here; not negative, no more than was authorised."""
    condition: Annotated[Condition, classed(DataClass.INTERNAL)] = "resellable"
    """What it is good for."""


class ReceiveRequest(Word, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What `receiveReturn` receives. What is not here is free to be returned another time."""

    lines: Annotated[
        Annotated[tuple[ReceivedLine, ...], msgspec.Meta(min_length=1, max_length=LINES_MAX)],
        classed(DataClass.INTERNAL),
    ]
    """What came back; a line that is not named did not."""


class CreditRequest(Word, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What `creditReturn` receives."""

    tender: Annotated[TenderKind, classed(DataClass.INTERNAL)] = "card"
    """What the money goes back with; of an order the credit note only owes it."""


class ReturnLine(Word, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One line of a return. Amounts are positive: what is owed to the customer."""

    line: Annotated[LineNumber, classed(DataClass.INTERNAL)]
    """Number of the line in the order or on the receipt."""
    sku: Annotated[SkuText, classed(DataClass.PUBLIC)]
    """What comes back."""
    quantity: Annotated[QuantityAmount, classed(DataClass.INTERNAL)]
    """How much may come back."""
    received: Annotated[QuantityAmount, classed(DataClass.INTERNAL)] = ZERO
    """How much came back."""
    condition: Annotated[Condition | None, classed(DataClass.INTERNAL)] = None
    """What it is good for; absent until it is here."""
    net: Annotated[Amount, classed(DataClass.INTERNAL)]
    """What was paid for it, without tax; once received, for what came back."""
    tax: Annotated[Amount, classed(DataClass.INTERNAL)]
    """Its tax."""
    gross: Annotated[Amount, classed(DataClass.INTERNAL)]
    """Net plus tax: what is to be paid back."""


class Return(Word, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A return as the hub holds it."""

    id: Annotated[Id, classed(DataClass.INTERNAL)]
    """A UUID of ours; the key under which goods and money have one effect in the back office."""
    sold_as: Annotated[SoldAs, classed(DataClass.INTERNAL)]
    """What it was sold as."""
    sold: Annotated[Id, classed(DataClass.INTERNAL)]
    """The id of that order or sale."""
    consumer: Annotated[Id, classed(DataClass.INTERNAL)]
    """Who asked for it."""
    shop: Annotated[Id, classed(DataClass.INTERNAL)]
    """The store that sold it."""
    currency: Annotated[CurrencyCode, classed(DataClass.PUBLIC)]
    """What all its amounts are in."""
    reason: Annotated[Name | None, classed(DataClass.INTERNAL)] = None
    """Why, in words."""
    authorised_at: Annotated[Instant, classed(DataClass.INTERNAL)]
    """When it was authorised."""
    lines: Annotated[
        Annotated[tuple[ReturnLine, ...], msgspec.Meta(min_length=1, max_length=LINES_MAX)],
        classed(DataClass.INTERNAL),
    ]
    """What comes back."""
    gross: Annotated[Amount, classed(DataClass.INTERNAL)]
    """What is to be paid back for all lines."""
    tender: Annotated[TenderKind | None, classed(DataClass.INTERNAL)] = None
    """What the money goes back with; absent until it is asked for."""
    status: Annotated[ReturnStatus, classed(DataClass.INTERNAL)] = "authorised"
    """How far it got."""
