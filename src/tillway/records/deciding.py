"""What a fresh reading of the outside changes: old + new in, writes and events out. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

import msgspec

from tillway.journal import Event
from tillway.records.tracing import Cause
from tillway.retail import LIST_PRICE, DataClass, OwnField, PriceList, Product
from tillway.retail.pricing import price
from tillway.retail.rule_order import applying, touched

# A price shown in an event is for one unit; quantity breaks are asked for with a quote.
ONE = Decimal(1)

_NONE: Mapping[str, OwnField] = {}


class Decision(msgspec.Struct, frozen=True):
    """Products to store, and the events that tell of it."""

    save: tuple[Product, ...]
    events: tuple[Event, ...]


def decide_products(
    old: Mapping[str, Product],
    new: Sequence[Product],
    lists: Sequence[PriceList],
    *,
    at: datetime,
    cause: Cause,
    first: bool,
    own: Mapping[str, OwnField] = _NONE,
) -> Decision:
    """What a page of products changes. Equal content changes nothing, whatever the source's change mark says.

    `old` is what is held under the page's codes, and under other codes of the page's variants: a code that its variant
    gave up is archived. `first`: this is the first load; it stores and tells nothing. `own`: the retailer's own fields.
    """
    save: list[Product] = []
    events: list[Event] = []
    by_code = {product.sku: product for product in new}
    for product in (*_given_up(old, by_code), *by_code.values()):
        before = old.get(product.sku)
        if before == product:
            continue
        save.append(product)
        if first:
            continue
        if before is None or _described(before) != _described(product):
            events.append(_product_changed(before, product, cause, own))
        lists_touched = _lists_touched(before, product, lists, at)
        if lists_touched:
            events.append(price_changed(product, lists_touched, lists, at=at, cause=cause))
    return Decision(tuple(save), tuple(events))


def decide_price_list(
    old: PriceList | None,
    new: PriceList,
    products: Iterable[Product],
    lists: Sequence[PriceList],
    *,
    at: datetime,
    cause: Cause,
) -> tuple[Event, ...]:
    """`price.changed` for each product whose rules in this list differ; lists that start from it, however indirectly,
    are touched too.
    """
    names = _dependent(new.id, lists)
    return tuple(
        price_changed(product, names, (*lists, new), at=at, cause=cause)
        for product in products
        if product.active and touched(old, new, product)
    )


def price_changed(
    product: Product, names: Sequence[str], lists: Sequence[PriceList], *, at: datetime, cause: Cause
) -> Event:
    """One event a SKU, naming every list touched and what one unit costs on each now."""
    by_id = {entry.id: entry for entry in lists}
    prices = [price(product, by_id.get(name), quantity=ONE, at=at, others=by_id) for name in names]
    return cause.event(
        "price.changed",
        subject=product.sku,
        data={
            "sku": product.sku,
            "lists": list(names),
            "list_price": str(product.list_price),
            "currency": product.currency,
            "prices": [
                {
                    "price_list": name,
                    "amount": None if told.amount is None else str(told.amount),
                    "currency": told.currency,
                    "source": told.source,
                    "valid_until": None if told.valid_until is None else msgspec.to_builtins(told.valid_until),
                }
                for name, told in zip(names, prices, strict=True)
            ],
        },
        dataclass="public",
        time=at,
    )


def _product_changed(before: Product | None, product: Product, cause: Cause, own: Mapping[str, OwnField]) -> Event:
    change = "added" if before is None else ("archived" if before.active and not product.active else "changed")
    told: dict[str, Any] = msgspec.to_builtins(product)
    for private in ("template", "variant", "list_price", "extensions"):
        told.pop(private, None)
    classes = {name: own[name].data_class for name in product.extensions if name in own}
    # The journal is told to many and kept for long: what is personal is asked for instead.
    if open_ones := {name: each for name, each in classes.items() if each < DataClass.PERSONAL}:
        told["extensions"] = {name: product.extensions[name] for name in open_ones}
    return cause.event(
        "product.changed",
        subject=product.sku,
        data={"change": change, **told},
        dataclass=max(open_ones.values(), default=DataClass.PUBLIC).value,
    )


def _described(product: Product) -> Product:
    """The product without what is told by `price.changed`."""
    return msgspec.structs.replace(product, list_price=Decimal(0), currency="EUR", taxes=())


def _lists_touched(
    before: Product | None, product: Product, lists: Sequence[PriceList], at: datetime
) -> tuple[str, ...]:
    if before is None or not product.active or _priced_by(before) == _priced_by(product):
        return ()
    base = (before.list_price, before.currency, before.taxes) != (product.list_price, product.currency, product.taxes)
    by_id = {entry.id: entry for entry in lists}
    names = [LIST_PRICE] if base else []
    breaks = _breaks(before, product, lists)
    for entry in lists:
        was = [price(before, entry, quantity=quantity, at=at, others=by_id) for quantity in breaks]
        now = [price(product, entry, quantity=quantity, at=at, others=by_id) for quantity in breaks]
        if was != now or before.taxes != product.taxes:
            names.append(entry.id)
    return tuple(names)


def _priced_by(product: Product) -> tuple[Any, ...]:
    """All of a product that its prices hang on."""
    base = (product.list_price, product.currency, product.taxes)
    return (*base, product.category, product.template, product.variant)


def _breaks(before: Product, product: Product, lists: Sequence[PriceList]) -> tuple[Decimal, ...]:
    return tuple(sorted({*quantities(before, lists), *quantities(product, lists)}))


def quantities(product: Product, lists: Sequence[PriceList]) -> tuple[Decimal, ...]:
    """One, and every quantity from which some rule for the product holds: between these no price changes."""
    rules = (rule for entry in lists for rule in applying(product, entry))
    return (ONE, *sorted({rule.min_quantity for rule in rules if rule.min_quantity > ONE}))


def _given_up(old: Mapping[str, Product], new: Mapping[str, Product]) -> tuple[Product, ...]:
    """Products whose variant goes by another code now."""
    renamed = {product.variant for product in new.values()}
    return tuple(
        msgspec.structs.replace(product, active=False)
        for product in old.values()
        if product.active and product.variant in renamed and product.sku not in new
    )


def _dependent(list_id: str, lists: Sequence[PriceList]) -> tuple[str, ...]:
    """This list and all that start from it, directly or through others; the nearest first."""
    names = [list_id]
    for name in names:
        names += [entry.id for entry in lists if entry.id not in names and _starts_from(entry, name)]
    return tuple(names)


def _starts_from(entry: PriceList, list_id: str) -> bool:
    return any(rule.base_list == list_id for rule in entry.rules)
