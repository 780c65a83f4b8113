"""The catalogue: products page by page, in as few calls as their number of kinds of related records."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from functools import partial
from typing import Any, Final

import msgspec

from tillway import clock
from tillway.retail import Call, CataloguePage, Product

from .client import READ, Json2, number
from .cursor import advanced, begun, domain, moment, parse, render
from .lately import Lately
from .mapping import products, quality, taxes
from .mapping.products import Related
from .mapping.values import reference, text
from .own_fields import OwnFields, Readable
from .places import OwnFieldInOdoo

PAGE_MAX: Final = 1000
"""Products a page at most: about a second of one Odoo worker and 1 MiB of answer."""

RELATED: Final = (
    ("product.template.attribute.value", ("price_extra",)),
    ("product.category", ("parent_path",)),
    ("account.tax", ("amount", "amount_type", "price_include", "active")),
)
"""What a product of ours is made of beside its own record, by models and fields: writing them marks no product."""

NEWEST: Final = 50
"""Records of each that are looked at: a change that was committed late stands among the newest, though not first."""


class OdooCatalogue:
    """`retail.Catalogue` over one Odoo. Prices, taxes and categories are as the call's company sees them."""

    def __init__(
        self, odoo: Json2, *, own: Iterable[OwnFieldInOdoo] = (), now: Callable[[], datetime] = clock.now
    ) -> None:
        self._odoo = odoo
        self._own = OwnFields(odoo, own)
        self._now = now
        self._taxes = Lately(partial(read_taxes, odoo))
        self._categories = Lately(partial(read_categories, odoo))

    async def products(self, call: Call, *, cursor: str | None, limit: int) -> CataloguePage:
        """Products changed since the cursor in the order of their ids, some come again; and what is wrong with the
        records that were read.

        A change of what `write_date` does not follow (a variant's surcharge, a category's place) is seen only by a
        sweep from the beginning.
        """
        limit = min(limit, PAGE_MAX)
        position = parse(cursor)
        if not position.after:
            position = begun(position, await self._newest(call), self._now())
        own = await self._own.readable(call)
        rows = await self._rows(call, domain(position), own, order="id", limit=limit)
        more = len(rows) == limit
        following = render(advanced(position, [row["id"] for row in rows], more=more))
        winner, rows = await self._resolved(call, rows, own)
        related = await self._related(call, rows, own)
        mapped = [(row, products.product(row, related, call.company, winner)) for row in rows]
        return CataloguePage(
            items=tuple(each for _, each in mapped if isinstance(each, Product)),
            cursor=following,
            more=more,
            read=(quality.OWN_FIELDS, *(str(row["id"]) for row in rows)),
            findings=(
                *quality.unreadable(own.wrong),
                *(finding for row, each in mapped for finding in quality.findings(row, each, related.own)),
            ),
        )

    async def alive(self, call: Call, foreign_ids: Iterable[str]) -> frozenset[str]:
        """Which of these records exist, archived ones included."""
        return await self._among(call, foreign_ids)

    async def coded(self, call: Call, foreign_ids: Iterable[str]) -> frozenset[str]:
        """Which of these records exist and have a code, archived ones included."""
        return await self._among(call, foreign_ids, ["default_code", "!=", False])

    async def _among(self, call: Call, foreign_ids: Iterable[str], *more: list[Any]) -> frozenset[str]:
        wanted = [number(each, "product") for each in foreign_ids]
        found = await self._odoo.call(
            call,
            READ,
            "product.product",
            "search",
            context={"active_test": False},
            domain=[["id", "in", wanted], *more],
        )
        return frozenset(str(each) for each in found)

    async def related_versions(self, call: Call) -> str:
        """The newest changes of surcharges, categories and taxes, with what of them counts."""
        self._taxes.forget()
        self._categories.forget()
        found: list[Any] = [
            await self._odoo.search_read(
                call, model, [], ["write_date", *fields], archived=True, order="write_date desc, id desc", limit=NEWEST
            )
            for model, fields in RELATED
        ]
        found += await self._own.versions(call, await self._own.readable(call))
        return hashlib.sha256(msgspec.json.encode(found, order="sorted")).hexdigest()

    async def _rows(self, call: Call, wanted: list[Any], own: Readable, **arguments: Any) -> list[dict[str, Any]]:
        fields = [*products.FIELDS, *own.columns]
        return await self._odoo.search_read(call, "product.product", wanted, fields, archived=True, **arguments)

    async def _newest(self, call: Call) -> datetime | None:
        """The newest change of a product, by Odoo's clock."""
        rows = await self._odoo.search_read(
            call, "product.product", [], ["write_date"], archived=True, order="write_date desc", limit=1
        )
        return moment(rows[0]["write_date"]) if rows and text(rows[0]["write_date"]) else None

    async def _resolved(
        self, call: Call, rows: list[dict[str, Any]], own: Readable
    ) -> tuple[dict[str, int], list[dict[str, Any]]]:
        """Which record each code on the page stands for, and the page with those records that were not on it.

        A record that steps back (archived, renamed) leaves its code to another one, which did not change itself: so
        that one has to come along.
        """
        codes = sorted({code for row in rows if (code := text(row["default_code"])) is not None})
        if not codes:
            return {}, rows
        same = await self._odoo.search_read(
            call, "product.product", [["default_code", "in", codes]], ["default_code", "active"], archived=True
        )
        winner = products.winners(same)
        missing = set(winner.values()) - {row["id"] for row in rows}
        if missing:
            rows = rows + await self._rows(call, [["id", "in", sorted(missing)]], own, order="id")
        return winner, rows

    async def _related(self, call: Call, rows: list[dict[str, Any]], own: Readable) -> Related:
        known = await self._taxes.of(call, {each for row in rows for each in row["taxes_id"]})
        categories = {int(each) for row in rows if (each := reference(row["categ_id"])) is not None}
        values = {each for row in rows for each in row["product_template_attribute_value_ids"]}
        attributes: list[dict[str, Any]] = []
        if values:
            attributes = await self._odoo.search_read(
                call,
                "product.template.attribute.value",
                [["id", "in", sorted(values)]],
                products.ATTRIBUTE_FIELDS,
                archived=True,
            )
        return Related(
            taxes=known,
            categories=await self._categories.of(call, categories),
            attributes=products.attributes(attributes),
            own=await self._own.values(call, rows, own),
        )


