"""Taxes: which of a product's taxes hold for a company, in our words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any, Final

from tillway.retail import Tax

from .values import decimal, reference

FIELDS: Final = ["name", "amount", "amount_type", "price_include", "company_id", "active"]
"""Fields of `account.tax` that are read."""

MEMBERS: Final = "children_tax_ids"
"""The field that names the taxes of a group; read for groups only, which few retailers have."""

ORDER: Final = "sequence,id"
"""The order in which Odoo computes the taxes of a line."""

_DEPTH: Final = 3
"""How deep groups of taxes may nest; Odoo itself forbids groups of groups."""


class NotUnderstoodError(ValueError):
    """A tax that is more than a percentage: the sum would be wrong."""


def groups(rows: Iterable[Mapping[str, Any]]) -> list[int]:
    """The ids of the groups among these: their members have to be read as well."""
    return sorted(int(row["id"]) for row in rows if row["amount_type"] == "group")


def of_company(ids: Iterable[int], known: Mapping[int, Mapping[str, Any]], company: str) -> tuple[Tax, ...]:
    """The taxes among `ids` that this company charges, groups taken apart, in the order of `known`.

    A product carries the taxes of all companies. NotUnderstoodError when one of them is not a percentage.
    """
    wanted = _expanded(set(ids), known, company, _DEPTH)
    return tuple(_tax(row) for key, row in known.items() if key in wanted)


def percentages(rows: Iterable[Mapping[str, Any]]) -> tuple[Tax, ...]:
    """Those of these taxes that are percentages, in the order given."""
    return tuple(_tax(row) for row in rows if row["amount_type"] == "percent")


def matching(ids: Iterable[int], known: Mapping[int, Mapping[str, Any]], company: str) -> list[int]:
    """The ids of a product's taxes as Odoo wants them back: those of the company, groups left whole."""
    wanted = set(ids)
    return [key for key, row in known.items() if key in wanted and _holds(row, company)]


def fitting(rows: Iterable[Mapping[str, Any]], rate: Decimal, company: str, *, included: bool) -> int | None:
    """The id of the first of these taxes with just this rate and manner, or None."""
    for row in rows:
        same = row["amount_type"] == "percent" and decimal(row["amount"]) == rate
        if same and bool(row["price_include"]) == included and _holds(row, company):
            return int(row["id"])
    return None


def _expanded(ids: set[int], known: Mapping[int, Mapping[str, Any]], company: str, depth: int) -> set[int]:
    found: set[int] = set()
    for key in ids:
        row = known.get(key)
        if row is None or not _holds(row, company):
            continue
        if row["amount_type"] != "group":
            found.add(key)
        elif depth:
            found |= _expanded(set(row.get(MEMBERS, ())), known, company, depth - 1)
    return found


def _holds(row: Mapping[str, Any], company: str) -> bool:
    return bool(row["active"]) and reference(row["company_id"]) == company


def _tax(row: Mapping[str, Any]) -> Tax:
    if row["amount_type"] != "percent":
        raise NotUnderstoodError(f"tax {row['id']} is of kind {row['amount_type']}, not a percentage")
    return Tax(
        id=str(row["id"]),
        name=str(row["name"]),
        rate=decimal(row["amount"]),
        included=bool(row["price_include"]),
    )
