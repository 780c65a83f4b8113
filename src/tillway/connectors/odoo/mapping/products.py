"""Products: rows of `product.product` and what they refer to become our products, or a reason why not."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import msgspec

from tillway.retail import DataFindingKind, Product, parse_gtin, parse_sku
from tillway.retail.quantity import EACH

from .own_fields import NONE, OwnValues
from .taxes import NotUnderstoodError, of_company
from .values import label, price, reference, text

FIELDS: Final = [
    "default_code",
    "name",
    "barcode",
    "lst_price",
    "currency_id",
    "taxes_id",
    "uom_id",
    "categ_id",
    "product_tmpl_id",
    "product_template_attribute_value_ids",
    "active",
    "sale_ok",
    "write_date",
]
"""Fields of `product.product` that are read. Code and bar code stand on the variant: its template reads as empty."""

CATEGORY_FIELDS: Final = ["parent_path"]
"""Fields of `product.category`: `4/5/` are the ids from the root down."""

ATTRIBUTE_FIELDS: Final = ["name", "attribute_id"]
"""Fields of `product.template.attribute.value`."""

_COUNTED: Final = frozenset({"Units", "Unit", "Unit(s)", "PCE"})
"""What Odoo has called its unit of counting, in English, over its versions."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Skipped:
    """A record that is not a product of the hub, and why. Holds ids and a code, no names."""

    foreign_id: str
    sku: str | None
    reason: str
    kind: DataFindingKind = field(default="not-understood", compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Related:
    """What rows of products refer to, read once a page."""

    taxes: Mapping[int, Mapping[str, Any]]
    """`account.tax` rows by id, in Odoo's order of computing."""
    categories: Mapping[int, str]
    """Paths by category id."""
    attributes: Mapping[int, tuple[str, str]]
    """Attribute and value by `product.template.attribute.value` id."""
    own: Mapping[int, OwnValues] = field(default_factory=dict)
    """The retailer's own fields by `product.product` id."""


def winners(rows: Iterable[Mapping[str, Any]]) -> dict[str, int]:
    """The record that each code stands for: codes are not unique in Odoo. One in use before archived ones, then the
    lowest id, so that a copy made later changes nothing.
    """
    ranked = sorted(rows, key=lambda row: (not row["active"], row["id"]))
    found: dict[str, int] = {}
    for row in ranked:
        code = text(row["default_code"])
        if code is not None:
            found.setdefault(code, int(row["id"]))
    return found


def product(row: Mapping[str, Any], related: Related, company: str, winner: Mapping[str, int]) -> Product | Skipped:
    """The product that a row stands for in this company, or why it is none."""
    code = text(row["default_code"])
    if code is None:
        return _skipped(row, None, "no internal reference: it can't be sold by SKU", "no-sku")
    if winner.get(code, row["id"]) != row["id"]:
        return _skipped(row, code, f"its internal reference belongs to record {winner[code]}", "duplicate-sku")
    try:
        found = _product(row, code, related, company)
        return msgspec.convert(msgspec.to_builtins(found), Product)
    except NotUnderstoodError as error:
        return _skipped(row, code, str(error), "tax-not-understood")
    except (ValueError, msgspec.ValidationError) as error:
        return _skipped(row, code, f"not a product we can hold: {error}")


def _product(row: Mapping[str, Any], code: str, related: Related, company: str) -> Product:
    currency = label(row["currency_id"])
    category = reference(row["categ_id"])
    return Product(
        sku=parse_sku(code),
        name=str(row["name"]),
        gtin=gtin(row["barcode"]),
        list_price=price(row["lst_price"], currency),
        currency=currency,
        taxes=of_company(row["taxes_id"], related.taxes, company),
        unit=unit(row["uom_id"]),
        category=related.categories.get(int(category)) if category is not None else None,
        template=reference(row["product_tmpl_id"]) or "",
        variant=str(row["id"]),
        attributes=dict(
            related.attributes[each]
            for each in row["product_template_attribute_value_ids"]
            if each in related.attributes
        ),
        active=bool(row["active"] and row["sale_ok"]),
        extensions=dict(related.own.get(row["id"], NONE).values),
    )


def gtin(value: Any) -> str | None:
    """The bar code if it is a right GTIN; Odoo takes any text, and shops print their own codes too."""
    found = text(value)
    if found is None:
        return None
    try:
        return parse_gtin(found)
    except ValueError:
        return None


def unit(value: Any) -> str:
    """The unit of measure; Odoo's unit of counting is `each`."""
    found = label(value)
    return EACH if not found or found in _COUNTED else found


def attributes(rows: Iterable[Mapping[str, Any]]) -> dict[int, tuple[str, str]]:
    """Rows of `product.template.attribute.value` as (attribute, value) by id."""
    return {int(row["id"]): (label(row["attribute_id"]), str(row["name"])) for row in rows}


def _skipped(
    row: Mapping[str, Any], code: str | None, reason: str, kind: DataFindingKind = "not-understood"
) -> Skipped:
    return Skipped(foreign_id=str(row["id"]), sku=code, reason=reason, kind=kind)