async def read_categories(odoo: Json2, call: Call, wanted: Iterable[int]) -> dict[int, str]:
    """Category paths by id, e.g. {5: "4/5/"}."""
    keys = sorted(wanted)
    if not keys:
        return {}
    rows = await odoo.search_read(call, "product.category", [["id", "in", keys]], products.CATEGORY_FIELDS)
    return {row["id"]: str(row["parent_path"]) for row in rows}


async def read_taxes(odoo: Json2, call: Call, wanted: Iterable[int]) -> Mapping[int, Mapping[str, Any]]:
    """Rows of `account.tax` by id in Odoo's order of computing; groups with their members, which come as well."""
    keys = set(wanted)
    if not keys:
        return {}

    async def rows(ids: Iterable[int], fields: list[str]) -> list[dict[str, Any]]:
        return await odoo.search_read(
            call, "account.tax", [["id", "in", sorted(ids)]], fields, archived=True, order=taxes.ORDER
        )

    found = await rows(keys, taxes.FIELDS)
    if groups := taxes.groups(found):
        members = {row["id"]: row[taxes.MEMBERS] for row in await rows(groups, [taxes.MEMBERS])}
        found = await rows(keys.union(*members.values()), taxes.FIELDS)
        found = [row | {taxes.MEMBERS: members.get(row["id"], [])} for row in found]
    return {row["id"]: row for row in found}
