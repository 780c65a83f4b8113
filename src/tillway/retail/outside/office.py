"""A back office: the capabilities of one company in one system, and who finds the one that answers for a shop."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from tillway.retail.outside.catalogue import Catalogue
from tillway.retail.outside.change_hooks import ChangeHooks
from tillway.retail.outside.customers import Customers
from tillway.retail.outside.documents import Documents
from tillway.retail.outside.invoicing import Invoicing
from tillway.retail.outside.ledgers import Ledgers
from tillway.retail.outside.loyalty import Loyalty
from tillway.retail.outside.order_book import OrderBook
from tillway.retail.outside.price_lists import PriceLists
from tillway.retail.outside.returns import TakingBack
from tillway.retail.outside.stock import Stock
from tillway.retail.outside.taxes import TaxBook
from tillway.retail.outside.till_sessions import TillSessions


@dataclass(frozen=True, slots=True, kw_only=True)
class Office:
    """What one connection can do for one company."""

    connection: str
    """Our name of it, as the landscape declares it."""
    company: str
    """Foreign id of the company on whose behalf it is asked."""
    catalogue: Catalogue
    price_lists: PriceLists
    orders: OrderBook
    tills: TillSessions
    taxes: TaxBook
    stock: Stock
    documents: Documents
    hooks: ChangeHooks
    loyalty: Loyalty
    invoicing: Invoicing
    taking_back: TakingBack
    journals: Mapping[str, str] = field(default_factory=dict)
    """Foreign ids of the journals that a shop's payments are booked in, by kind of tender; others are not booked."""
    customers: Customers
    ledgers: Ledgers


class Offices(Protocol):
    """The back offices that the landscape in force declares, at the moment of each question."""

    def at(self, shop: str) -> Office:
        """The one behind a shop. NotFound when there is no such shop."""
        ...

    def of(self, connection: str) -> Office:
        """The one behind a connection, for the company of its first shop. NotFound when there is no such connection."""
        ...
