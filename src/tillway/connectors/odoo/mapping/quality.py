"""What is wrong with a record of `product.product`: said of each that is read, by what it was mapped to. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from tillway.retail import DataFinding, DataFindingKind, Product
from tillway.retail.limits import NAME_LENGTH, REFERENCE_LENGTH

from .own_fields import NONE, OwnValues
from .products import Skipped
from .values import text

_NO_VALUES: Final[Mapping[int, OwnValues]] = {}

OWN_FIELDS: Final = "own-fields"
"""What stands in the place of a record when own fields as such cannot be read."""


def unreadable(wrong: Sequence[str]) -> Iterator[DataFinding]:
    """Own fields that the landscape declares and nobody can read: one finding tells of them all."""
    if wrong:
        yield _finding(OWN_FIELDS, None, "own-field-missing", "; ".join(wrong), left_out=False)


def findings(
    row: Mapping[str, Any], mapped: Product | Skipped, own: Mapping[int, OwnValues] = _NO_VALUES
) -> Iterator[DataFinding]:
    """What a person should look at. Of what is not sold any more only that others carry its code."""
    if isinstance(mapped, Skipped):
        if row["active"]:
            yield _finding(mapped.foreign_id, mapped.sku, mapped.kind, mapped.reason, left_out=True)
        elif mapped.kind == "duplicate-sku":
            yield _finding(mapped.foreign_id, mapped.sku, "archived-duplicate", mapped.reason, left_out=True)
        return
    if mapped.active:
        for kind in _doubtful(row, mapped):
            yield _finding(mapped.variant, mapped.sku, kind, _WORDS[kind], left_out=False)
        if wrong := own.get(row["id"], NONE).wrong:
            yield _finding(mapped.variant, mapped.sku, "own-field-wrong", "; ".join(wrong), left_out=False)


def _doubtful(row: Mapping[str, Any], product: Product) -> Iterator[DataFindingKind]:
    if text(row["barcode"]) is None:
        yield "gtin-missing"
    elif product.gtin is None:
        yield "gtin-wrong"
    if not product.list_price:
        yield "no-price"
    if not product.taxes:
        yield "tax-other-company" if row["taxes_id"] else "tax-missing"


_WORDS: Final[Mapping[DataFindingKind, str]] = {
    "gtin-missing": "it has no bar code",
    "gtin-wrong": "its bar code is no GTIN: only this retailer can read it",
    "no-price": "its list price is zero",
    "tax-missing": "it has no sales tax",
    "tax-other-company": "it has sales taxes of other companies only: here it is sold untaxed",
}


def _finding(foreign_id: str, sku: str | None, kind: DataFindingKind, detail: str, *, left_out: bool) -> DataFinding:
    return DataFinding(
        foreign_id=foreign_id,
        sku=None if sku is None else sku[:REFERENCE_LENGTH],
        kind=kind,
        left_out=left_out,
        detail=detail[:NAME_LENGTH],
    )
