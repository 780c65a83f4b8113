"""Tax on a line and on a document, to the cent as Odoo computes it. Percentages only.

Included taxes are inside the amount and are divided out of it together; excluded taxes come on top of what is
left, none of them on another. Each tax is rounded by itself, half away from zero, and the net follows.

Documents are rounded in one of two ways, a setting of the company in Odoo. `line`: every tax of every line is
rounded, and the document is their sum. `total`: each tax is summed over the document before it is rounded
(Odoo 19 calls it `round_globally` and takes it unless told otherwise); the cents that this moves are laid on the
largest lines, so that lines add up to the document either way.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal, localcontext
from typing import Annotated, Final, Literal, NamedTuple

from tillway.retail.data_class import DataClass, classed
from tillway.retail.limits import Id, Name, Percent
from tillway.retail.money import minor_unit, rounded
from tillway.retail.word import Word

Rounding = Literal["line", "total"]
"""Where taxes are rounded: on each line, or once a document."""

DEFAULT_ROUNDING: Final[Rounding] = "total"
"""What a company that never chose has in Odoo 19 (`tax_calculation_rounding_method`)."""

PRECISION: Final = 60
"""Digits that arithmetic keeps: a unit price (22) times a quantity (15) times a percentage (10) is exact."""

HUNDRED: Final = Decimal(100)
"""Percent of a whole."""

_DUST: Final = Decimal("1e-20")


class Tax(Word, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A tax on the sale of a product."""

    id: Annotated[Id, classed(DataClass.INTERNAL)]
    """Foreign id."""
    name: Annotated[Name, classed(DataClass.PUBLIC)]
    """What the receipt prints."""
    rate: Annotated[Percent, classed(DataClass.PUBLIC)]
    """In percent: 15 means 15 %."""
    included: Annotated[bool, classed(DataClass.PUBLIC)]
    """Whether prices hold it already."""


class TaxSplit(NamedTuple):
    """An amount taken apart; net plus tax is gross, always. Plain sums without bounds: who keeps them checks."""

    net: Decimal
    tax: Decimal
    gross: Decimal


class Taxed(NamedTuple):
    """An amount (price times quantity, not rounded) with the taxes on it."""

    amount: Decimal
    taxes: tuple[Tax, ...]


class Document(NamedTuple):
    """The totals of a document and, in the order given, its lines; the lines add up to the totals."""

    total: TaxSplit
    lines: tuple[TaxSplit, ...]


def split(amount: Decimal, taxes: Sequence[Tax], currency: str) -> TaxSplit:
    """Take one line apart, rounded by itself: 120 with 20 % included gives 100 + 20 = 120."""
    with localcontext(prec=PRECISION):
        base = rounded(amount, currency)
        included = sum((rounded(part, currency) for part in _included(base, taxes)), Decimal(0))
        net = base - included
        excluded = sum((rounded(part, currency) for part in _excluded(net, taxes)), Decimal(0))
        return _whole(net, included + excluded)


def document(lines: Sequence[Taxed], currency: str, *, rounding: Rounding = DEFAULT_ROUNDING) -> Document:
    """Take a whole document apart; what it is made of adds up to it."""
    with localcontext(prec=PRECISION):
        if rounding == "line":
            parts = tuple(split(line.amount, line.taxes, currency) for line in lines)
            return Document(_summed(parts), parts)
        return _by_total([_raw(line) for line in lines], currency)


class _Raw(NamedTuple):
    """A line before anything is rounded."""

    amount: Decimal
    net: Decimal
    taxes: tuple[tuple[Tax, Decimal], ...]


def _raw(line: Taxed) -> _Raw:
    included = tuple(_included(line.amount, line.taxes))
    net = line.amount - sum(included, Decimal(0))
    excluded = tuple(_excluded(net, line.taxes))
    ordered = [tax for tax in line.taxes if tax.included] + [tax for tax in line.taxes if not tax.included]
    return _Raw(line.amount, net, tuple(zip(ordered, included + excluded, strict=True)))


def _by_total(raw: Sequence[_Raw], currency: str) -> Document:
    """Each tax is summed before it is rounded. With any excluded tax the net is rounded, else the gross is."""
    per_tax: dict[str, Decimal] = {}
    for line in raw:
        for tax, part in line.taxes:
            per_tax[tax.id] = per_tax.get(tax.id, Decimal(0)) + part
    tax_total = sum((_settled(part, currency) for part in per_tax.values()), Decimal(0))
    if any(not tax.included for line in raw for tax, _ in line.taxes):
        net_total = _settled(sum((line.net for line in raw), Decimal(0)), currency)
    else:
        net_total = _settled(sum((line.amount for line in raw), Decimal(0)), currency) - tax_total
    nets = _laid([_settled(line.net, currency) for line in raw], net_total, [abs(line.net) for line in raw], currency)
    taxes = _laid(
        [sum((_settled(part, currency) for _, part in line.taxes), Decimal(0)) for line in raw],
        tax_total,
        [sum((abs(part) for _, part in line.taxes), Decimal(0)) for line in raw],
        currency,
    )
    return Document(_whole(net_total, tax_total), tuple(_whole(net, tax) for net, tax in zip(nets, taxes, strict=True)))


def _laid(parts: Sequence[Decimal], total: Decimal, weights: Sequence[Decimal], currency: str) -> list[Decimal]:
    """The same parts with what they miss of the total laid on them, one minor unit each, the heaviest first.

    What weighs nothing gets nothing: a line without tax does not pay the cents of others.
    """
    missing = total - sum(parts, Decimal(0))
    if not missing:
        return list(parts)
    unit = minor_unit(currency).copy_sign(missing)
    heaviest = sorted(range(len(parts)), key=lambda place: -weights[place])
    able = [place for place in heaviest if weights[place]] or heaviest
    laid = list(parts)
    for count in range(int(missing / unit)):
        laid[able[count % len(able)]] += unit
    return laid


def _included(amount: Decimal, taxes: Sequence[Tax]) -> Iterable[Decimal]:
    """What each included tax holds of an amount. Multiplied before divided: a true half stays a half."""
    together = HUNDRED + sum((tax.rate for tax in taxes if tax.included), Decimal(0))
    for tax in taxes:
        if tax.included:
            # Minus 100 % leaves no net to take apart; Odoo gives no tax then.
            yield amount * tax.rate / together if together else Decimal(0)


def _excluded(net: Decimal, taxes: Sequence[Tax]) -> Iterable[Decimal]:
    for tax in taxes:
        if not tax.included:
            yield net * tax.rate / HUNDRED


def _settled(value: Decimal, currency: str) -> Decimal:
    """Rounded after the dust of division is blown off: three thirds of half a cent are half a cent."""
    return rounded(value.quantize(_DUST), currency)


def _summed(parts: Sequence[TaxSplit]) -> TaxSplit:
    return _whole(sum((part.net for part in parts), Decimal(0)), sum((part.tax for part in parts), Decimal(0)))


def _whole(net: Decimal, tax: Decimal) -> TaxSplit:
    return TaxSplit(net, tax, net + tax)
