"""What we know now: products, price lists, orders, sales and links; intake and refresh."""

from __future__ import annotations

from tillway.records import (
    claims,
    customers,
    findings,
    links,
    loyalty,
    notices,
    order_changes,
    orders,
    payments,
    products,
    promises,
    promotions,
    quarantine,
    returns,
    sales,
    shipments,
    stock,
    taxes,
)
from tillway.records.cache import TOLERANCE, Shelf, Stale
from tillway.records.erasing import PERSONAL
from tillway.records.levels import Levels
from tillway.records.refreshing import (
    SWEEP_SECONDS,
    Refresher,
    Source,
    StockPlace,
    Synced,
    freshness,
    keep_lease,
    missing_loads,
    read_until,
    reading_all,
    swept_until,
    synced,
)
from tillway.records.there import BACK_OFFICE
from tillway.records.tracing import Cause

__all__ = [
    "BACK_OFFICE",
    "PERSONAL",
    "SWEEP_SECONDS",
    "TOLERANCE",
    "Cause",
    "Levels",
    "Refresher",
    "Shelf",
    "Source",
    "Stale",
    "StockPlace",
    "Synced",
    "claims",
    "customers",
    "findings",
    "freshness",
    "keep_lease",
    "links",
    "loyalty",
    "missing_loads",
    "notices",
    "order_changes",
    "orders",
    "payments",
    "products",
    "promises",
    "promotions",
    "quarantine",
    "read_until",
    "reading_all",
    "returns",
    "sales",
    "shipments",
    "stock",
    "swept_until",
    "synced",
    "taxes",
]
