"""Price lists: rows of `product.pricelist` and `product.pricelist.item` become our lists and rules."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any, Final, Literal, cast

import msgspec

from tillway.connectors.odoo.cursor import moment
from tillway.retail import PriceList, PriceRule

from .values import decimal, label, reference, text

LIST_FIELDS: Final = ["name", "active", "currency_id", "write_date"]
"""Fields of `product.pricelist`."""

RULE_FIELDS: Final = [
    "applied_on",
    "product_tmpl_id",
    "product_id",
    "categ_id",
    "compute_price",
    "fixed_price",
    "percent_price",
    "price_discount",
    "price_surcharge",
    "price_round",
    "price_min_margin",
    "price_max_margin",
    "base",
    "base_pricelist_id",
    "min_quantity",
    "date_start",
    "date_end",
]
"""Fields of `product.pricelist.item` that make a rule."""

RULE_ORDER: Final = "applied_on, min_quantity desc, categ_id desc, id desc"
"""Odoo's own order of rules: the first that fits holds."""

VERSION_FIELDS: Final = [
    "write_date",
    "fixed_price",
    "percent_price",
    "price_discount",
    "price_surcharge",
    "min_quantity",
    "date_start",
    "date_end",
]
"""Fields that a fingerprint looks at. Beside the time of change, which is a whole second and can hide a second change
within it, the numbers that people change; no references, for naming those is what makes reading slow."""

Scope = Literal["all", "category", "template", "variant"]
Base = Literal["list", "cost", "other-list"]

_SCOPES: Final[Mapping[str, tuple[Scope, str | None]]] = {
    "3_global": ("all", None),
    "2_product_category": ("category", "categ_id"),
    "1_product": ("template", "product_tmpl_id"),
    "0_product_variant": ("variant", "product_id"),
}
_BASES: Final[Mapping[str, Base]] = {"list_price": "list", "standard_price": "cost", "pricelist": "other-list"}
_KINDS: Final = frozenset({"fixed", "percentage", "formula"})


def price_list(row: Mapping[str, Any], rules: Iterable[Mapping[str, Any]], categories: Mapping[int, str]) -> PriceList:
    """A list with its rules in Odoo's order. `categories` are paths by id: with them a nested category is known."""
    return PriceList(
        id=str(row["id"]),
        name=str(row["name"]),
        currency=label(row["currency_id"]),
        rules=tuple(rule(each, categories) for each in rules),
    )


def rule(row: Mapping[str, Any], categories: Mapping[int, str]) -> PriceRule:
    """One rule. What we have no word for is kept as not understood: a price by it is then not given at all."""
    scope, field = _SCOPES.get(str(row["applied_on"]), ("all", None))
    base = _BASES.get(str(row["base"]))
    kind = str(row["compute_price"])
    target = reference(row[field]) if field is not None else None
    if scope == "category" and target is not None:
        target = categories.get(int(target), target)
    understood = row["applied_on"] in _SCOPES and base is not None and kind in _KINDS
    understood = understood and (field is None or target is not None)
    return PriceRule(
        id=str(row["id"]),
        scope=scope,
        target=target,
        min_quantity=decimal(row["min_quantity"]),
        starts_at=_moment(row["date_start"]),
        ends_at=_moment(row["date_end"]),
        kind=cast("Literal['fixed', 'percentage', 'formula']", kind if kind in _KINDS else "formula"),
        **_numbers(row, kind),
        base=base or "list",
        base_list=reference(row["base_pricelist_id"]),
        understood=understood,
    )


def _numbers(row: Mapping[str, Any], kind: str) -> dict[str, Decimal | None]:
    """The numbers that count for this kind; Odoo keeps others from before the kind was changed."""
    if kind == "fixed":
        return {"fixed": decimal(row["fixed_price"])}
    if kind == "percentage":
        return {"percent": decimal(row["percent_price"])}
    return {
        "percent": decimal(row["price_discount"]),
        "surcharge": _nonzero(row["price_surcharge"]),
        "rounding": _nonzero(row["price_round"]),
        "min_margin": _nonzero(row["price_min_margin"]),
        "max_margin": _nonzero(row["price_max_margin"]),
    }


def fingerprint(lists: Iterable[Mapping[str, Any]], rules: Iterable[Mapping[str, Any]]) -> str:
    """A text that differs once a list or rule among these rows changed, appeared or vanished."""
    rows = [sorted(each, key=_id) for each in (lists, rules)]
    content = msgspec.json.encode(rows, order="sorted")
    return hashlib.sha256(content).hexdigest()


def _id(row: Mapping[str, Any]) -> int:
    return int(row["id"])


def _nonzero(value: Any) -> Decimal | None:
    """Zero means "not set" for surcharge, rounding and margins."""
    return decimal(value) or None


def _moment(value: Any) -> datetime | None:
    found = text(value)
    return None if found is None else moment(found)
