"""Shipment: goods on their way to a customer, or back. One transfer of the back office is one shipment."""

from __future__ import annotations

from datetime import date
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
    Reference,
    SkuText,
)
from tillway.retail.word import Word

Milestone = Literal["waiting", "ready", "partially-shipped", "shipped", "returned", "cancelled"]
"""Waiting for goods; ready to be handed over; part of it left and the rest follows in a shipment of its own; all of it
left; the goods came back; called off.
"""

ShipmentKind = Literal["delivery", "return"]
"""A return brings goods back from the customer."""

InvoiceKind = Literal["invoice", "credit-note"]
"""A credit note gives money back."""

PaymentState = Literal["not-paid", "in-payment", "partial", "paid", "reversed", "other"]
"""How much of an invoice was paid; in payment: paid, and the bank has not confirmed it yet."""

ORDERS_MAX: Final = 500
"""Orders that one invoice can be for: a month of a business customer."""


class ShipmentLine(Word, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One product of a shipment."""

    number: Annotated[LineNumber, classed(DataClass.INTERNAL)]
    """From 1."""
    sku: Annotated[SkuText, classed(DataClass.PUBLIC)]
    """Which product."""
    quantity: Annotated[QuantityAmount, classed(DataClass.INTERNAL)]
    """How much this shipment is for. What follows in another shipment stands there."""
    done: Annotated[QuantityAmount, classed(DataClass.INTERNAL)] = Decimal(0)
    """How much of it changed hands."""


class Shipment(Word, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A shipment as the hub knows it."""

    id: Annotated[Id, classed(DataClass.INTERNAL)]
    """A UUID of ours, the same on every node."""
    name: Annotated[Reference, classed(DataClass.INTERNAL)]
    """The number that people in the back office know it by."""
    kind: Annotated[ShipmentKind, classed(DataClass.INTERNAL)] = "delivery"
    """Whether goods leave or come back."""
    milestone: Annotated[Milestone, classed(DataClass.INTERNAL)]
    """How far it got."""
    order: Annotated[Id | None, classed(DataClass.INTERNAL)] = None
    """Our id of the order it belongs to."""
    shop: Annotated[Id, classed(DataClass.INTERNAL)]
    """The store that the order belongs to, or whose warehouse it leaves."""
    carrier: Annotated[Name | None, classed(DataClass.INTERNAL)] = None
    """Who carries it."""
    tracking: Annotated[Reference | None, classed(DataClass.INTERNAL)] = None
    """The carrier's number of it."""
    scheduled_at: Annotated[Instant | None, classed(DataClass.INTERNAL)] = None
    """When it is planned to be handed over."""
    done_at: Annotated[Instant | None, classed(DataClass.INTERNAL)] = None
    """When it was handed over, or came back."""
    follows: Annotated[Id | None, classed(DataClass.INTERNAL)] = None
    """Our id of the shipment whose rest this is."""
    returns: Annotated[Id | None, classed(DataClass.INTERNAL)] = None
    """Our id of the shipment that this brings back."""
    lines: Annotated[
        Annotated[tuple[ShipmentLine, ...], msgspec.Meta(max_length=LINES_MAX)], classed(DataClass.INTERNAL)
    ]
    """What is in it."""


class Invoice(Word, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The summary of an invoice that was posted."""

    id: Annotated[Id, classed(DataClass.INTERNAL)]
    """A UUID of ours, the same on every node."""
    name: Annotated[Reference, classed(DataClass.INTERNAL)]
    """Its number."""
    kind: Annotated[InvoiceKind, classed(DataClass.INTERNAL)]
    """Whether money is asked for or given back."""
    shop: Annotated[Id | None, classed(DataClass.INTERNAL)] = None
    """The store of its orders; absent for an invoice without one."""
    orders: Annotated[Annotated[tuple[Id, ...], msgspec.Meta(max_length=ORDERS_MAX)], classed(DataClass.INTERNAL)] = ()
    """Our ids of the orders it is for."""
    credits: Annotated[Id | None, classed(DataClass.INTERNAL)] = None
    """Our id of the invoice that it takes back."""
    invoiced_on: Annotated[date | None, classed(DataClass.INTERNAL)] = None
    """Its date."""
    due_on: Annotated[date | None, classed(DataClass.INTERNAL)] = None
    """When it is to be paid."""
    currency: Annotated[CurrencyCode, classed(DataClass.PUBLIC)]
    """What its amounts are in."""
    net: Annotated[Amount, classed(DataClass.INTERNAL)]
    """Without tax."""
    tax: Annotated[Amount, classed(DataClass.INTERNAL)]
    """All tax."""
    gross: Annotated[Amount, classed(DataClass.INTERNAL)]
    """Net plus tax."""
    open: Annotated[Amount, classed(DataClass.INTERNAL)]
    """What is still to be paid."""
    payment: Annotated[PaymentState, classed(DataClass.INTERNAL)]
    """How much of it was paid."""
