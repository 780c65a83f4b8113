"""Sales of tills as the back office holds them, and how they get there."""

from __future__ import annotations

from typing import Annotated, Protocol

import msgspec

from tillway.retail.call import Call
from tillway.retail.data_class import DataClass, classed
from tillway.retail.limits import Amount, Id, Reference
from tillway.retail.outside.order_book import BackOfficeState
from tillway.retail.sale import Sale
from tillway.retail.store import Till
from tillway.retail.word import Word


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
