"""Orders as the back office holds them, and how they get there."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal, Protocol

import msgspec

from tillway.retail.call import Call
from tillway.retail.data_class import DataClass, classed
from tillway.retail.limits import LINES_MAX, Amount, Id, QuantityAmount, Reference, SkuText
from tillway.retail.order import Order
from tillway.retail.word import Word

BackOfficeState = Literal["draft", "confirmed", "cancelled", "other"]
"""What became of a document over there: still changeable, binding, called off, or something else of theirs."""


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


class BackOfficeStanding(Word, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a change of an order is decided by over there."""

    state: Annotated[BackOfficeState, classed(DataClass.INTERNAL)]
    """What became of it."""
    delivered: Annotated[bool, classed(DataClass.INTERNAL)]
    """Whether any goods of it have left."""
    invoiced: Annotated[bool, classed(DataClass.INTERNAL)]
    """Whether an invoice of it is posted."""


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
    party: Annotated[Id | None, classed(DataClass.INTERNAL)] = None
    """Foreign id of the order's own customer, where our record of them says it; absent: the landscape does."""


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

    async def standing(self, call: Call, foreign_id: str) -> BackOfficeStanding:
        """How far it got there. NotFound when it is gone."""
        ...

    async def amend(self, call: Call, foreign_id: str, before: Order, after: Order) -> None:
        """Give a confirmed order the lines of `after`, once, however often this is asked; a line of `before` whose
        number is gone is left there with quantity zero. Invalid when people changed the order and `before` does not
        know it: nothing of theirs is overwritten.
        """
        ...
