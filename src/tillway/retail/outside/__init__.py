"""The outside world as the hub needs it: one protocol per capability, filled in by a connector.

Every method is async and takes the terms of the call first. Returning means done. `Rejected` and `Invalid` mean not
done, and asking the same again is no use; `TryAgain` means not done, perhaps later; `OutcomeUnknown` means that an
effect was asked for and no answer came: find out before asking again.
"""

from __future__ import annotations

from tillway.retail.outside.catalogue import Catalogue, CataloguePage, DataFinding, DataFindingKind
from tillway.retail.outside.change_hooks import ChangeHook, ChangeHooks, ChangeHookState
from tillway.retail.outside.customers import BackOfficeCustomer, Customers
from tillway.retail.outside.documents import (
    Documents,
    Gap,
    InvoiceThere,
    OrderNamed,
    OrderThere,
    SaleThere,
    SessionThere,
    ShipmentThere,
)
from tillway.retail.outside.invoicing import BackOfficeInvoice, BackOfficePayment, Invoicing
from tillway.retail.outside.ledgers import Ledgers, ListedCustomer, ListedDocument
from tillway.retail.outside.loyalty import BackOfficeCard, Bringing, Brought, Loyalty
from tillway.retail.outside.office import Office, Offices
from tillway.retail.outside.order_book import (
    BackOfficeLine,
    BackOfficeOrder,
    BackOfficeStanding,
    BackOfficeState,
    BackOfficeStore,
    OrderBook,
)
from tillway.retail.outside.paging import Cursor, Page
from tillway.retail.outside.price_lists import ASKED_MAX, PriceAsked, PriceLists
from tillway.retail.outside.returns import GoodsBack, TakingBack
from tillway.retail.outside.stock import Counted, Stock, TransferPlaces
from tillway.retail.outside.taxes import TaxBook
from tillway.retail.outside.till_sessions import BackOfficeSale, TillSessions

__all__ = [
    "ASKED_MAX",
    "BackOfficeCard",
    "BackOfficeCustomer",
    "BackOfficeInvoice",
    "BackOfficeLine",
    "BackOfficeOrder",
    "BackOfficePayment",
    "BackOfficeSale",
    "BackOfficeStanding",
    "BackOfficeState",
    "BackOfficeStore",
    "Bringing",
    "Brought",
    "Catalogue",
    "CataloguePage",
    "ChangeHook",
    "ChangeHookState",
    "ChangeHooks",
    "Counted",
    "Cursor",
    "Customers",
    "DataFinding",
    "DataFindingKind",
    "Documents",
    "Gap",
    "GoodsBack",
    "InvoiceThere",
    "Invoicing",
    "Ledgers",
    "ListedCustomer",
    "ListedDocument",
    "Loyalty",
    "Office",
    "Offices",
    "OrderBook",
    "OrderNamed",
    "OrderThere",
    "Page",
    "PriceAsked",
    "PriceLists",
    "SaleThere",
    "SessionThere",
    "ShipmentThere",
    "Stock",
    "TakingBack",
    "TaxBook",
    "TillSessions",
    "TransferPlaces",
]
