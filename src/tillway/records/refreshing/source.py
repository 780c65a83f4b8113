"""What is read: one ERP's capabilities, and the terms on which it is asked."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Final

import msgspec

from tillway import clock, ids
from tillway.records.tracing import Cause
from tillway.retail import (
    Call,
    Catalogue,
    Criticality,
    Customers,
    Documents,
    Loyalty,
    OwnField,
    PriceLists,
    Stock,
    TaxBook,
)

# One reading of the far side may take this long in all before it is given up until the next turn.
READ_SECONDS: Final = 60


# Seconds between two sweeps, unless the setting says otherwise: what no mark and no fingerprint shows is a quarter of a
# day late at most, and a range of a million products is read four times a day.
SWEEP_SECONDS: Final = 21_600.0


class StockPlace(msgspec.Struct, frozen=True, kw_only=True):
    """A warehouse whose stock is read: the company it belongs to, and our shops that sell from it."""

    warehouse: str
    company: str
    shops: tuple[str, ...]


class Source(msgspec.Struct, frozen=True, kw_only=True):
    """One ERP to read: its capabilities, its company, and our names (key) for its price lists (value).

    A capability that is None is not read.
    """

    connection: str
    company: str
    catalogue: Catalogue
    price_lists: PriceLists
    lists: Mapping[str, str]
    poll_seconds: float
    customers: Customers | None = None
    sweep_seconds: float = SWEEP_SECONDS
    documents: Documents | None = None
    loyalty: Loyalty | None = None
    timezone: str = "UTC"
    """Where the retailer is: whose days begin and end promotions."""
    own_fields: Mapping[str, OwnField] = {}
    """The retailer's own fields of a product, by name."""
    taxes: TaxBook | None = None
    stock: Stock | None = None
    places: tuple[StockPlace, ...] = ()

    def call(self) -> Call:
        """The terms of one reading."""
        return Call(
            criticality=Criticality.NORMAL,
            deadline=clock.now() + timedelta(seconds=READ_SECONDS),
            correlation=f"refresh-{self.connection}",
            reference=f"refresh-{self.connection}",
            company=self.company,
        )


def cause() -> Cause:
    """What a reading sets off begins with it."""
    return Cause(correlation=str(ids.new()))
