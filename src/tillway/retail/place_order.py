"""Place an order: from what is asked, what is sold and for how much, decide the order or everything wrong with it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from types import MappingProxyType
from typing import Final, NamedTuple

from tillway.errors import Invalid, Violation
from tillway.retail.limits import LINES_MAX
from tillway.retail.money import rounded
from tillway.retail.order import Order, OrderDefaults, OrderLine, OrderRequest, OrderRequestLine
from tillway.retail.price import LIST_PRICE, Price, PriceList
from tillway.retail.pricing import NO_LISTS, NOTHING_TOLD, Told, price
from tillway.retail.product import Product
from tillway.retail.quoting import in_another_currency, too_large, worth
from tillway.retail.tax import DEFAULT_ROUNDING, Document, Rounding, Taxed, document, split

UNPRICED: Final = "priced"
"""The rule of a violation that says: no price of this line is known here."""


NOTHING_PROMISED: Final[Mapping[str, Decimal]] = MappingProxyType({})
"""No price of an earlier moment holds."""


class _Line(NamedTuple):
    """A line that can be sold: what was asked, where in the request, and what it comes to before rounding."""

    pointer: str
    asked: OrderRequestLine
    unit_price: Decimal
    taxed: Taxed


def place(
    request: OrderRequest,
    *,
    order_id: str,
    products: Mapping[str, Product],
    price_list: PriceList | None,
    defaults: OrderDefaults,
    at: datetime,
    others: Mapping[str, PriceList] = NO_LISTS,
    told: Told = NOTHING_TOLD,
    rounding: Rounding = DEFAULT_ROUNDING,
    promised: Mapping[str, Decimal] = NOTHING_PROMISED,
) -> Order:
    """The order this request makes at this moment, or Invalid with every violation and its pointer.

    `products` are those found, by SKU: what is missing there is unknown. `price_list` is the one that the request
    names or the consumer's own, None for list prices. Prices and totals that the asker gives are compared, never
    taken. `promised` are unit prices by SKU that hold whatever the list says now. A naive `at` is a ValueError.
    """
    if not 1 <= len(request.lines) <= LINES_MAX:
        raise Invalid(
            violations=(Violation(pointer="/lines", detail=f"an order has 1 to {LINES_MAX} lines", rule="line-count"),)
        )
    currency = None if price_list is None else price_list.currency
    violations: list[Violation] = []
    lines: list[_Line] = []
    for index, asked in enumerate(request.lines):
        pointer, product = f"/lines/{index}", products.get(asked.sku)
        wrong = [*_unsellable(pointer, asked, product)]
        if product is not None and not wrong:
            of = price(product, price_list, quantity=asked.quantity, at=at, others=others, told=told)
            currency = currency or of.currency
            wrong += _unpriced(pointer, of, currency)
            if of.amount is not None and not wrong:
                unit_price = promised.get(asked.sku, of.amount)
                taxed = Taxed(worth(unit_price, asked.quantity), product.taxes)
                lines.append(_Line(pointer, asked, unit_price, taxed))
        violations += wrong
    violations += _terms(request, price_list, currency)
    sums = (
        None
        if violations or currency is None
        else document([line.taxed for line in lines], currency, rounding=rounding)
    )
    violations += _mismatches(request, lines, sums, currency or "")
    violations += () if sums is None else too_large(sums)
    if violations or sums is None or currency is None:
        raise Invalid(violations=tuple(violations))
    return Order(
        id=order_id,
        reference=request.reference,
        consumer=defaults.consumer,
        shop=request.shop or defaults.shop,
        customer=request.customer or defaults.customer,
        price_list=LIST_PRICE if price_list is None else price_list.id,
        currency=currency,
        placed_at=at,
        lines=_order_lines(lines, sums),
        net=sums.total.net,
        tax=sums.total.tax,
        gross=sums.total.gross,
    )


def _unsellable(pointer: str, asked: OrderRequestLine, product: Product | None) -> Iterator[Violation]:
    if product is None:
        yield Violation(pointer=f"{pointer}/sku", detail="no product with this SKU is known", rule="sku-known")
    elif not product.active:
        yield Violation(pointer=f"{pointer}/sku", detail="this product is not sold any more", rule="sku-active")
    if asked.quantity <= 0:
        yield Violation(pointer=f"{pointer}/quantity", detail="must be more than zero", rule="quantity-positive")


def _unpriced(pointer: str, of: Price, currency: str) -> Iterator[Violation]:
    if of.amount is None:
        yield Violation(
            pointer=f"{pointer}/sku", detail=f"the price list {of.price_list} gives no price known here", rule=UNPRICED
        )
    yield from in_another_currency(pointer, of, currency)


def _terms(request: OrderRequest, price_list: PriceList | None, currency: str | None) -> Iterator[Violation]:
    known = LIST_PRICE if price_list is None else price_list.id
    if request.price_list is not None and request.price_list != known:
        yield Violation(
            pointer="/price_list", detail="no such price list is known for this order", rule="price-list-known"
        )
    if request.currency is not None and currency is not None and request.currency != currency:
        yield Violation(pointer="/currency", detail=f"the prices of this order are in {currency}", rule="currency")


def _mismatches(
    request: OrderRequest, lines: Sequence[_Line], sums: Document | None, currency: str
) -> Iterator[Violation]:
    """Where the asker's figures are not ours. A line may be rounded by itself or as part of the document."""
    for index, line in enumerate(lines):
        price_given, gross_given = line.asked.unit_price, line.asked.gross
        if price_given is not None and price_given not in {line.unit_price, rounded(line.unit_price, currency)}:
            yield Violation(
                pointer=f"{line.pointer}/unit_price",
                detail=f"the price of one is {line.unit_price}",
                rule="price-matches",
            )
        if gross_given is None:
            continue
        alone = split(line.taxed.amount, line.taxed.taxes, currency).gross
        gross = alone if sums is None else sums.lines[index].gross
        if gross_given not in {alone, gross}:
            yield Violation(pointer=f"{line.pointer}/gross", detail=f"the line comes to {gross}", rule="line-adds-up")
    if sums is not None and request.total is not None and request.total != sums.total.gross:
        yield Violation(pointer="/total", detail=f"the order comes to {sums.total.gross}", rule="total-adds-up")


def _order_lines(lines: Sequence[_Line], sums: Document) -> tuple[OrderLine, ...]:
    return tuple(
        OrderLine(
            number=number,
            sku=line.asked.sku,
            quantity=line.asked.quantity,
            unit_price=line.unit_price,
            net=part.net,
            tax=part.tax,
            gross=part.gross,
        )
        for number, (line, part) in enumerate(zip(lines, sums.lines, strict=True), start=1)
    )
