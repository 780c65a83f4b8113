"""What the back office holds, listed so that it can be compared with what we hold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Protocol

import msgspec

from tillway.retail.call import Call
from tillway.retail.data_class import DataClass, classed
from tillway.retail.limits import Amount, CurrencyCode, Id, Instant, Reference
from tillway.retail.outside.customers import BackOfficeCustomer
from tillway.retail.outside.order_book import BackOfficeState
from tillway.retail.outside.paging import Page
from tillway.retail.word import Word


class ListedDocument(Word, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An order or a sale as a list of theirs shows it."""

    ours: Annotated[Id, classed(DataClass.INTERNAL)]
    """Our id, as they hold it."""
    foreign_id: Annotated[Id, classed(DataClass.INTERNAL)]
    """Their id."""
    name: Annotated[Reference, classed(DataClass.INTERNAL)]
    """The number their people know it by."""
    state: Annotated[BackOfficeState, classed(DataClass.INTERNAL)]
    """What became of it."""
    gross: Annotated[Amount, classed(DataClass.INTERNAL)]
    """Their total, tax included."""
    currency: Annotated[CurrencyCode, classed(DataClass.PUBLIC)]
    """What the total is in."""
    made_at: Annotated[Instant, classed(DataClass.INTERNAL)]
    """When they got it."""
    till: Annotated[Id | None, classed(DataClass.INTERNAL)] = None
    """Our id of the till that it was booked for; absent for an order."""
    line_count: Annotated[int, msgspec.Meta(ge=0), classed(DataClass.INTERNAL)] = 0
    """How many lines they hold."""


class ListedCustomer(Word, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A customer as a list of theirs shows them."""

    customer: Annotated[BackOfficeCustomer, classed(DataClass.PERSONAL)]
    """As they hold them."""
    changed_at: Annotated[Instant, classed(DataClass.INTERNAL)]
    """When they were changed there last."""


class Ledgers(Protocol):
    """Lists of what is there, and prices as they compute them."""

    async def orders(self, call: Call, *, since: datetime, cursor: str | None, limit: int) -> Page[ListedDocument]:
        """Orders that carry an id of ours and were made there at or after `since`, in an order that nothing moves."""
        ...

    async def sales(self, call: Call, *, since: datetime, cursor: str | None, limit: int) -> Page[ListedDocument]:
        """Sales of the tills we know, likewise."""
        ...

    async def customers(
        self, call: Call, *, cursor: str | None, limit: int, among: Sequence[str] | None = None
    ) -> Page[ListedCustomer]:
        """Customers as they are now, archived ones too, in an order that nothing moves; `among` these foreign ids."""
        ...

    async def unit_prices(
        self, call: Call, *, price_list: str, variants: Sequence[str], at: datetime
    ) -> Mapping[str, Decimal]:
        """What one unit of each variant (foreign id) costs on a list of ours by their own reckoning; unknown ones are
        left out.
        """
        ...
