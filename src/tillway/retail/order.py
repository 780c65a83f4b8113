"""Order: a request of a customer that we accepted, and the request as it comes in. `place` makes one of the other."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from tillway.retail.data_class import DataClass, classed
from tillway.retail.limits import (
    LINES_MAX,
    Amount,
    CurrencyCode,
    Id,
    Instant,
    LineNumber,
    QuantityAmount,
    Reference,
    SkuText,
    UnitPrice,
)
from tillway.retail.word import Word

OrderStatus = Literal["placed", "accepted", "exception", "cancelled"]
"""Placed: ours. Accepted: confirmed in the back office and read back. Exception: a person must look. Cancelled."""


class OrderRequestLine(Word, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One line as asked for. What is optional is checked when given, and never believed."""

    sku: Annotated[SkuText, classed(DataClass.PUBLIC)]
    """What is ordered; one SKU may stand on several lines."""
    quantity: Annotated[QuantityAmount, classed(DataClass.INTERNAL)]
    """How much, more than nothing."""
    unit_price: Annotated[UnitPrice | None, classed(DataClass.INTERNAL)] = None
    """What the asker showed as the price of one, exact or rounded to the currency's minor unit."""
    gross: Annotated[Amount | None, classed(DataClass.INTERNAL)] = None
    """What the asker showed as the line's total, tax included."""


class OrderRequest(Word, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What `placeOrder` receives. Only lines are needed; the consumer's defaults fill the rest."""

    lines: Annotated[
        Annotated[tuple[OrderRequestLine, ...], msgspec.Meta(min_length=1, max_length=LINES_MAX)],
        classed(DataClass.INTERNAL),
    ]
    """What is ordered, in the asker's order."""
    reference: Annotated[Reference | None, classed(DataClass.INTERNAL)] = None
    """The asker's own number of it."""
    customer: Annotated[Id | None, classed(DataClass.PERSONAL)] = None
    """For whom."""
    shop: Annotated[Id | None, classed(DataClass.INTERNAL)] = None
    """Which store serves it."""
    price_list: Annotated[Id | None, classed(DataClass.INTERNAL)] = None
    """By which list it is priced."""
    currency: Annotated[CurrencyCode | None, classed(DataClass.PUBLIC)] = None
    """What the given amounts are in; must be the list's currency."""
    total: Annotated[Amount | None, classed(DataClass.INTERNAL)] = None
    """What the asker showed as the total, tax included."""
    promises: Annotated[Annotated[tuple[Id, ...], msgspec.Meta(max_length=LINES_MAX)], classed(DataClass.INTERNAL)] = ()
    """Promises of stock that this order takes: at its shop, of its products, made to the same asker."""


class OrderDefaults(Word, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What holds for a consumer's orders when the request does not say."""

    consumer: Annotated[Id, classed(DataClass.INTERNAL)]
    """Who asks, by its landscape name."""
    shop: Annotated[Id, classed(DataClass.INTERNAL)]
    """The store its orders go to."""
    customer: Annotated[Id | None, classed(DataClass.PERSONAL)] = None
    """The customer its orders are for."""


class OrderLine(Word, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One line of an order, priced."""

    number: Annotated[LineNumber, classed(DataClass.INTERNAL)]
    """From 1, in the order of the request."""
    sku: Annotated[SkuText, classed(DataClass.PUBLIC)]
    """What is ordered."""
    quantity: Annotated[QuantityAmount, classed(DataClass.INTERNAL)]
    """How much, in the product's unit."""
    unit_price: Annotated[UnitPrice, classed(DataClass.INTERNAL)]
    """Of one, with or without tax as the product's taxes say; not rounded."""
    net: Annotated[Amount, classed(DataClass.INTERNAL)]
    """The line without tax."""
    tax: Annotated[Amount, classed(DataClass.INTERNAL)]
    """Its tax."""
    gross: Annotated[Amount, classed(DataClass.INTERNAL)]
    """Net plus tax."""


class Order(Word, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An order as the hub holds it. Its lines add up to its totals, exactly."""

    id: Annotated[Id, classed(DataClass.INTERNAL)]
    """A UUID of ours; the key under which it has one effect in the back office."""
    reference: Annotated[Reference | None, classed(DataClass.INTERNAL)] = None
    """The asker's own number of it."""
    consumer: Annotated[Id, classed(DataClass.INTERNAL)]
    """Who placed it."""
    shop: Annotated[Id, classed(DataClass.INTERNAL)]
    """Which store serves it."""
    customer: Annotated[Id | None, classed(DataClass.PERSONAL)] = None
    """For whom."""
    price_list: Annotated[Id, classed(DataClass.INTERNAL)]
    """By which list it was priced; `list` for list prices."""
    currency: Annotated[CurrencyCode, classed(DataClass.PUBLIC)]
    """What all its amounts are in."""
    placed_at: Annotated[Instant, classed(DataClass.INTERNAL)]
    """When we took it; prices are of this moment."""
    lines: Annotated[
        Annotated[tuple[OrderLine, ...], msgspec.Meta(min_length=1, max_length=LINES_MAX)],
        classed(DataClass.INTERNAL),
    ]
    """What is ordered."""
    net: Annotated[Amount, classed(DataClass.INTERNAL)]
    """All lines without tax."""
    tax: Annotated[Amount, classed(DataClass.INTERNAL)]
    """All tax."""
    gross: Annotated[Amount, classed(DataClass.INTERNAL)]
    """Net plus tax: what is to be paid."""
    status: Annotated[OrderStatus, classed(DataClass.INTERNAL)] = "placed"
    """How far it got."""
