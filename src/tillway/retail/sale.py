"""Sale: goods that changed hands at a till. It happened, so it is kept whatever it says; `audit` judges."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Annotated, Final, Literal

import msgspec

from tillway import ids
from tillway.retail.data_class import DataClass, classed
from tillway.retail.limits import (
    LINES_MAX,
    TENDERS_MAX,
    Amount,
    CurrencyCode,
    Id,
    Instant,
    LineNumber,
    Percent,
    QuantityAmount,
    Reference,
    SkuText,
    UnitPrice,
)
from tillway.retail.tender import Tender
from tillway.retail.word import Word

SEQUENCE_MAX: Final = 2**53 - 1
"""The largest sequence: what every JSON reader holds exactly."""

SaleKind = Literal["sale", "refund"]
"""A refund has negative quantities and amounts, and positive prices."""


class RefundOf(Word, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The printed line that a refund takes back."""

    till: Annotated[Id, classed(DataClass.INTERNAL)]
    """The till that sold it."""
    epoch: Annotated[Id, classed(DataClass.INTERNAL)]
    """The life of that till's counter."""
    sequence: Annotated[int, msgspec.Meta(ge=1, le=SEQUENCE_MAX), classed(DataClass.INTERNAL)]
    """Its count of that sale."""
    line: Annotated[LineNumber, classed(DataClass.INTERNAL)]
    """The number of the line there."""


class SaleLine(Word, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One printed line."""

    number: Annotated[LineNumber, classed(DataClass.INTERNAL)]
    """From 1, as printed."""
    sku: Annotated[SkuText, classed(DataClass.PUBLIC)]
    """What was sold."""
    gtin: Annotated[Reference | None, classed(DataClass.PUBLIC)] = None
    """What was scanned, unverified: it is the audit that says whether it can be one."""
    quantity: Annotated[QuantityAmount, classed(DataClass.INTERNAL)]
    """How much; negative when goods came back."""
    unit_price: Annotated[UnitPrice, classed(DataClass.INTERNAL)]
    """Of one, before the discount; with tax exactly when `tax_included`."""
    discount: Annotated[Percent, classed(DataClass.INTERNAL)] = Decimal(0)
    """Taken off the price, in percent."""
    tax_rate: Annotated[Percent, classed(DataClass.INTERNAL)]
    """In percent; several taxes are summed."""
    tax_included: Annotated[bool, classed(DataClass.INTERNAL)]
    """Whether the price holds the tax."""
    net: Annotated[Amount, classed(DataClass.INTERNAL)]
    """The line without tax."""
    tax: Annotated[Amount, classed(DataClass.INTERNAL)]
    """Its tax."""
    gross: Annotated[Amount, classed(DataClass.INTERNAL)]
    """Net plus tax."""
    refund_of: Annotated[RefundOf | None, classed(DataClass.INTERNAL)] = None
    """What a line with a negative quantity takes back, where the till knows it."""


class Sale(Word, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A receipt as the till printed it."""

    id: Annotated[Id, classed(DataClass.INTERNAL)]
    """The UUID that `sale_id` gives for till, epoch and sequence; the key of its one booking."""
    till: Annotated[Id, classed(DataClass.INTERNAL)]
    """Which till."""
    epoch: Annotated[Id, classed(DataClass.INTERNAL)]
    """The life of the till's counter: a till that lost its memory starts a new one."""
    sequence: Annotated[int, msgspec.Meta(ge=1, le=SEQUENCE_MAX), classed(DataClass.INTERNAL)]
    """The till's count of sales in this epoch, without gaps."""
    shop: Annotated[Id, classed(DataClass.INTERNAL)]
    """Which store."""
    business_day: Annotated[date, classed(DataClass.INTERNAL)]
    """The day it counts for, which may end after midnight."""
    sold_at: Annotated[Instant, classed(DataClass.INTERNAL)]
    """When it was printed, by the till's clock."""
    currency: Annotated[CurrencyCode, classed(DataClass.PUBLIC)]
    """What all its amounts are in."""
    lines: Annotated[Annotated[tuple[SaleLine, ...], msgspec.Meta(max_length=LINES_MAX)], classed(DataClass.INTERNAL)]
    """What was sold."""
    tenders: Annotated[Annotated[tuple[Tender, ...], msgspec.Meta(max_length=TENDERS_MAX)], classed(DataClass.INTERNAL)]
    """With what it was paid."""
    net: Annotated[Amount, classed(DataClass.INTERNAL)]
    """All lines without tax."""
    tax: Annotated[Amount, classed(DataClass.INTERNAL)]
    """All tax."""
    gross: Annotated[Amount, classed(DataClass.INTERNAL)]
    """Net plus tax."""
    change: Annotated[Amount, classed(DataClass.INTERNAL)] = Decimal(0)
    """Cash given back, not negative: tenders less change make the gross."""
    kind: Annotated[SaleKind, classed(DataClass.INTERNAL)] = "sale"
    """Whether goods left or came back."""


def sale_id(till: str, epoch: str, sequence: int) -> str:
    """The id of a sale: the same from the till, the edge and the hub, however often it is sent."""
    return str(ids.named("sale", till, epoch, str(sequence)))
