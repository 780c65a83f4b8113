"""The words of retail, and the sums over them: pure values and pure functions, nothing read, nothing sent."""

from __future__ import annotations

from tillway.retail.call import Call, Criticality
from tillway.retail.data_class import DataClass, classed
from tillway.retail.gtin import check_digit, parse_gtin
from tillway.retail.money import CURRENCIES, MINOR_UNITS, Money, minor_units, rounded
from tillway.retail.order import Order, OrderDefaults, OrderLine, OrderRequest, OrderRequestLine
from tillway.retail.outside import (
    ASKED_MAX,
    BackOfficeLine,
    BackOfficeOrder,
    BackOfficeSale,
    BackOfficeStore,
    Catalogue,
    ChangeHook,
    ChangeHooks,
    Counted,
    Documents,
    Gap,
    InvoiceThere,
    Office,
    Offices,
    OrderBook,
    OrderNamed,
    OrderThere,
    Page,
    PriceAsked,
    PriceLists,
    SaleThere,
    SessionThere,
    ShipmentThere,
    Stock,
    TillSessions,
    TransferPlaces,
)
from tillway.retail.place_order import UNPRICED, place
from tillway.retail.price import LIST_PRICE, Price, PriceList, PriceRule
from tillway.retail.pricing import price
from tillway.retail.product import Product
from tillway.retail.quantity import Quantity
from tillway.retail.quoting import QuotedLine, Totals, Wanted, quote
from tillway.retail.rule_order import applying, touched
from tillway.retail.sale import Sale, SaleLine, sale_id
from tillway.retail.sale_audit import audit_sale
from tillway.retail.shipment import Invoice, Shipment, ShipmentLine
from tillway.retail.sku import parse_sku
from tillway.retail.stock import (
    Availability,
    Held,
    StockAdjustment,
    StockLevel,
    StockPromise,
    StockTransfer,
    TransferLine,
    available,
)
from tillway.retail.store import Store, Till
from tillway.retail.tax import DEFAULT_ROUNDING, Document, Rounding, Tax, Taxed, TaxSplit, document, split
from tillway.retail.tender import Tender
from tillway.retail.wire import decode, encode, parse
from tillway.retail.word import Word

__all__ = [
    "ASKED_MAX",
    "CURRENCIES",
    "DEFAULT_ROUNDING",
    "LIST_PRICE",
    "MINOR_UNITS",
    "UNPRICED",
    "Availability",
    "BackOfficeLine",
    "BackOfficeOrder",
    "BackOfficeSale",
    "BackOfficeStore",
    "Call",
    "Catalogue",
    "ChangeHook",
    "ChangeHooks",
    "Counted",
    "Criticality",
    "DataClass",
    "Document",
    "Documents",
    "Gap",
    "Held",
    "Invoice",
    "InvoiceThere",
    "Money",
    "Office",
    "Offices",
    "Order",
    "OrderBook",
    "OrderDefaults",
    "OrderLine",
    "OrderNamed",
    "OrderRequest",
    "OrderRequestLine",
    "OrderThere",
    "Page",
    "Price",
    "PriceAsked",
    "PriceList",
    "PriceLists",
    "PriceRule",
    "Product",
    "Quantity",
    "QuotedLine",
    "Rounding",
    "Sale",
    "SaleLine",
    "SaleThere",
    "SessionThere",
    "Shipment",
    "ShipmentLine",
    "ShipmentThere",
    "Stock",
    "StockAdjustment",
    "StockLevel",
    "StockPromise",
    "StockTransfer",
    "Store",
    "Tax",
    "TaxSplit",
    "Taxed",
    "Tender",
    "Till",
    "TillSessions",
    "Totals",
    "TransferLine",
    "TransferPlaces",
    "Wanted",
    "Word",
    "applying",
    "audit_sale",
    "available",
    "check_digit",
    "classed",
    "decode",
    "document",
    "encode",
    "minor_units",
    "parse",
    "parse_gtin",
    "parse_sku",
    "place",
    "price",
    "quote",
    "rounded",
    "sale_id",
    "split",
    "touched",
]
