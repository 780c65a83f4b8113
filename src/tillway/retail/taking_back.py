"""Taking back: goods that come back, against what was really sold, and the money for them, from what was really paid.

A line is followed by four quantities: sold, promised to be taken back (authorised), taken back (received), paid back
(credited); and what tills gave back by themselves (refunded). They obey, whatever happens in which order:

    0 <= credited <= received <= authorised, and authorised + refunded <= sold.

Money is divided so that what is paid back for parts of a line adds up to the line, to the cent.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal, localcontext
from typing import Final, NamedTuple

import msgspec

from tillway.errors import Violation
from tillway.retail.limits import Instant
from tillway.retail.money import rounded
from tillway.retail.order import Order
from tillway.retail.return_ import ZERO, ReceivedLine, Return, ReturnLine, ReturnRequest, ReturnRequestLine
from tillway.retail.sale import Sale
from tillway.retail.tax import PRECISION, TaxSplit


class SoldLine(NamedTuple):
    """One line that was sold, whatever it was sold as: what was really paid, discounts taken off."""

    number: int
    sku: str
    quantity: Decimal
    paid: TaxSplit


class Balance(NamedTuple):
    """What became of one sold line so far."""

    authorised: Decimal = ZERO
    received: Decimal = ZERO
    credited: Decimal = ZERO
    refunded: Decimal = ZERO


NOTHING: Final = Balance()


def sold_lines(of: Order | Sale) -> dict[int, SoldLine]:
    """What can come back of an order or a sale: its lines with positive quantities, by number."""
    return {
        line.number: SoldLine(line.number, line.sku, line.quantity, TaxSplit(line.net, line.tax, line.gross))
        for line in of.lines
        if line.quantity > 0
    }


def wrong_lines(
    request: Sequence[ReturnRequestLine], sold: Mapping[int, SoldLine], held: Mapping[int, Balance]
) -> tuple[Violation, ...]:
    """Everything that can't come back, each with its line; empty when all of it can. Pure."""
    return tuple(_wrong_lines(request, sold, held))


def _wrong_lines(
    request: Sequence[ReturnRequestLine], sold: Mapping[int, SoldLine], held: Mapping[int, Balance]
) -> Iterator[Violation]:
    seen: set[int] = set()
    for index, asked in enumerate(request):
        pointer = f"/lines/{index}"
        line = sold.get(asked.line)
        if line is None:
            detail = f"line {asked.line} was not sold there"
            yield Violation(pointer=f"{pointer}/line", detail=detail, rule="line-sold")
            continue
        if asked.line in seen:
            yield Violation(pointer=f"{pointer}/line", detail=f"line {asked.line} stands twice", rule="line-once")
        seen.add(asked.line)
        if asked.quantity <= 0:
            yield Violation(pointer=f"{pointer}/quantity", detail="must be more than zero", rule="quantity-positive")
        elif asked.quantity > (left := open_quantity(line, held.get(asked.line, NOTHING))):
            detail = f"of line {asked.line}, {_plain(line.quantity)} were sold and {_plain(left)} can still come back"
            yield Violation(pointer=f"{pointer}/quantity", detail=detail, rule="over-return")


def open_quantity(line: SoldLine, held: Balance) -> Decimal:
    """How much of a line can still come back."""
    return max(ZERO, line.quantity - held.authorised - held.refunded)


def share(line: SoldLine, before: Decimal, quantity: Decimal, currency: str) -> TaxSplit:
    """What was paid for this quantity of a line of which `before` was paid back already.

    Each part is the difference of two rounded sums, so that all parts of a line add up to it whatever they are.
    """
    with localcontext(prec=PRECISION):
        upto, since = before + quantity, before
        gross = _part(line.paid.gross, upto, line.quantity, currency) - _part(
            line.paid.gross, since, line.quantity, currency
        )
        tax = _part(line.paid.tax, upto, line.quantity, currency) - _part(line.paid.tax, since, line.quantity, currency)
        return TaxSplit(gross - tax, tax, gross)


def _part(amount: Decimal, quantity: Decimal, of: Decimal, currency: str) -> Decimal:
    return rounded(amount * quantity / of, currency)


def _plain(quantity: Decimal) -> str:
    return f"{quantity.normalize():f}"


def missing(of: Return, received: Sequence[ReceivedLine]) -> tuple[Violation, ...]:
    """What can't have been received, with pointers; empty when it can. Pure."""
    lines = {line.line: line for line in of.lines}
    found: list[Violation] = []
    seen: set[int] = set()
    for index, came in enumerate(received):
        pointer = f"/lines/{index}"
        line = lines.get(came.line)
        if line is None:
            detail = f"line {came.line} is none of this return"
            found.append(Violation(pointer=f"{pointer}/line", detail=detail, rule="line-authorised"))
        elif came.line in seen:
            found.append(
                Violation(pointer=f"{pointer}/line", detail=f"line {came.line} stands twice", rule="line-once")
            )
        elif not 0 <= came.quantity <= line.quantity:
            detail = f"of line {came.line}, {_plain(line.quantity)} may come back"
            found.append(Violation(pointer=f"{pointer}/quantity", detail=detail, rule="over-receipt"))
        seen.add(came.line)
    if not found and not any(came.quantity for came in received):
        found.append(Violation(pointer="/lines", detail="something has to be here", rule="quantity-positive"))
    return tuple(found)


def received(
    of: Return, came: Sequence[ReceivedLine], sold: Mapping[int, SoldLine], held: Mapping[int, Balance]
) -> Return:
    """The return once these goods are here: its amounts are of what came, after what was paid back before."""
    by_line = {each.line: each for each in came}
    lines = []
    for line in of.lines:
        here = by_line.get(line.line)
        quantity = here.quantity if here is not None else ZERO
        before = held.get(line.line, NOTHING)
        paid = share(sold[line.line], before.received + before.refunded, quantity, of.currency)
        lines.append(
            msgspec.structs.replace(
                line,
                received=quantity,
                condition=here.condition if here is not None and quantity else None,
                net=paid.net,
                tax=paid.tax,
                gross=paid.gross,
            )
        )
    gross = sum((line.gross for line in lines), ZERO)
    return msgspec.structs.replace(of, lines=tuple(lines), gross=gross, status="received")


def authorised(
    request: ReturnRequest,
    *,
    return_id: str,
    of: Order | Sale,
    consumer: str,
    held: Mapping[int, Balance],
    at: Instant,
) -> Return:
    """The return this request makes, its lines found good before (`wrong_lines`)."""
    sold = sold_lines(of)
    lines = []
    for asked in request.lines:
        line, before = sold[asked.line], held.get(asked.line, NOTHING)
        paid = share(line, before.authorised + before.refunded, asked.quantity, of.currency)
        lines.append(
            ReturnLine(
                line=line.number, sku=line.sku, quantity=asked.quantity, net=paid.net, tax=paid.tax, gross=paid.gross
            )
        )
    return Return(
        id=return_id,
        sold_as="order" if isinstance(of, Order) else "sale",
        sold=of.id,
        consumer=consumer,
        shop=of.shop,
        currency=of.currency,
        reason=request.reason,
        authorised_at=at,
        lines=tuple(lines),
        gross=sum((line.gross for line in lines), ZERO),
    )
