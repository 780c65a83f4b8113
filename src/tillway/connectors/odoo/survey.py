"""What an Odoo holds that a landscape would name: companies, warehouses, tills, price lists, a walk-in customer."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

from tillway.errors import Forbidden
from tillway.retail import Call

from .classify import NotThere
from .client import READ, Json2

# A draft is for people to read and correct; more of one kind than this nobody would.
DRAFTED: Final = 50

_KINDS: Final = {"cash": "cash", "bank": "card"}
"""Tender by the type of a payment method's journal; methods without one (customer account) are left out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TillFound:
    """One `pos.config`, its warehouse, and by kind of tender its methods and the journals these book in."""

    config: int
    name: str
    company: int
    warehouse: int | None
    methods: dict[str, int]
    journals: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Survey:
    """What was found. `warehouses` and `price_lists` map ids to names; companies to (name, currency)."""

    companies: dict[int, tuple[str, str]]
    warehouses: dict[int, tuple[str, int]]
    price_lists: dict[int, str]
    tills: tuple[TillFound, ...]
    customer: int | None


async def survey(odoo: Json2, call: Call, *, limit: int = DRAFTED) -> Survey:
    """Look around in all companies that the key's user may see; what is not installed, or not theirs, is not found."""
    first = _Look(odoo, call, limit)
    companies = await first.all("res.company", ["name", "currency_id", "partner_id"])
    look = _Look(odoo, call, limit, tuple(row["id"] for row in companies))
    warehouses = await look.all("stock.warehouse", ["name", "company_id"])
    lists = await look.all("product.pricelist", ["name"])
    partners = await _Look(odoo, call, DRAFTED).all("res.partner", ["name"])
    # An order of a company to itself is a transfer between its warehouses, which Odoo will not confirm.
    ourselves = {row["partner_id"][0] for row in companies}
    return Survey(
        companies={row["id"]: (row["name"], row["currency_id"][1]) for row in companies},
        warehouses={row["id"]: (row["name"], row["company_id"][0]) for row in warehouses},
        price_lists={row["id"]: row["name"] for row in lists},
        tills=await _tills(look),
        customer=_walk_in([row for row in partners if row["id"] not in ourselves]),
    )


def _walk_in(partners: list[dict[str, Any]]) -> int | None:
    """The partner called a walk-in, otherwise the first that there is."""
    called = [row["id"] for row in partners if "walk" in row["name"].lower()]
    return next(iter(called or [row["id"] for row in partners]), None)


async def _tills(look: _Look) -> tuple[TillFound, ...]:
    configs = await look.all("pos.config", ["name", "company_id", "payment_method_ids", "picking_type_id"])
    methods = {row["id"]: row for row in await look.all("pos.payment.method", ["type", "journal_id"])}
    types = {row["id"]: row for row in await look.all("stock.picking.type", ["warehouse_id"])}
    return tuple(_till(row, methods, types) for row in configs)


def _till(row: dict[str, Any], methods: dict[int, Any], types: dict[int, Any]) -> TillFound:
    kinds: dict[str, int] = {}
    journals: dict[str, int] = {}
    for method in row["payment_method_ids"]:
        kind = _KINDS.get(methods.get(method, {}).get("type", ""))
        if kind is not None:
            kinds.setdefault(kind, method)
            if methods[method]["journal_id"]:
                journals.setdefault(kind, methods[method]["journal_id"][0])
    place = types.get(row["picking_type_id"][0], {}).get("warehouse_id") if row["picking_type_id"] else None
    return TillFound(
        config=row["id"],
        name=row["name"],
        company=row["company_id"][0],
        warehouse=place[0] if place else None,
        methods=kinds,
        journals=journals,
    )


@dataclass(frozen=True, slots=True)
class _Look:
    odoo: Json2
    call: Call
    limit: int
    companies: tuple[int, ...] = ()
    """Those whose records are shown; none: the call's. Records of others are not there for whoever does not say so."""

    async def all(self, model: str, fields: list[str]) -> list[dict[str, Any]]:
        context = {"allowed_company_ids": list(self.companies)} if self.companies else {}
        try:
            found: list[dict[str, Any]] = await self.odoo.call(
                self.call,
                READ,
                model,
                "search_read",
                context=context,
                domain=[],
                fields=fields,
                order="id",
                limit=self.limit,
            )
        except (NotThere, Forbidden):
            return []
        return found
