"""Who stands behind a shop: filled in by the composition root from the landscape, asked anew for every step."""

from __future__ import annotations

from datetime import timedelta
from typing import Final, Protocol

import msgspec

from tillway import clock
from tillway.processes.definition import Work
from tillway.retail import BackOfficeStore, Call, Criticality, OrderBook, Stock, Till, TillSessions

# Longest a step waits for its call: Odoo confirms under load in up to 22 s (measured), then its answer is of no use.
STEP_SECONDS: Final = 60


class OrderPlace(msgspec.Struct, frozen=True, kw_only=True):
    """Where a shop's orders go."""

    connection: str
    book: OrderBook
    store: BackOfficeStore
    stock: Stock | None = None


class TillPlace(msgspec.Struct, frozen=True, kw_only=True):
    """Where a till's sales go."""

    connection: str
    company: str
    sessions: TillSessions
    till: Till


class BackOffices(Protocol):
    """The back offices of all shops. Raises NotFound for a shop or till that the landscape does not declare."""

    def orders(self, shop: str, customer: str | None) -> OrderPlace:
        """For an order of this shop, on this customer's account if the landscape names them, else the walk-in's."""
        ...

    def sales(self, till: str) -> TillPlace:
        """For a sale of this till."""
        ...


def call(work: Work, company: str, *, criticality: Criticality = Criticality.HIGH) -> Call:
    """The terms of a step's call."""
    return Call(
        criticality=criticality,
        deadline=clock.now() + timedelta(seconds=STEP_SECONDS),
        correlation=work.correlation,
        reference=work.subject,
        company=company,
    )
