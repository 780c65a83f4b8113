"""Taxes: `taxes.v1`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from tillway.errors import Invalid, Violation
from tillway.gateway import Answer, Ask, Handler
from tillway.postgres import Database
from tillway.records import Shelf, taxes
from tillway.retail import CURRENCIES, Product, Tax, Taxed, TaxSplit, document, rounded
from tillway.retail.quoting import too_large


def bind(db: Database, shelf: Shelf) -> dict[str, Handler]:
    """The handlers of this document."""

    async def list_taxes(_ask: Ask) -> Answer:
        return Answer(200, {"taxes": await taxes.every(db)})

    async def calculate_taxes(ask: Ask) -> Answer:
        lines, currency = ask.body["lines"], ask.body["currency"]
        products = await shelf.products({line["sku"] for line in lines if "sku" in line})
        found = taxed(lines, products)
        if currency not in CURRENCIES:
            raise Invalid(violations=(_wrong("/currency", "is no currency of ISO 4217", "currency"),))
        sums = document(found, currency, rounding=ask.body.get("rounding", "total"))
        if beyond := tuple(too_large(sums)):
            raise Invalid(violations=beyond)
        parts = [_split(line, currency) for line in sums.lines]
        return Answer(200, {"currency": currency, "lines": parts, **_split(sums.total, currency)})

    return {"listTaxes": list_taxes, "calculateTaxes": calculate_taxes}


def taxed(lines: Sequence[Mapping[str, Any]], products: Mapping[str, Product]) -> list[Taxed]:
    """The amounts with their taxes; Invalid: a product that is not known, or taxes besides. Pure."""
    found: list[Taxed] = []
    violations: list[Violation] = []
    for place, line in enumerate(lines):
        sku, amount = line.get("sku"), Decimal(line["amount"])
        if sku is None:
            found.append(Taxed(amount, tuple(_rate(each) for each in line.get("taxes", ()))))
        elif "taxes" in line:
            violations.append(
                _wrong(f"/lines/{place}/taxes", "go without `sku`: the product has taxes", "taxes-or-sku")
            )
        elif sku not in products:
            violations.append(_wrong(f"/lines/{place}/sku", "no product with this SKU is known", "sku-known"))
        else:
            found.append(Taxed(amount, products[sku].taxes))
    if violations:
        raise Invalid(violations=tuple(violations))
    return found


def _rate(given: Mapping[str, Any]) -> Tax:
    """A tax without a name. Equal ones are summed up as one before they are rounded."""
    rate = Decimal(given["rate"])
    name = f"{rate.normalize():f}{'i' if given['included'] else 'e'}"
    return Tax(id=name, name=name, rate=rate, included=given["included"])


def _split(part: TaxSplit, currency: str) -> dict[str, Decimal]:
    """The parts as they are written: to the minor unit, also where there is no tax."""
    return {name: rounded(amount, currency) for name, amount in part._asdict().items()}


def _wrong(pointer: str, detail: str, rule: str) -> Violation:
    return Violation(pointer=pointer, detail=detail, rule=rule)
