"""Price lists: each read whole with its rules, and a fingerprint that says when to read again."""

from __future__ import annotations

import asyncio
from datetime import datetime
from decimal import Decimal
from typing import Any

from tillway.clock import aware
from tillway.errors import NotFound
from tillway.retail import ASKED_MAX, Call, PriceAsked, PriceList

from .catalogue import read_categories
from .client import READ, Json2, number
from .mapping import prices
from .mapping.values import reference


class OdooPriceLists:
    """`retail.PriceLists` over one Odoo. Lists go by Odoo's id as a text."""

    def __init__(self, odoo: Json2) -> None:
        self._odoo = odoo

    async def price_list(self, call: Call, list_id: str) -> PriceList:
        """The list with all its rules in Odoo's order. An archived list still prices, as it does in Odoo.

        NotFound when there is none or the company may not see it.
        """
        key = number(list_id, "price list")
        lists = await self._odoo.search_read(
            call, "product.pricelist", [["id", "=", key]], prices.LIST_FIELDS, archived=True
        )
        if not lists:
            raise NotFound(f"Odoo has no price list {key} for this company")
        rules = await self._odoo.search_read(
            call,
            "product.pricelist.item",
            [["pricelist_id", "=", key]],
            prices.RULE_FIELDS,
            archived=True,
            order=prices.RULE_ORDER,
        )
        named = {int(each) for row in rules if (each := reference(row["categ_id"])) is not None}
        return prices.price_list(lists[0], rules, await read_categories(self._odoo, call, named))

    async def ask(
        self, call: Call, list_id: str, asked: tuple[PriceAsked, ...], at: datetime
    ) -> tuple[Decimal | None, ...]:
        """What Odoo reckons, asked product by product: its question about one alone is exact for variants."""
        key, moment = number(list_id, "price list"), aware(at).strftime("%Y-%m-%d %H:%M:%S")

        async def one(each: PriceAsked) -> Decimal | None:
            found = await self._odoo.call(
                call,
                READ,
                "product.product",
                "get_contextual_price",
                ids=[number(each.variant, "product")],
                context={"pricelist": key, "quantity": each.quantity, "date": moment},
            )
            return None if isinstance(found, bool) or not isinstance(found, int | Decimal) else Decimal(found)

        return tuple(await asyncio.gather(*(one(each) for each in asked[:ASKED_MAX])))

    async def versions(self, call: Call) -> str:
        """A fingerprint of all lists the company sees. It does not change when a promotion begins or ends by the
        clock: the rules say when they do.
        """
        lists = await self._all(call, "product.pricelist", ["write_date", "active"])
        rules = await self._all(call, "product.pricelist.item", prices.VERSION_FIELDS)
        return prices.fingerprint(lists, rules)

    async def _all(self, call: Call, model: str, fields: list[str]) -> list[dict[str, Any]]:
        return await self._odoo.search_read(call, model, [], fields, archived=True, order="id")
