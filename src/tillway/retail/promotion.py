"""Promotions: what a customer gets (rewards) for what (rules), from when to when and where. Said, never guessed."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Final, Literal
from zoneinfo import ZoneInfo

import msgspec

from tillway.retail.data_class import DataClass, classed
from tillway.retail.limits import (
    Amount,
    CurrencyCode,
    Id,
    Name,
    Percent,
    QuantityAmount,
    SkuText,
    Unit,
)
from tillway.retail.loyalty import Points
from tillway.retail.word import Word

SKUS_MAX: Final = 5_000
"""Products one rule or reward names: a large category of a large range."""

PARTS_MAX: Final = 100
"""Rules or rewards of one programme: people make a handful."""

CHANNELS_MAX: Final = 2
"""There are two."""

LISTS_MAX: Final = 100
"""Price lists that one programme is limited to."""

USES_MAX: Final = 2**31 - 1
"""What an integer column of Postgres holds."""

PromotionKind = Literal[
    "loyalty",
    "ewallet",
    "gift-card",
    "coupons",
    "promotion",
    "discount-code",
    "buy-x-get-y",
    "next-order-coupons",
    "other",
]
"""What sort of programme it is."""

Channel = Literal["pos", "web"]
"""Where it is offered: at tills, or in orders."""

Skus = Annotated[tuple[SkuText, ...], msgspec.Meta(max_length=SKUS_MAX)]


class Products(Word, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which products are meant. All of these together; none of the fields set means every product."""

    skus: Annotated[Skus, classed(DataClass.PUBLIC)] = ()
    """These ones."""
    category: Annotated[Id | None, classed(DataClass.PUBLIC)] = None
    """And all of this category and those below it."""
    tag: Annotated[Id | None, classed(DataClass.PUBLIC)] = None
    """And all that carry this tag of theirs."""


class PromotionRule(Word, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """For what points are given."""

    id: Annotated[Id, classed(DataClass.INTERNAL)]
    """Foreign id."""
    with_code: Annotated[bool, classed(DataClass.PUBLIC)] = False
    """Whether the customer has to say a code. The code itself is not told."""
    products: Annotated[Products, classed(DataClass.PUBLIC)] = Products()
    """What has to be bought."""
    minimum_quantity: Annotated[QuantityAmount, classed(DataClass.PUBLIC)] = Decimal(0)
    """At least so many of them."""
    minimum_amount: Annotated[Amount, classed(DataClass.PUBLIC)] = Decimal(0)
    """For at least so much."""
    minimum_with_tax: Annotated[bool, classed(DataClass.PUBLIC)] = True
    """Whether that amount has tax in it."""
    points: Annotated[Points, classed(DataClass.PUBLIC)] = Decimal(1)
    """How many points this gives."""
    per: Annotated[Literal["order", "money", "unit"], classed(DataClass.PUBLIC)] = "order"
    """For the order, for each unit of money spent, or for each piece."""


class Reward(Word, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What points are given for."""

    id: Annotated[Id, classed(DataClass.INTERNAL)]
    """Foreign id."""
    description: Annotated[Name, classed(DataClass.PUBLIC)] = ""
    """As their people call it."""
    points: Annotated[Points, classed(DataClass.PUBLIC)]
    """How many it costs."""
    kind: Annotated[Literal["discount", "product"], classed(DataClass.PUBLIC)]
    """Less to pay, or something on top."""
    percent: Annotated[Percent | None, classed(DataClass.PUBLIC)] = None
    """So much off, in percent."""
    amount: Annotated[Amount | None, classed(DataClass.PUBLIC)] = None
    """So much off the order."""
    amount_per_point: Annotated[Amount | None, classed(DataClass.PUBLIC)] = None
    """So much off for each point."""
    maximum: Annotated[Amount | None, classed(DataClass.PUBLIC)] = None
    """Never more than this off."""
    on: Annotated[Literal["order", "cheapest", "products"], classed(DataClass.PUBLIC)] = "order"
    """Off what: the whole order, its cheapest product, or these products."""
    products: Annotated[Products, classed(DataClass.PUBLIC)] = Products()
    """Which products are cheaper, or one of which is given."""
    quantity: Annotated[QuantityAmount | None, classed(DataClass.PUBLIC)] = None
    """How many are given."""
    takes_all: Annotated[bool, classed(DataClass.PUBLIC)] = False
    """Whether it costs all points there are."""


class Promotion(Word, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One programme."""

    id: Annotated[Id, classed(DataClass.PUBLIC)]
    """Ours: the connection and their id."""
    name: Annotated[Name, classed(DataClass.PUBLIC)]
    """As customers know it."""
    kind: Annotated[PromotionKind, classed(DataClass.PUBLIC)]
    """What sort it is."""
    channels: Annotated[
        Annotated[tuple[Channel, ...], msgspec.Meta(max_length=CHANNELS_MAX)], classed(DataClass.PUBLIC)
    ] = ()
    """Where it is offered."""
    currency: Annotated[CurrencyCode, classed(DataClass.PUBLIC)]
    """What its amounts are in."""
    starts_on: Annotated[date | None, classed(DataClass.PUBLIC)] = None
    """Its first day, where the retailer is."""
    ends_on: Annotated[date | None, classed(DataClass.PUBLIC)] = None
    """Its last day, where the retailer is."""
    price_lists: Annotated[
        Annotated[tuple[Id, ...], msgspec.Meta(max_length=LISTS_MAX)], classed(DataClass.PUBLIC)
    ] = ()
    """Only for who buys at these, by their foreign ids; empty: for everybody."""
    uses_at_most: Annotated[Annotated[int, msgspec.Meta(ge=1, le=USES_MAX)] | None, classed(DataClass.PUBLIC)] = None
    """How often it may be used in all."""
    earned_for: Annotated[Literal["this-order", "later-orders", "both"], classed(DataClass.PUBLIC)] = "this-order"
    """When its points can be spent."""
    unit: Annotated[Unit | None, classed(DataClass.PUBLIC)] = None
    """What its points are called."""
    rules: Annotated[
        Annotated[tuple[PromotionRule, ...], msgspec.Meta(max_length=PARTS_MAX)], classed(DataClass.PUBLIC)
    ] = ()
    """Points are given by any of these."""
    rewards: Annotated[
        Annotated[tuple[Reward, ...], msgspec.Meta(max_length=PARTS_MAX)], classed(DataClass.PUBLIC)
    ] = ()
    """Points are spent on one of these, the cheapest first."""
    understood: Annotated[bool, classed(DataClass.PUBLIC)] = True
    """False when it holds something that has no word here: then nobody should compute by it."""
    reasons: Annotated[Annotated[tuple[Name, ...], msgspec.Meta(max_length=PARTS_MAX)], classed(DataClass.PUBLIC)] = ()
    """What was not understood."""


def in_force(promotion: Promotion, at: datetime, zone: str) -> bool:
    """Whether its days include this moment where the retailer is (an IANA time zone). Pure."""
    today = at.astimezone(ZoneInfo(zone)).date()
    begun = promotion.starts_on is None or promotion.starts_on <= today
    return begun and (promotion.ends_on is None or today <= promotion.ends_on)


def offered(
    promotions: Iterable[Promotion], *, channel: Channel | None, at: datetime, zone: str
) -> tuple[Promotion, ...]:
    """Those in force at this moment, on this channel if one is named; in the order given. Pure."""
    return tuple(
        promotion
        for promotion in promotions
        if in_force(promotion, at, zone) and (channel is None or channel in promotion.channels)
    )
