"""Stock variance: what the last readings left us with against a fresh reading of everything a warehouse holds.

Theirs is read first and ours after it, so that a change in between is more often known here than not; what still
differs is read once more on both sides before it is believed.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection
from decimal import Decimal
from typing import Final

from tillway.postgres import Database
from tillway.reconcile.breaks import Break
from tillway.reconcile.domain import Fix, Sides
from tillway.reconcile.entry import BreakType, Entry, Finding
from tillway.reconcile.places import Place, Rereading, Warehouse, call
from tillway.reconcile.runs import Run
from tillway.reconcile.staging import Staging
from tillway.records import stock
from tillway.retail import StockLevel

PAGE: Final = 500
"""Levels asked for at once."""

_NOTHING: Final = Decimal(0)


class Stock:
    """The stock of the warehouses of one connection."""

    fixes: Collection[BreakType] = frozenset({"amount", "missing-left", "missing-right"})

    def __init__(self, db: Database, place: Place, reread: Rereading) -> None:
        self._db = db
        self._place = place
        self._reread = reread
        self._asked_again = False

    async def sides(self, run: Run, staging: Staging) -> Sides:
        """Both staged, theirs first: codes are in another order in Postgres than byte by byte."""
        for warehouse in self._place.warehouses:
            async for page in self._pages(run, warehouse):
                await staging.keep("right", [_theirs(each, warehouse) for each in page])
            async for held in stock.pages(self._db, warehouse.place):
                await staging.keep("left", [_ours(sku, quantity, warehouse) for sku, quantity in held])
        return Sides(staging.entries("left"), staging.entries("right"))

    async def still(self, run: Run, found: Finding) -> bool:
        """Whether both sides say so now as well."""
        number, sku = found.key.split("/", 1)
        warehouse = next((each for each in self._place.warehouses if each.number == number), None)
        if warehouse is None:
            return True
        levels = await warehouse.office.stock.levels(
            call(run, warehouse.office), warehouses=(warehouse.number,), skus=(sku,)
        )
        ours = await stock.quantity(self._db, warehouse.place, sku)
        return (ours or _NOTHING) != sum((each.quantity for each in levels), _NOTHING)

    async def put_right(self, run: Run, found: Break, fix: Fix) -> str | None:
        """Have the stock read again, whole and once a run."""
        del found
        if fix != "take-theirs":
            return "stock is theirs: it can only be read again"
        if not self._asked_again:
            await self._reread(run.connection, "stock")
            self._asked_again = True
        return "being read again; the next run sees whether they agree"

    async def _pages(self, run: Run, warehouse: Warehouse) -> AsyncIterator[tuple[StockLevel, ...]]:
        cursor, more = None, True
        while more:
            page = await warehouse.office.stock.sweep(
                call(run, warehouse.office), warehouse=warehouse.number, cursor=cursor, limit=PAGE
            )
            cursor, more = page.cursor, page.more
            yield page.items


def _ours(sku: str, quantity: Decimal, warehouse: Warehouse) -> Entry:
    key = f"{warehouse.number}/{sku}"
    return Entry(key=key, amount=quantity, required=bool(quantity), ref=sku, shop=warehouse.shop)


def _theirs(each: StockLevel, warehouse: Warehouse) -> Entry:
    """A level of theirs; nothing held there is nothing that must be known here."""
    return Entry(
        key=f"{warehouse.number}/{each.sku}",
        amount=each.quantity,
        required=bool(each.quantity),
        ref=each.sku,
        shop=warehouse.shop,
    )
