"""Prices and quotes: `prices.v1`."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

import msgspec

from tillway.apis import asking, remembered
from tillway.apis.buying import chosen
from tillway.apis.listed import listed
from tillway.errors import Invalid, NotFound, Violation
from tillway.gateway import Answer, Ask, Handler
from tillway.postgres import Database
from tillway.records import Shelf
from tillway.retail import Offices, Product, Wanted, price, quote

_ONE: Final = Decimal(1)


def bind(db: Database, shelf: Shelf, offices: Offices) -> dict[str, Handler]:
    """The handlers of this document."""

    async def quote_prices(ask: Ask) -> Answer:
        stale = remembered.allowed(ask)
        bought = await chosen(db, ask, named=ask.body.get("price_list"), customer=ask.body.get("customer"), at="")
        by = await listed(shelf, ask.landscape, bought.name, bought.pointer, stale)
        at = _moment(ask.body.get("at"), ask)
        lines = wanted(ask.body["lines"], await shelf.products({line["sku"] for line in ask.body["lines"]}, stale))
        totals = quote(lines, by.price_list, at=at, others=by.others)
        if totals.gross is None:
            told = await asking.told(offices, ask, by, lines, at)
            totals = quote(lines, by.price_list, at=at, others=by.others, told=told)
        told_by = {"price_list": by.name, "price_list_of": bought.by, "at": at}
        return Answer(200, told_by | msgspec.structs.asdict(totals), remembered.told(stale))

    async def get_price(ask: Ask) -> Answer:
        sku = ask.path["sku"]
        stale = remembered.allowed(ask)
        named, customer = ask.query.get("price_list"), ask.query.get("customer")
        bought = await chosen(db, ask, named=named, customer=customer, at="/query")
        by = await listed(shelf, ask.landscape, bought.name, bought.pointer, stale)
        product = (await shelf.products((sku,), stale)).get(sku)
        if product is None:
            raise NotFound("no product with this SKU is known")
        quantity = Decimal(ask.query["quantity"]) if "quantity" in ask.query else _ONE
        if not quantity:
            raise Invalid(violations=(_nothing("/query/quantity"),))
        at = _moment(ask.query.get("at"), ask)
        found = price(product, by.price_list, quantity=quantity, at=at, others=by.others)
        if found.amount is None:
            told = await asking.told(offices, ask, by, [Wanted(product, quantity)], at)
            found = price(product, by.price_list, quantity=quantity, at=at, others=by.others, told=told)
        return Answer(200, found, remembered.told(stale))

    return {"quotePrices": quote_prices, "getPrice": get_price}


def wanted(lines: list[dict[str, Any]], products: Mapping[str, Product]) -> list[Wanted]:
    """What is asked about; Invalid with every line whose SKU is not known or that asks about nothing. Pure."""
    found: list[Wanted] = []
    violations: list[Violation] = []
    for index, line in enumerate(lines):
        quantity, product = Decimal(line["quantity"]), products.get(line["sku"])
        if product is None:
            detail = "no product with this SKU is known"
            violations.append(Violation(pointer=f"/lines/{index}/sku", detail=detail, rule="sku-known"))
        elif not quantity:
            violations.append(_nothing(f"/lines/{index}/quantity"))
        else:
            found.append(Wanted(product, quantity))
    if violations:
        raise Invalid(violations=tuple(violations))
    return found


def _nothing(pointer: str) -> Violation:
    return Violation(pointer=pointer, detail="must be more than zero", rule="quantity-positive")


def _moment(text: str | None, ask: Ask) -> datetime:
    """The moment asked about; its schema says that it is one."""
    return ask.now if text is None else msgspec.convert(text, datetime)
