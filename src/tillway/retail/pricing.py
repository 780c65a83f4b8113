"""What a unit of a product costs: the formulas of Odoo's price lists, for the rule that `rule_order` puts first.

Odoo counts time in whole seconds, and both ends of a rule's dates belong to it. A price is not rounded here beyond
`PRICE_DECIMALS`: Odoo does not round what its rules give, totals are rounded.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal, localcontext
from types import MappingProxyType
from typing import Final, NamedTuple

from tillway import clock
from tillway.retail.limits import PRICE_DECIMALS, WHOLE_DIGITS
from tillway.retail.money import minor_unit, minor_units
from tillway.retail.price import LIST_PRICE, Price, PriceList, PriceRule, PriceSource
from tillway.retail.product import Product
from tillway.retail.rule_order import applying
from tillway.retail.tax import HUNDRED, PRECISION

NO_LISTS: Final[Mapping[str, PriceList]] = MappingProxyType({})
"""No other lists at hand: rules that start from one are not understood."""

Told = Mapping[tuple[str, Decimal], Decimal]
"""What the back office says one unit of a SKU costs at a quantity, where its rules are not understood here."""

NOTHING_TOLD: Final[Told] = MappingProxyType({})
"""The back office was not asked."""

_ALWAYS: Final = datetime.min.replace(tzinfo=UTC)
_NEVER: Final = datetime.max.replace(tzinfo=UTC)
_SECOND: Final = timedelta(seconds=1)
_FINEST: Final = Decimal(1).scaleb(-PRICE_DECIMALS)


class _Question(NamedTuple):
    """What is asked of a list and of the lists that it starts from."""

    product: Product
    quantity: Decimal
    at: datetime
    others: Mapping[str, PriceList]


class _Answer(NamedTuple):
    """An amount, None when it can't be told; the first moment it may be another; and the rule that made it."""

    amount: Decimal | None
    until: datetime
    rule: str | None = None


def price(
    product: Product,
    price_list: PriceList | None,
    *,
    quantity: Decimal,
    at: datetime,
    others: Mapping[str, PriceList] = NO_LISTS,
    told: Told = NOTHING_TOLD,
) -> Price:
    """The price of one unit when `quantity` is taken at this moment; without a list, the product's list price.

    `others` are the lists, by id, that rules may start from. A price that can't be told (a rule based on cost or on
    a list that is not at hand, a rule of a kind unknown here, two currencies) has no amount and says
    `not-understood`, unless it was `told` by the back office for this list and moment. A naive `at` is a ValueError.
    """
    question = _Question(product, quantity, clock.aware(at).replace(microsecond=0), others)
    with localcontext(prec=PRECISION):
        answer = (
            _Answer(product.list_price, _NEVER) if price_list is None else _asked(question, price_list, frozenset())
        )
        currency = product.currency if price_list is None else price_list.currency
        amount = None if answer.amount is None else _tidy(answer.amount, currency)
        known: PriceSource = "list" if answer.rule is None else "rule"
        until = answer.until
        if amount is None and (product.sku, quantity) in told:
            amount, known = _tidy(told[product.sku, quantity], currency), "back-office"
            until = _next_second(question.at)
    return Price(
        sku=product.sku,
        price_list=LIST_PRICE if price_list is None else price_list.id,
        amount=amount,
        currency=currency,
        rule=answer.rule,
        source="not-understood" if amount is None else known,
        valid_until=None if until == _NEVER else until,
    )


def turning_points(rule: PriceRule) -> tuple[datetime, ...]:
    """The moments at which a rule begins and ends to hold; none for one that always does."""
    return tuple(moment for moment in (_starts(rule), _ends(rule)) if moment not in {_ALWAYS, _NEVER})


def _asked(question: _Question, price_list: PriceList, asking: frozenset[str]) -> _Answer:
    """The list's answer; `asking` are the lists that start from this one and wait for it."""
    until = _NEVER
    for rule in applying(question.product, price_list):
        if rule.min_quantity > question.quantity:
            continue
        starts, ends = _starts(rule), _ends(rule)
        if starts > question.at:
            until = min(until, starts)
        elif ends > question.at:
            answer = _computed(rule, question, price_list, asking | {price_list.id})
            return _Answer(answer.amount, min(until, ends, answer.until), rule.id)
    return _Answer(_list_price(question.product, price_list), until)


def _computed(rule: PriceRule, question: _Question, price_list: PriceList, asking: frozenset[str]) -> _Answer:
    """What a rule gives. A base that can't be told makes a price that can't be told."""
    if not rule.understood:
        return _Answer(None, _NEVER)
    if rule.kind == "fixed":
        return _Answer(rule.fixed, _NEVER)
    base = _base(rule, question, price_list, asking)
    if base.amount is None:
        return base
    discounted = base.amount - base.amount * (rule.percent or Decimal(0)) / HUNDRED
    amount = _formula(rule, base.amount, discounted) if rule.kind == "formula" else discounted
    return _Answer(amount, base.until)


def _base(rule: PriceRule, question: _Question, price_list: PriceList, asking: frozenset[str]) -> _Answer:
    if rule.base == "list":
        return _Answer(_list_price(question.product, price_list), _NEVER)
    other = question.others.get(rule.base_list or "") if rule.base == "other-list" else None
    # Lists that start from one another have no price, and rates between currencies are not known here.
    if other is None or other.id in asking or other.currency != price_list.currency:
        return _Answer(None, _NEVER)
    return _asked(question, other, asking)


def _formula(rule: PriceRule, base: Decimal, discounted: Decimal) -> Decimal:
    """Rounded to the step, then the surcharge, then kept between the margins over the base; the upper one wins."""
    amount = discounted
    if rule.rounding:
        amount = (amount / rule.rounding).quantize(Decimal(1), rounding=ROUND_HALF_UP) * rule.rounding
    amount += rule.surcharge or Decimal(0)
    if rule.min_margin:
        amount = max(amount, base + rule.min_margin)
    if rule.max_margin:
        amount = min(amount, base + rule.max_margin)
    return amount


def _list_price(product: Product, price_list: PriceList) -> Decimal | None:
    return product.list_price if product.currency == price_list.currency else None


def _tidy(amount: Decimal, currency: str) -> Decimal | None:
    """As a price is written: no zeros beyond the minor unit, `PRICE_DECIMALS` at most; None when out of bounds."""
    fine = amount.quantize(_FINEST, rounding=ROUND_HALF_UP).normalize()
    if fine.adjusted() >= WHOLE_DIGITS:
        return None
    return fine.quantize(minor_unit(currency)) if int(fine.as_tuple().exponent) > -minor_units(currency) else fine


def _starts(rule: PriceRule) -> datetime:
    """The first whole second at which a rule holds."""
    if rule.starts_at is None:
        return _ALWAYS
    return _next_second(rule.starts_at) if rule.starts_at.microsecond else clock.aware(rule.starts_at)


def _ends(rule: PriceRule) -> datetime:
    """The first whole second at which a rule holds no more."""
    return _NEVER if rule.ends_at is None else _next_second(rule.ends_at)


def _next_second(moment: datetime) -> datetime:
    """The first whole second after a moment; never, at the end of the calendar: people write 9999 for that."""
    try:
        return clock.aware(moment).replace(microsecond=0) + _SECOND
    except OverflowError:
        return _NEVER
