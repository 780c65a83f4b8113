"""The outside world as the hub needs it: one protocol per capability, filled in by a connector.

Every method is async and takes the terms of the call first. Returning means done. `Rejected` and `Invalid` mean not
done, and asking the same again is no use; `TryAgain` means not done, perhaps later; `OutcomeUnknown` means that an
effect was asked for and no answer came: find out before asking again.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Generic, Literal, Protocol, TypeVar

import msgspec

from tillway.retail.call import Call
from tillway.retail.data_class import DataClass, classed
from tillway.retail.limits import CURSOR_LENGTH, LINES_MAX, PAGE_MAX, Amount, Id, QuantityAmount, Reference, SkuText
from tillway.retail.order import Order
from tillway.retail.price import PriceList
from tillway.retail.product import Product
from tillway.retail.sale import Sale
from tillway.retail.store import Till
from tillway.retail.word import Word

T = TypeVar("T")

BackOfficeState = Literal["draft", "confirmed", "cancelled", "other"]
"""What became of a document over there: still changeable, binding, called off, or something else of theirs."""

Cursor = Annotated[str, msgspec.Meta(min_length=1, max_length=CURSOR_LENGTH)]
"""Where the far side's list goes on; opaque to everybody but the connector that gave it."""


class Page(Word, Generic[T], frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A part of a long list."""

    items: Annotated[Annotated[tuple[T, ...], msgspec.Meta(max_length=PAGE_MAX)], classed(DataClass.INTERNAL)]
    """In the far side's order of change, oldest first."""
    cursor: Annotated[Cursor | None, classed(DataClass.INTERNAL)] = None
    """Ask with this for what comes next; kept even when nothing more is there yet. Absent only on an empty start."""
    more: Annotated[bool, classed(DataClass.INTERNAL)]
    """Whether asking again at once gives more."""


class BackOfficeLine(Word, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the back office holds of one line: enough to compare."""

    sku: Annotated[SkuText, classed(DataClass.PUBLIC)]
    """Which product."""
    quantity: Annotated[QuantityAmount, classed(DataClass.INTERNAL)]
    """How much."""


class BackOfficeOrder(Word, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An order as the back office holds it."""

    foreign_id: Annotated[Id, classed(DataClass.INTERNAL)]
    """Their id."""
    name: Annotated[Reference, classed(DataClass.INTERNAL)]
    """The number their people know it by."""
    state: Annotated[BackOfficeState, classed(DataClass.INTERNAL)]
    """What became of it."""
    gross: Annotated[Amount, classed(DataClass.INTERNAL)]
    """Their total, tax included."""
    line_count: Annotated[int, msgspec.Meta(ge=0), classed(DataClass.INTERNAL)]
    """How many lines they hold; more than ours when a reward or a repetition slipped in."""
    lines: Annotated[
        Annotated[tuple[BackOfficeLine, ...], msgspec.Meta(max_length=2 * LINES_MAX)], classed(DataClass.INTERNAL)
    ] = ()
    """Their lines; up to twice ours, so that doubled lines can be seen."""


class BackOfficeSale(Word, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A sale as the back office holds it."""

    foreign_id: Annotated[Id, classed(DataClass.INTERNAL)]
    """Their id."""
    name: Annotated[Reference, classed(DataClass.INTERNAL)]
    """The number their people know it by."""
    state: Annotated[BackOfficeState, classed(DataClass.INTERNAL)]
    """What became of it."""
    gross: Annotated[Amount, classed(DataClass.INTERNAL)]
    """Their total, tax included."""
    line_count: Annotated[int, msgspec.Meta(ge=0), classed(DataClass.INTERNAL)]
    """How many lines they hold."""
    session: Annotated[Id, classed(DataClass.INTERNAL)]
    """Foreign id of the till session it was booked into."""


class BackOfficeStore(Word, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a store is called over there: where its orders go."""

    store: Annotated[Id, classed(DataClass.INTERNAL)]
    """Our id of the store."""
    company: Annotated[Id, classed(DataClass.INTERNAL)]
    """Foreign id of the company that sells."""
    warehouse: Annotated[Id | None, classed(DataClass.INTERNAL)] = None
    """Foreign id of the warehouse that delivers; absent leaves it to them."""
    customer: Annotated[Id, classed(DataClass.INTERNAL)]
    """Foreign id of the walk-in customer that stands for an order without one."""


class Catalogue(Protocol):
    """What is sold."""

    async def products(self, call: Call, *, cursor: str | None, limit: int) -> Page[Product]:
        """Products changed since the cursor, archived ones included as inactive; None starts from the beginning.

        `limit` is at most `PAGE_MAX`.
        """
        ...

    async def product_ids(self, call: Call) -> frozenset[str]:
        """Foreign ids of all variants alive: what we hold and is not among them is gone."""
        ...


class PriceLists(Protocol):
    """For how much."""

    async def price_list(self, call: Call, list_id: str) -> PriceList:
        """One list, whole: rules carry no change mark that can be trusted. NotFound when there is none."""
        ...

    async def versions(self, call: Call) -> str:
        """A cheap fingerprint of all lists that differs once any rule changed, appeared or vanished."""
        ...


class OrderBook(Protocol):
    """Orders in the back office, by our order id."""

    async def find(self, call: Call, order_id: str, placed_at: datetime) -> BackOfficeOrder | None:
        """The order with our id, or None; `placed_at` narrows the search."""
        ...

    async def write(self, call: Call, order: Order, store: BackOfficeStore) -> BackOfficeOrder:
        """Have it there once, with its lines once, however often this is asked; as a draft."""
        ...

    async def confirm(self, call: Call, foreign_id: str) -> None:
        """Make the draft binding; no effect on one that is."""
        ...

    async def read(self, call: Call, foreign_id: str) -> BackOfficeOrder:
        """As it stands there now. NotFound when it is gone."""
        ...

    async def cancel(self, call: Call, foreign_id: str) -> None:
        """Call it off; no effect on one that is."""
        ...


class TillSessions(Protocol):
    """Sales in the back office, by our sale id."""

    async def find_sale(self, call: Call, sale_id: str) -> BackOfficeSale | None:
        """The sale with our id, or None."""
        ...

    async def ensure_open(self, call: Call, till: Till) -> str:
        """Foreign id of the till's open session, opened now if there was none."""
        ...

    async def book(self, call: Call, sale: Sale, session: str) -> BackOfficeSale:
        """Have it there once, however often this is asked. It lands in the till's open session if `session` closed."""
        ...
