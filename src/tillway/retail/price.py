"""Price lists and their rules, as the back office keeps them, and the price that comes out.

A rule's words are Odoo's: which products it is for (`scope`, `target`), from which quantity, between which dates,
and how the price is computed. `pricing` evaluates them.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Final, Literal

import msgspec

from tillway.retail.data_class import DataClass, classed
from tillway.retail.limits import (
    RULES_MAX,
    CategoryPath,
    CurrencyCode,
    Id,
    Instant,
    Name,
    Percent,
    QuantityAmount,
    SkuText,
    UnitPrice,
)
from tillway.retail.word import Word

LIST_PRICE: Final = "list"
"""The id under which the product's own list price stands where a price list is named."""

RuleScope = Literal["all", "category", "template", "variant"]
"""What a rule is for; the narrower one is looked at first."""

RuleKind = Literal["fixed", "percentage", "formula"]
"""How a rule computes."""

RuleBase = Literal["list", "cost", "other-list"]
"""What a percentage or formula starts from."""

PriceSource = Literal["list", "rule", "back-office", "not-understood"]
"""Whence a price: the product's list price, a rule of the list, the back office that was asked because the hub can't
evaluate the rule, or nowhere: it can't, and nobody was asked."""


class PriceRule(Word, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One rule of a price list. Percentages and amounts that are absent count as nothing."""

    id: Annotated[Id, classed(DataClass.INTERNAL)]
    """Foreign id; of two rules that rank the same, the newer (larger) one wins."""
    scope: Annotated[RuleScope, classed(DataClass.INTERNAL)]
    """What it is for."""
    target: Annotated[CategoryPath | None, classed(DataClass.INTERNAL)] = None
    """Foreign id of the category (or its path), template or variant; absent when for all."""
    min_quantity: Annotated[QuantityAmount, classed(DataClass.INTERNAL)] = Decimal(0)
    """The smallest quantity it is for, in the product's unit; 0 is any."""
    starts_at: Annotated[Instant | None, classed(DataClass.CONFIDENTIAL)] = None
    """First moment it holds. Confidential: a promotion ahead."""
    ends_at: Annotated[Instant | None, classed(DataClass.CONFIDENTIAL)] = None
    """Last second it holds."""
    kind: Annotated[RuleKind, classed(DataClass.INTERNAL)]
    """How it computes."""
    fixed: Annotated[UnitPrice | None, classed(DataClass.INTERNAL)] = None
    """The price itself, in the list's currency (`fixed`)."""
    percent: Annotated[Percent | None, classed(DataClass.INTERNAL)] = None
    """Discount off the base in percent, negative for a mark-up (`percentage`, `formula`)."""
    surcharge: Annotated[UnitPrice | None, classed(DataClass.INTERNAL)] = None
    """Added after rounding, negative takes off (`formula`)."""
    rounding: Annotated[UnitPrice | None, classed(DataClass.INTERNAL)] = None
    """The step the discounted price is rounded to, half away from zero (`formula`)."""
    min_margin: Annotated[UnitPrice | None, classed(DataClass.CONFIDENTIAL)] = None
    """The price is at least base plus this (`formula`)."""
    max_margin: Annotated[UnitPrice | None, classed(DataClass.CONFIDENTIAL)] = None
    """The price is at most base plus this (`formula`)."""
    base: Annotated[RuleBase, classed(DataClass.INTERNAL)] = "list"
    """What it starts from (`percentage`, `formula`)."""
    base_list: Annotated[Id | None, classed(DataClass.INTERNAL)] = None
    """The other list it starts from."""
    understood: Annotated[bool, classed(DataClass.INTERNAL)] = True
    """False when the back office computes it in a way that these fields do not say."""


class PriceList(Word, frozen=True, kw_only=True, forbid_unknown_fields=True, cache_hash=True):
    """A price list with all its rules, in any order."""

    id: Annotated[Id, classed(DataClass.INTERNAL)]
    """Foreign id."""
    name: Annotated[Name, classed(DataClass.INTERNAL)]
    """What people call it."""
    currency: Annotated[CurrencyCode, classed(DataClass.PUBLIC)]
    """What its prices are in."""
    rules: Annotated[
        Annotated[tuple[PriceRule, ...], msgspec.Meta(max_length=RULES_MAX)], classed(DataClass.INTERNAL)
    ] = ()
    """Its rules; without any, the list price holds."""


class Price(Word, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The price of one unit of a product, with where it comes from and how long it holds."""

    sku: Annotated[SkuText, classed(DataClass.PUBLIC)]
    """Of which product."""
    price_list: Annotated[Id, classed(DataClass.INTERNAL)]
    """By which list; `list` for the product's own list price."""
    amount: Annotated[UnitPrice | None, classed(DataClass.PUBLIC)]
    """Of one unit, not rounded, with or without tax as the product's taxes say. Absent exactly when the source is
    `not-understood`: no price is better than a wrong one."""
    currency: Annotated[CurrencyCode, classed(DataClass.PUBLIC)]
    """What `amount` is in."""
    rule: Annotated[Id | None, classed(DataClass.INTERNAL)] = None
    """The rule that made it, or that was not understood."""
    source: Annotated[PriceSource, classed(DataClass.INTERNAL)]
    """Whence it comes."""
    valid_until: Annotated[Instant | None, classed(DataClass.INTERNAL)] = None
    """The first moment at which, by the rules known now, it may differ; absent when none is in sight. What the back
    office was asked holds for no other moment."""
