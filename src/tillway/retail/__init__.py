"""The words of retail, and the sums over them: pure values and pure functions, nothing read, nothing sent."""

from __future__ import annotations

from tillway.retail.call import Call, Criticality
from tillway.retail.data_class import DataClass, classed
from tillway.retail.gtin import check_digit, parse_gtin
from tillway.retail.money import CURRENCIES, MINOR_UNITS, Money, minor_units, rounded
from tillway.retail.order import Order, OrderDefaults, OrderLine, OrderRequest, OrderRequestLine
from tillway.retail.outside import (
    BackOfficeLine,
    BackOfficeOrder,
    BackOfficeSale,
    BackOfficeStore,
    Catalogue,
    OrderBook,
    Page,
    PriceLists,
    TillSessions,
)
from tillway.retail.price import LIST_PRICE, Price, PriceList, PriceRule
from tillway.retail.product import Product
from tillway.retail.quantity import Quantity
from tillway.retail.sale import Sale, SaleLine, sale_id
from tillway.retail.sku import parse_sku
from tillway.retail.store import Store, Till
from tillway.retail.tax import Tax, TaxSplit
from tillway.retail.tender import Tender

__all__ = [
    "CURRENCIES",
    "LIST_PRICE",
    "MINOR_UNITS",
    "BackOfficeLine",
    "BackOfficeOrder",
    "BackOfficeSale",
    "BackOfficeStore",
    "Call",
    "Catalogue",
    "Criticality",
    "DataClass",
    "Money",
    "Order",
    "OrderBook",
    "OrderDefaults",
    "OrderLine",
    "OrderRequest",
    "OrderRequestLine",
    "Page",
    "Price",
    "PriceList",
    "PriceLists",
    "PriceRule",
    "Product",
    "Quantity",
    "Sale",
    "SaleLine",
    "Store",
    "Tax",
    "TaxSplit",
    "Tender",
    "Till",
    "TillSessions",
    "check_digit",
    "classed",
    "minor_units",
    "parse_gtin",
    "parse_sku",
    "rounded",
    "sale_id",
]
