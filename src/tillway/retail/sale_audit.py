"""Audit a sale: does the receipt add up. A printed sale is kept whatever comes out; violations put it in quarantine.

Sums are exact. The tax of a line may be one minor unit off the rate, since tills round at different places, and a
document may be rounded by line or as a whole, since both are lawful.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal, localcontext
from typing import Final

from tillway.errors import Violation
from tillway.retail.gtin import parse_gtin
from tillway.retail.money import CURRENCIES, minor_units, rounded
from tillway.retail.sale import Sale, SaleLine, sale_id
from tillway.retail.sku import parse_sku
from tillway.retail.tax import HUNDRED, PRECISION, Tax, Taxed, TaxSplit, document, split

TAX_TOLERANCE: Final = 1
"""Minor units that the tax of a line may be off its rate: a till that rounds net and tax apart gets there."""


def audit_sale(sale: Sale) -> tuple[Violation, ...]:
    """Everything that does not fit in this sale, with pointers into it; empty when it adds up."""
    with localcontext(prec=PRECISION):
        found = [*_identity(sale), *_line_numbers(sale)]
        for index, line in enumerate(sale.lines):
            found += [
                *_naming(line, f"/lines/{index}"),
                *_terms(line, f"/lines/{index}"),
                *_sums(line, f"/lines/{index}", sale.currency),
            ]
        return (*found, *_totals(sale), *_minor_units(sale), *_payment(sale))


def _identity(sale: Sale) -> Iterator[Violation]:
    if sale.currency not in CURRENCIES:
        yield Violation(pointer="/currency", detail="is not a currency of ISO 4217", rule="currency-known")
    if sale.id != sale_id(sale.till, sale.epoch, sale.sequence):
        yield Violation(pointer="/id", detail="is not the id of this till, epoch and sequence", rule="id-derived")
    if not sale.lines:
        yield Violation(pointer="/lines", detail="a sale has at least one line", rule="line-count")


def _line_numbers(sale: Sale) -> Iterator[Violation]:
    seen: set[int] = set()
    for index, line in enumerate(sale.lines):
        if line.number in seen:
            yield Violation(
                pointer=f"/lines/{index}/number", detail="two lines have this number", rule="line-number-once"
            )
        seen.add(line.number)


def _naming(line: SaleLine, pointer: str) -> Iterator[Violation]:
    try:
        parse_sku(line.sku)
    except ValueError as error:
        yield Violation(pointer=f"{pointer}/sku", detail=str(error), rule="sku-form")
    if line.gtin is not None:
        try:
            parse_gtin(line.gtin)
        except ValueError as error:
            yield Violation(pointer=f"{pointer}/gtin", detail=str(error), rule="gtin-form")


def _terms(line: SaleLine, pointer: str) -> Iterator[Violation]:
    if not line.quantity:
        yield Violation(pointer=f"{pointer}/quantity", detail="must not be zero", rule="quantity-given")
    if not 0 <= line.discount <= HUNDRED:
        yield Violation(
            pointer=f"{pointer}/discount", detail="must be between 0 and 100 percent", rule="discount-range"
        )
    if line.refund_of is not None and line.quantity > 0:
        yield Violation(pointer=f"{pointer}/refund_of", detail="is for goods that come back", rule="refund-negative")
    if line.tax_rate < 0:
        yield Violation(pointer=f"{pointer}/tax_rate", detail="must not be negative", rule="tax-rate-range")


def _sums(line: SaleLine, pointer: str, currency: str) -> Iterator[Violation]:
    """Net plus tax is gross; price times quantity is the one that the price means; tax is what the rate says."""
    if line.net + line.tax != line.gross:
        yield Violation(pointer=f"{pointer}/gross", detail="is not net plus tax", rule="line-adds-up")
    base = rounded(_worth(line), currency)
    stated, name = (line.gross, "gross") if line.tax_included else (line.net, "net")
    if stated != base:
        yield Violation(
            pointer=f"{pointer}/{name}", detail=f"price times quantity less discount is {base}", rule="line-worth"
        )
    expected = split(stated, (_tax(line),), currency).tax
    if abs(line.tax - expected) > TAX_TOLERANCE * Decimal(1).scaleb(-minor_units(currency)):
        yield Violation(
            pointer=f"{pointer}/tax", detail=f"{line.tax_rate} percent would be {expected}", rule="tax-rate-applied"
        )


def _totals(sale: Sale) -> Iterator[Violation]:
    """The document is the sum of its lines, or rounded as a whole."""
    by_line = TaxSplit(
        sum((line.net for line in sale.lines), Decimal(0)),
        sum((line.tax for line in sale.lines), Decimal(0)),
        sum((line.gross for line in sale.lines), Decimal(0)),
    )
    stated = TaxSplit(sale.net, sale.tax, sale.gross)
    if stated not in {by_line, _by_total(sale)}:
        for name, here, there in zip(("net", "tax", "gross"), stated, by_line, strict=True):
            if here != there:
                yield Violation(pointer=f"/{name}", detail=f"the lines add up to {there}", rule="total-adds-up")
    if sale.net + sale.tax != sale.gross:
        yield Violation(pointer="/gross", detail="is not net plus tax", rule="total-adds-up")
    if (sale.kind == "refund" and sale.gross > 0) or (sale.kind == "sale" and sale.gross < 0):
        yield Violation(pointer="/kind", detail=f"a {sale.kind} does not come to {sale.gross}", rule="kind-sign")


def _by_total(sale: Sale) -> TaxSplit:
    lines = [Taxed(_worth(line), (_tax(line),)) for line in sale.lines]
    return document(lines, sale.currency, rounding="total").total


def _minor_units(sale: Sale) -> Iterator[Violation]:
    """An amount finer than the smallest coin can't have been printed."""
    amounts = [(f"/{name}", getattr(sale, name)) for name in ("net", "tax", "gross", "change")]
    for index, line in enumerate(sale.lines):
        amounts += [(f"/lines/{index}/{name}", getattr(line, name)) for name in ("net", "tax", "gross")]
    amounts += [(f"/tenders/{index}/amount", tender.amount) for index, tender in enumerate(sale.tenders)]
    for pointer, amount in amounts:
        if amount != rounded(amount, sale.currency):
            yield Violation(pointer=pointer, detail=f"has more decimals than {sale.currency}", rule="minor-unit")


def _payment(sale: Sale) -> Iterator[Violation]:
    """Tenders less change make the gross. Rounding to the smallest coin is a tender of its own."""
    if sale.change < 0:
        yield Violation(pointer="/change", detail="must not be negative", rule="change-range")
    paid = sum((tender.amount for tender in sale.tenders), Decimal(0)) - sale.change
    if paid != sale.gross:
        yield Violation(
            pointer="/tenders", detail=f"tenders less change come to {paid}, the sale to {sale.gross}", rule="paid"
        )


def _worth(line: SaleLine) -> Decimal:
    return line.unit_price * line.quantity * (HUNDRED - line.discount) / HUNDRED


def _tax(line: SaleLine) -> Tax:
    """The one tax a line speaks of; two taxes of one rate are taken for one, as a receipt shows them."""
    return Tax(
        id=f"{line.tax_rate.normalize()} {line.tax_included}", name="", rate=line.tax_rate, included=line.tax_included
    )
