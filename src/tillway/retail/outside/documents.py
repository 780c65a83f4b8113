"""What people do in the back office itself: documents that changed there, page by page."""

from __future__ import annotations

from typing import Annotated, Final, Literal, Protocol

import msgspec

from tillway.retail.call import Call
from tillway.retail.data_class import DataClass, classed
from tillway.retail.limits import LINES_MAX, Amount, CurrencyCode, Id, Instant, Reference
from tillway.retail.order import OrderLine
from tillway.retail.outside.order_book import BackOfficeState
from tillway.retail.outside.paging import Page
from tillway.retail.sale import SEQUENCE_MAX, Sale
from tillway.retail.shipment import ORDERS_MAX, Invoice, Shipment
from tillway.retail.word import Word

NO_SHOP: Final = "-"
"""Stands where a document belongs to none of our shops."""

GAPS_MAX: Final = 200
"""Gaps of one session that are named: with more of them, its till does not count at all."""


ReceiptNumber = Annotated[int, msgspec.Meta(ge=1, le=SEQUENCE_MAX)]
"""A receipt's place in the count of its till."""


class OrderThere(Word, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An order of the back office, whoever made it."""

    foreign_id: Annotated[Id, classed(DataClass.INTERNAL)]
    """Their id."""
    name: Annotated[Reference, classed(DataClass.INTERNAL)]
    """The number their people know it by."""
    state: Annotated[BackOfficeState, classed(DataClass.INTERNAL)]
    """What became of it."""
    ours: Annotated[Reference | None, classed(DataClass.INTERNAL)] = None
    """What it carries where the hub writes its own id; anybody can write there, so it is checked."""
    reference: Annotated[Reference | None, classed(DataClass.INTERNAL)] = None
    """The asker's number of it."""
    shop: Annotated[Id | None, classed(DataClass.INTERNAL)] = None
    """Our id of the store whose warehouse delivers it; absent when that is none of ours."""
    price_list: Annotated[Id | None, classed(DataClass.INTERNAL)] = None
    """Our id of the list it is priced by, when it is one of ours."""
    currency: Annotated[CurrencyCode, classed(DataClass.PUBLIC)]
    """What its amounts are in."""
    made_at: Annotated[Instant, classed(DataClass.INTERNAL)]
    """When they wrote it down first."""
    placed_at: Annotated[Instant, classed(DataClass.INTERNAL)]
    """Its date: of the quotation, then of the confirmation."""
    delivered: Annotated[bool, classed(DataClass.INTERNAL)] = False
    """Whether any of it was handed over."""
    lines: Annotated[Annotated[tuple[OrderLine, ...], msgspec.Meta(max_length=LINES_MAX)], classed(DataClass.INTERNAL)]
    """What is ordered."""
    net: Annotated[Amount, classed(DataClass.INTERNAL)]
    """All lines without tax."""
    tax: Annotated[Amount, classed(DataClass.INTERNAL)]
    """All tax."""
    gross: Annotated[Amount, classed(DataClass.INTERNAL)]
    """Net plus tax."""


class OrderNamed(Word, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which order another document is about."""

    foreign_id: Annotated[Id, classed(DataClass.INTERNAL)]
    """Their id."""
    ours: Annotated[Reference | None, classed(DataClass.INTERNAL)] = None
    """As in `OrderThere`."""


class ShipmentThere(Word, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A transfer of the back office. In `shipment` ids are still theirs; its shop is the one whose warehouse it is of,
    `NO_SHOP` when that is none of ours.
    """

    order: Annotated[OrderNamed | None, classed(DataClass.INTERNAL)] = None
    """The order it belongs to."""
    made_at: Annotated[Instant, classed(DataClass.INTERNAL)]
    """When they wrote it down first."""
    shipment: Annotated[Shipment, classed(DataClass.INTERNAL)]
    """What it is."""


class InvoiceThere(Word, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An invoice of the back office. In `invoice` ids are still theirs, and its orders stand beside it."""

    made_at: Annotated[Instant, classed(DataClass.INTERNAL)]
    """When they wrote it down first."""
    state: Annotated[Literal["draft", "posted", "cancelled"], classed(DataClass.INTERNAL)]
    """Whether it counts."""
    orders: Annotated[
        Annotated[tuple[OrderNamed, ...], msgspec.Meta(max_length=ORDERS_MAX)], classed(DataClass.INTERNAL)
    ] = ()
    """The orders it is for."""
    invoice: Annotated[Invoice, classed(DataClass.INTERNAL)]
    """What it says."""


class SaleThere(Word, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A sale of a till of the back office. Its id is the UUID they hold it by: for a sale of ours, ours."""

    foreign_id: Annotated[Id, classed(DataClass.INTERNAL)]
    """Their id."""
    name: Annotated[Reference, classed(DataClass.INTERNAL)]
    """The number their people know it by."""
    made_at: Annotated[Instant, classed(DataClass.INTERNAL)]
    """When they wrote it down first."""
    sale: Annotated[Sale, classed(DataClass.INTERNAL)]
    """What was sold."""


class Gap(Word, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Numbers in a row that are missing."""

    first: Annotated[ReceiptNumber, classed(DataClass.INTERNAL)]
    """The first one."""
    last: Annotated[ReceiptNumber, classed(DataClass.INTERNAL)]
    """The last one."""


class SessionThere(Word, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A till's closed session in the back office, and whether all of its receipts are there."""

    foreign_id: Annotated[Id, classed(DataClass.INTERNAL)]
    """Their id."""
    name: Annotated[Reference, classed(DataClass.INTERNAL)]
    """The number their people know it by."""
    till: Annotated[Id, classed(DataClass.INTERNAL)]
    """Our id of the till."""
    shop: Annotated[Id, classed(DataClass.INTERNAL)]
    """The store it stands in."""
    made_at: Annotated[Instant, classed(DataClass.INTERNAL)]
    """When they wrote it down first."""
    opened_at: Annotated[Instant | None, classed(DataClass.INTERNAL)] = None
    """When it began."""
    closed_at: Annotated[Instant | None, classed(DataClass.INTERNAL)] = None
    """When it was closed."""
    currency: Annotated[CurrencyCode, classed(DataClass.PUBLIC)]
    """What its amounts are in."""
    sales: Annotated[int, msgspec.Meta(ge=0), classed(DataClass.INTERNAL)]
    """Paid sales in it."""
    gross: Annotated[Amount, classed(DataClass.INTERNAL)]
    """What they come to."""
    first: Annotated[ReceiptNumber | None, classed(DataClass.INTERNAL)] = None
    """The lowest of its receipts' numbers; absent without receipts."""
    last: Annotated[ReceiptNumber | None, classed(DataClass.INTERNAL)] = None
    """The highest."""
    gaps: Annotated[Annotated[tuple[Gap, ...], msgspec.Meta(max_length=GAPS_MAX)], classed(DataClass.INTERNAL)] = ()
    """Numbers that no receipt has, from the end of the till's `pos.session` before on."""
    counted: Annotated[Amount, classed(DataClass.INTERNAL)]
    """Cash in the drawer at the end, as counted."""
    difference: Annotated[Amount, classed(DataClass.INTERNAL)]
    """Counted without expected."""


class Documents(Protocol):
    """Documents changed since a cursor, in the order of their ids; some come again. None starts with what changed of
    late. `limit` is at most `PAGE_MAX`.
    """

    async def orders(self, call: Call, *, cursor: str | None, limit: int) -> Page[OrderThere]:
        """Orders, quotations among them as drafts."""
        ...

    async def shipments(self, call: Call, *, cursor: str | None, limit: int) -> Page[ShipmentThere]:
        """Deliveries to customers, and what comes back from them; not what is handed over at a till."""
        ...

    async def invoices(self, call: Call, *, cursor: str | None, limit: int) -> Page[InvoiceThere]:
        """Invoices to customers and credit notes."""
        ...

    async def sales(self, call: Call, *, cursor: str | None, limit: int) -> Page[SaleThere]:
        """What our tills sold; not what is still being sold."""
        ...

    async def sessions(self, call: Call, *, cursor: str | None, limit: int) -> Page[SessionThere]:
        """The closed sessions of our tills."""
        ...
