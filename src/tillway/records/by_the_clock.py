"""Prices that change because it became time: rules begin and end, and nobody touches anything. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

from tillway.journal import Event
from tillway.records.deciding import price_changed, quantities
from tillway.records.tracing import Cause
from tillway.retail import PriceList, Product
from tillway.retail.price import PriceRule
from tillway.retail.pricing import price, turning_points
from tillway.retail.rule_order import applying


def next_turn(lists: Iterable[PriceList], after: datetime) -> datetime | None:
    """The first moment after this one at which a rule begins or ends to hold; None when none does."""
    return min((moment for _, moment in _turns(lists) if moment > after), default=None)


def turning(lists: Iterable[PriceList], after: datetime, until: datetime) -> frozenset[PriceRule]:
    """The rules that begin or end to hold after the one moment, and not after the other."""
    return frozenset(rule for rule, moment in _turns(lists) if after < moment <= until)


def concerned(product: Product, lists: Iterable[PriceList], rules: frozenset[PriceRule]) -> bool:
    """Whether one of these rules is for the product: what else is told need not be priced."""
    return product.active and any(rule in rules for entry in lists for rule in applying(product, entry))


def decide_by_the_clock(
    products: Iterable[Product], lists: Sequence[PriceList], *, since: datetime, at: datetime, cause: Cause
) -> tuple[Event, ...]:
    """`price.changed` for each product that costs something else now than at `since`, by the same rules, naming every
    list on which it does. What began and ended in between changed nothing that anybody could still act on.
    """
    by_id = {entry.id: entry for entry in lists}
    events: list[Event] = []
    for product in products:
        if not product.active:
            continue
        names = [
            entry.id
            for entry in lists
            if any(
                price(product, entry, quantity=each, at=since, others=by_id).amount
                != price(product, entry, quantity=each, at=at, others=by_id).amount
                for each in quantities(product, lists)
            )
        ]
        if names:
            events.append(price_changed(product, names, lists, at=at, cause=cause))
    return tuple(events)


def _turns(lists: Iterable[PriceList]) -> Iterator[tuple[PriceRule, datetime]]:
    for entry in lists:
        for rule in entry.rules:
            for moment in turning_points(rule):
                yield rule, moment
