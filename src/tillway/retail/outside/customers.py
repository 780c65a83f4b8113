"""Customers as the back office holds them, and how they get there."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Protocol

import msgspec

from tillway.retail.call import Call
from tillway.retail.customer import Address, Customer, Email, Phone, VatId
from tillway.retail.customer_keys import CustomerKey
from tillway.retail.data_class import DataClass, classed
from tillway.retail.limits import Id, Name, Reference
from tillway.retail.outside.paging import Page
from tillway.retail.own_field import OwnFieldsHeld
from tillway.retail.word import Word


class BackOfficeCustomer(Word, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A customer as the back office holds them: one address and one number, as most do."""

    foreign_id: Annotated[Id, classed(DataClass.INTERNAL)]
    """Their id."""
    ours: Annotated[Id | None, classed(DataClass.INTERNAL)] = None
    """Our id, where we made the record or marked it."""
    active: Annotated[bool, classed(DataClass.INTERNAL)] = True
    """Whether it is in use there."""
    name: Annotated[Annotated[Name, msgspec.Meta(min_length=1)], classed(DataClass.PERSONAL)]
    """What they are called there."""
    company: Annotated[bool, classed(DataClass.INTERNAL)] = False
    """Whether it is a company."""
    email: Annotated[Email | None, classed(DataClass.PERSONAL)] = None
    """Their address, where it is one."""
    phone: Annotated[Phone | None, classed(DataClass.PERSONAL)] = None
    """Their number, where it is in the form of E.164 or can be read as such."""
    vat: Annotated[VatId | None, classed(DataClass.PERSONAL)] = None
    """Their tax number."""
    reference: Annotated[Reference | None, classed(DataClass.PERSONAL)] = None
    """The number that people over there gave them."""
    address: Annotated[Address | None, classed(DataClass.PERSONAL)] = None
    """Where they live or are registered."""
    price_list: Annotated[Id | None, classed(DataClass.INTERNAL)] = None
    """Our id of the list given to them, where the landscape names it."""
    extensions: Annotated[OwnFieldsHeld, classed(DataClass.PERSONAL)] = msgspec.field(default_factory=dict)
    """The retailer's own fields, each by its name."""


class Customers(Protocol):
    """Customers in the back office, by our customer id or theirs."""

    async def changed(self, call: Call, *, cursor: str | None, limit: int) -> Page[BackOfficeCustomer]:
        """Customers changed since the cursor, archived ones included as inactive; None starts from the beginning."""
        ...

    async def own_versions(self, call: Call) -> str:
        """A text that differs whenever own fields are declared or stand there otherwise; empty for none."""
        ...

    async def mark(self, call: Call) -> str:
        """A text that differs whenever a customer was made or is gone."""
        ...

    async def ids(self, call: Call) -> frozenset[str]:
        """Foreign ids of all that are there: whom we hold and is not among them is gone, or was merged."""
        ...

    async def find(self, call: Call, customer_id: str) -> BackOfficeCustomer | None:
        """The one with our id, also after people over there merged it into another; None when there is none."""
        ...

    async def look_up(self, call: Call, keys: Sequence[CustomerKey]) -> tuple[BackOfficeCustomer, ...]:
        """Those in use who have one of these keys, a handful at most."""
        ...

    async def write(self, call: Call, customer: Customer, foreign_id: str | None) -> BackOfficeCustomer:
        """Have the customer there as ours is, once, however often this is asked: a new record that carries our id, or
        the one with this foreign id changed. NotFound when that is gone.
        """
        ...

    async def merge(self, call: Call, sources: Sequence[str], into: str) -> None:
        """Make one of several, which cannot be undone; those that are gone count as done. NotFound: `into` is gone."""
        ...
