# ruff: noqa: ARG002 - the protocols give more than a source in memory needs
"""An ERP in memory to refresh from: products in the order of their changes, price lists by id."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

import msgspec

from tillway.errors import NotFound, Unavailable
from tillway.records import Source
from tillway.retail import Call, CataloguePage, PriceList, Product

# Changes given out again, as a source does whose clock cannot be trusted to the second.
OVERLAP = 2


class Erp:
    """`change` and `vanish` are what people do there. The cursor counts changes."""

    def __init__(self, *products: Product) -> None:
        self.changes: list[Product] = []
        self.gone: set[str] = set()
        self.lists: dict[str, PriceList] = {}
        self.read: list[str] = []
        self.related = "1"
        self.away_after: int | None = None
        self.change(*products)

    def change(self, *products: Product) -> None:
        for product in products:
            self.changes = [each for each in self.changes if each.variant != product.variant]
            self.changes.append(product)

    def recategorise(self, *products: Product) -> None:
        """Changed in place: no cursor sees it."""
        by_variant = {product.variant: product for product in products}
        self.changes = [by_variant.get(each.variant, each) for each in self.changes]

    def vanish(self, *variants: str) -> None:
        self.gone |= set(variants)
        self.changes = [each for each in self.changes if each.variant not in self.gone]

    def source(self, **given: object) -> Source:
        named = {name: name.removeprefix("our-") for name in (f"our-{number}" for number in self.lists)}
        return Source(
            **{
                "connection": "odoo",
                "company": "1",
                "catalogue": self,
                "price_lists": self,
                "lists": named,
                "poll_seconds": 60.0,
                **given,
            }
        )

    async def products(self, call: Call, *, cursor: str | None, limit: int) -> CataloguePage:
        self._asked("products")
        start = 0 if cursor is None else int(cursor)
        items = self.changes[start : start + limit]
        reached = start + len(items)
        more = reached < len(self.changes)
        following = reached if more else max(0, reached - OVERLAP)
        return CataloguePage(items=tuple(items), cursor=str(following), more=more)

    async def coded(self, call: Call, foreign_ids: Iterable[str]) -> frozenset[str]:
        self._asked("coded")
        return frozenset(foreign_ids) & {each.variant for each in self.changes}

    async def related_versions(self, call: Call) -> str:
        return self.related

    async def price_list(self, call: Call, list_id: str) -> PriceList:
        self._asked(f"price_list {list_id}")
        if list_id not in self.lists:
            raise NotFound("no such list")
        return self.lists[list_id]

    async def versions(self, call: Call) -> str:
        self._asked("versions")
        return hashlib.sha256(msgspec.json.encode(sorted(self.lists.items()))).hexdigest()

    def _asked(self, what: str) -> None:
        if self.away_after is not None and len(self.read) >= self.away_after:
            raise Unavailable("the source is away")
        self.read.append(what)
