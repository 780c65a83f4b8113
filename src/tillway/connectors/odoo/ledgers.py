"""Lists of what Odoo holds under ids of ours, and prices by its own reckoning: for comparing, not for deciding.

Pages go by Odoo's id: a position that nothing moves, served by the primary key; `create_date` is indexed on orders.
Neither our reference nor the uuid is asked for in order: Odoo sorts texts by its database's collation, not as we do.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from tillway.clock import aware
from tillway.retail import Call, ListedCustomer, ListedDocument, Page

from .client import READ, Json2, number
from .customers import OdooCustomers
from .mapping import listed
from .mapping.values import decimal
from .order_book import SEARCH_MARGIN
from .places import Places

PAGE_MAX: Final = 1000
"""Documents a page at most: a second of one Odoo worker."""

_TIME: Final = "%Y-%m-%d %H:%M:%S"


class OdooLedgers:
    """`retail.Ledgers` over one Odoo."""

    def __init__(self, odoo: Json2, places: Places, customers: OdooCustomers) -> None:
        self._odoo = odoo
        self._places = places
        self._customers = customers

    async def orders(self, call: Call, *, since: datetime, cursor: str | None, limit: int) -> Page[ListedDocument]:
        """Orders whose reference has the shape of our ids, called-off ones included."""
        shaped = ["client_order_ref", "=like", listed.SHAPE]
        rows = await self._rows(call, "sale.order", shaped, since=since, cursor=cursor, limit=limit)
        return _page(rows, [listed.order(row) for row in rows], cursor, limit)

    async def sales(self, call: Call, *, since: datetime, cursor: str | None, limit: int) -> Page[ListedDocument]:
        """Sales of the points of sale that the landscape gives a till."""
        tills = {place.config: till for till, place in self._places.tills.items() if place.company == call.company}
        if not tills:
            return Page(items=(), cursor=cursor, more=False)
        at_ours = ["config_id", "in", sorted(tills)]
        rows = await self._rows(call, "pos.order", at_ours, since=since, cursor=cursor, limit=limit)
        return _page(rows, [listed.sale(row, tills) for row in rows], cursor, limit)

    async def customers(
        self, call: Call, *, cursor: str | None, limit: int, among: Sequence[str] | None = None
    ) -> Page[ListedCustomer]:
        """Partners that are customers."""
        return await self._customers.listed(call, cursor=cursor, limit=limit, among=among)

    async def unit_prices(
        self, call: Call, *, price_list: str, variants: Sequence[str], at: datetime
    ) -> Mapping[str, Decimal]:
        """One call a variant: Odoo prices one product at a time and refuses several."""
        wanted = self._places.price_list(price_list)
        found: dict[str, Decimal] = {}
        known = await self._odoo.search_read(
            call,
            "product.product",
            [["id", "in", [number(each, "product") for each in variants]]],
            ["lst_price"],
            archived=True,
        )
        for row in known:
            if wanted is None:
                found[str(row["id"])] = decimal(row["lst_price"])
                continue
            asked = {"pricelist": wanted, "quantity": 1, "date": aware(at).strftime(_TIME)}
            amount = await self._odoo.call(
                call, READ, "product.product", "get_contextual_price", context=asked, ids=[row["id"]]
            )
            found[str(row["id"])] = decimal(amount)
        return found

    async def _rows(
        self, call: Call, model: str, wanted: list[Any], *, since: datetime, cursor: str | None, limit: int
    ) -> list[dict[str, Any]]:
        begin = (aware(since) - SEARCH_MARGIN).strftime(_TIME)
        after = 0 if cursor is None else number(cursor, "page")
        domain = [["id", ">", after], ["create_date", ">=", begin], wanted]
        fields = listed.FIELDS[model]
        return await self._odoo.search_read(call, model, domain, fields, order="id", limit=min(limit, PAGE_MAX))


def _page(
    rows: Sequence[Mapping[str, Any]], items: Sequence[ListedDocument], cursor: str | None, limit: int
) -> Page[ListedDocument]:
    last = str(rows[-1]["id"]) if rows else cursor
    return Page(items=tuple(items), cursor=last, more=len(rows) == min(limit, PAGE_MAX))
