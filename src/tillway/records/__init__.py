"""What we know now: products, price lists, orders, sales and links; intake and refresh."""

from __future__ import annotations

from tillway.records import (
    customers,
    links,
    loyalty,
    order_changes,
    orders,
    payments,
    products,
    promotions,
    quarantine,
    returns,
    sales,
    taxes,
)
from tillway.records.cache import Shelf, Stale
from tillway.records.erasing import PERSONAL
from tillway.records.refreshing import (
    SWEEP_SECONDS,
    Refresher,
    Source,
    freshness,
    keep_lease,
    missing_loads,
    read_again,
)
from tillway.records.tracing import Cause

__all__ = [
    "PERSONAL",
    "SWEEP_SECONDS",
    "Cause",
    "Refresher",
    "Shelf",
    "Source",
    "Stale",
    "customers",
    "freshness",
    "keep_lease",
    "links",
    "loyalty",
    "missing_loads",
    "order_changes",
    "orders",
    "payments",
    "products",
    "promotions",
    "quarantine",
    "read_again",
    "returns",
    "sales",
    "taxes",
]
