"""All that is read of one source."""

from __future__ import annotations

import asyncio
from typing import NamedTuple, Protocol, runtime_checkable

from tillway.postgres import Database
from tillway.records.refreshing.cards import CardsReading
from tillway.records.refreshing.customers import CustomersReading
from tillway.records.refreshing.documents import INVOICES, ORDERS, SALES, SESSIONS, SHIPMENTS, DocumentsReading
from tillway.records.refreshing.price_clock import PriceClock
from tillway.records.refreshing.prices import PricesReading
from tillway.records.refreshing.products import ProductsReading
from tillway.records.refreshing.promotions import PromotionsReading
from tillway.records.refreshing.source import Source
from tillway.records.refreshing.stock import stock_readings
from tillway.records.refreshing.taxes import TaxesReading


class Reading(Protocol):
    """How one domain is read."""

    @property
    def domain(self) -> str:
        """Its name, as in what was read so far and in nudges."""
        ...

    async def once(self) -> None:
        """One reading of everything that may have changed: record, event and cursor commit together."""
        ...


@runtime_checkable
class Timed(Protocol):
    """A reading that may be due before the next poll."""

    def seconds(self) -> float:
        """After how many seconds it is worth reading again, nudged or not."""
        ...


class Sequence(NamedTuple):
    """Readings of which each sees what the one before stored."""

    readings: tuple[Reading, ...]
    nudged: asyncio.Event
    """Set when one of them is worth reading now."""


def readings(db: Database, source: Source) -> tuple[Sequence, ...]:
    """All of them; sequences run beside each other. An event tells prices as of products and lists together, so these
    two never overtake each other.
    """
    of_products = asyncio.Event()
    by_time = PriceClock(db, source.connection)
    products = (ProductsReading(db, source, of_products), PricesReading(db, source, by_time))
    others = (Sequence(each, asyncio.Event()) for each in ((by_time,), *_others(db, source)))
    return (Sequence(products, of_products), *others)


def _others(db: Database, source: Source) -> tuple[tuple[Reading, ...], ...]:
    found: list[tuple[Reading, ...]] = []
    if source.loyalty is not None:
        found += [(PromotionsReading(db, source, source.loyalty),), (CardsReading(db, source, source.loyalty),)]
    if source.customers is not None:
        found.append((CustomersReading(db, source, source.customers),))
    if source.taxes is not None:
        found.append((TaxesReading(db, source, source.taxes),))
    found += stock_readings(db, source)
    return (*found, *_documents(db, source))


def _documents(db: Database, source: Source) -> tuple[tuple[Reading, ...], ...]:
    """Orders before what names them; receipts of tills beside them, for an Odoo may have no tills."""
    documents = source.documents
    if documents is None:
        return ()
    return tuple(
        tuple(DocumentsReading(db, source, documents, kind) for kind in kinds)
        for kinds in ((ORDERS, SHIPMENTS, INVOICES), (SALES, SESSIONS))
    )
