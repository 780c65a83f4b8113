"""A quote: the prices of several products taken together, and what they come to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from decimal import Decimal, localcontext
from typing import Annotated, NamedTuple

import msgspec

from tillway.errors import Invalid, Violation
from tillway.retail.data_class import DataClass, classed
from tillway.retail.limits import LINES_MAX, WHOLE_DIGITS, Amount, CurrencyCode, LineNumber, QuantityAmount
from tillway.retail.price import Price, PriceList
from tillway.retail.pricing import NO_LISTS, NOTHING_TOLD, Told, price
from tillway.retail.product import Product
from tillway.retail.tax import DEFAULT_ROUNDING, PRECISION, Document, Rounding, Taxed, TaxSplit, document
from tillway.retail.word import Word


class Wanted(NamedTuple):
    """A product and how much of it, in its own unit."""

    product: Product
    quantity: Decimal


class QuotedLine(Word, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One line of a quote; its amounts are absent when the quote's are."""

    number: Annotated[LineNumber, classed(DataClass.INTERNAL)]
    """From 1, in the order asked."""
    quantity: Annotated[QuantityAmount, classed(DataClass.INTERNAL)]
    """How much."""
    price: Annotated[Price, classed(DataClass.INTERNAL)]
    """Of one unit at that quantity."""
    net: Annotated[Amount | None, classed(DataClass.INTERNAL)] = None
    """The line without tax."""
    tax: Annotated[Amount | None, classed(DataClass.INTERNAL)] = None
    """Its tax."""
    gross: Annotated[Amount | None, classed(DataClass.INTERNAL)] = None
    """Net plus tax."""


class Totals(Word, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a quote comes to; lines add up to it. Amounts are absent when the price of any line could not be told."""

    currency: Annotated[CurrencyCode, classed(DataClass.PUBLIC)]
    """What all amounts are in."""
    lines: Annotated[Annotated[tuple[QuotedLine, ...], msgspec.Meta(max_length=LINES_MAX)], classed(DataClass.INTERNAL)]
    """What was asked about."""
    net: Annotated[Amount | None, classed(DataClass.INTERNAL)] = None
    """All lines without tax."""
    tax: Annotated[Amount | None, classed(DataClass.INTERNAL)] = None
    """All tax."""
    gross: Annotated[Amount | None, classed(DataClass.INTERNAL)] = None
    """Net plus tax."""


def quote(
    lines: Sequence[Wanted],
    price_list: PriceList | None,
    *,
    at: datetime,
    others: Mapping[str, PriceList] = NO_LISTS,
    told: Told = NOTHING_TOLD,
    rounding: Rounding = DEFAULT_ROUNDING,
) -> Totals:
    """Price the lines at this moment and sum them up. Equal products on two lines are priced apart, as in Odoo.

    Invalid, with pointers as `/lines/0/quantity`, for no lines or too many, list prices in different currencies, and
    sums too large to be kept.
    """
    if not 1 <= len(lines) <= LINES_MAX:
        raise Invalid(
            violations=(
                Violation(pointer="/lines", detail=f"1 to {LINES_MAX} lines are priced together", rule="line-count"),
            )
        )
    prices = [
        price(line.product, price_list, quantity=line.quantity, at=at, others=others, told=told) for line in lines
    ]
    currency = prices[0].currency
    violations = [
        violation
        for index, each in enumerate(prices)
        for violation in in_another_currency(f"/lines/{index}", each, currency)
    ]
    taxed = [
        Taxed(worth(each.amount, line.quantity), line.product.taxes)
        for line, each in zip(lines, prices, strict=True)
        if each.amount is not None
    ]
    sums = document(taxed, currency, rounding=rounding) if len(taxed) == len(lines) and not violations else None
    violations += () if sums is None else too_large(sums)
    if violations:
        raise Invalid(violations=tuple(violations))
    return _totals(currency, lines, prices, sums)


def in_another_currency(pointer: str, of: Price, currency: str) -> Iterator[Violation]:
    """Why a priced line can't be summed in this currency; nothing when it can."""
    if of.currency != currency:
        yield Violation(
            pointer=f"{pointer}/sku", detail=f"priced in {of.currency}, the lines before in {currency}", rule="currency"
        )


def too_large(sums: Document) -> Iterator[Violation]:
    """The lines whose sums have more digits than can be kept, or all lines together when only their total has."""
    beyond = [index for index, line in enumerate(sums.lines) if _beyond(line)]
    for index in beyond:
        yield Violation(pointer=f"/lines/{index}/quantity", detail="makes a sum too large to be kept", rule="worth")
    if not beyond and _beyond(sums.total):
        yield Violation(pointer="/lines", detail="come to a sum too large to be kept", rule="worth")


def worth(amount: Decimal, quantity: Decimal) -> Decimal:
    """Price times quantity, exact."""
    with localcontext(prec=PRECISION):
        return amount * quantity


def _beyond(part: TaxSplit) -> bool:
    return any(amount.adjusted() >= WHOLE_DIGITS for amount in part)


def _totals(currency: str, lines: Sequence[Wanted], prices: Sequence[Price], sums: Document | None) -> Totals:
    nothing: tuple[None, ...] = (None,) * len(lines)
    return Totals(
        currency=currency,
        lines=tuple(
            QuotedLine(
                number=number,
                quantity=line.quantity,
                price=each,
                net=part and part.net,
                tax=part and part.tax,
                gross=part and part.gross,
            )
            for number, (line, each, part) in enumerate(
                zip(lines, prices, sums.lines if sums else nothing, strict=True), start=1
            )
        ),
        net=sums and sums.total.net,
        tax=sums and sums.total.tax,
        gross=sums and sums.total.gross,
    )
