"""Stock in a back office: read in batches, corrected by compare-and-swap."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Annotated, Protocol

from tillway.retail.call import Call
from tillway.retail.data_class import DataClass, classed
from tillway.retail.limits import Id, QuantityAmount
from tillway.retail.outside.paging import Page
from tillway.retail.stock import StockAdjustment, StockLevel, StockTransfer
from tillway.retail.word import Word


class Counted(Word, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What became of a counted figure over there."""

    done: Annotated[bool, classed(DataClass.INTERNAL)]
    """Whether it replaced the figure held; False when that was not the one expected, and nothing was done."""
    held: Annotated[QuantityAmount, classed(DataClass.INTERNAL)]
    """The figure found before."""


class TransferPlaces(Word, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where a transfer goes from and to, as foreign ids of warehouses."""

    origin: Annotated[Id, classed(DataClass.INTERNAL)]
    """The warehouse left."""
    destination: Annotated[Id, classed(DataClass.INTERNAL)]
    """The warehouse reached."""


class Stock(Protocol):
    """What is on the shelves. Levels of SKUs that hold nothing are told as zero where they are asked for by name."""

    async def changed(
        self, call: Call, *, warehouses: Iterable[str], cursor: str | None, limit: int
    ) -> Page[StockLevel]:
        """Levels, in these warehouses, of SKUs that may have changed since the cursor: what is held by the time of
        this call. None starts from the beginning. What was emptied and removed over there is found only by a sweep.

        A page is one reading, made after it was asked for; it holds up to `limit` SKUs in each warehouse.
        """
        ...

    async def levels(self, call: Call, *, warehouses: Iterable[str], skus: Iterable[str]) -> tuple[StockLevel, ...]:
        """Levels of these SKUs in each of these warehouses, in one reading; zero for those not held or not known."""
        ...

    async def sweep(self, call: Call, *, warehouse: str, cursor: str | None, limit: int) -> Page[StockLevel]:
        """Everything that a warehouse holds, page by page; what no page named is not held."""
        ...

    async def count(self, call: Call, *, adjustment: StockAdjustment, warehouse: str) -> Counted:
        """Replace the figure held by the counted one if it is the expected one, once however often this is asked."""
        ...

    async def reserved(self, call: Call, foreign_order_id: str) -> Mapping[str, Decimal]:
        """What is set aside for an order or delivered on it, by SKU. A confirmed order may have got less than asked."""
        ...

    async def transfer(self, call: Call, *, transfer: StockTransfer, places: TransferPlaces) -> str:
        """Have the goods moved between the warehouses, once however often this is asked; the foreign id of it."""
        ...
