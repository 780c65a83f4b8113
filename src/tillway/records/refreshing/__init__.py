"""Keep the records fresh: what of the outside is read, how far it was read, and by whom."""

from __future__ import annotations

from tillway.records.refreshing.asking import Synced, reading_all, synced
from tillway.records.refreshing.progress import (
    NEEDED,
    freshness,
    keep_lease,
    missing_loads,
    read_until,
    swept_until,
)
from tillway.records.refreshing.readings import Reading
from tillway.records.refreshing.refresher import Refresher
from tillway.records.refreshing.source import SWEEP_SECONDS, Source, StockPlace

__all__ = [
    "NEEDED",
    "SWEEP_SECONDS",
    "Reading",
    "Refresher",
    "Source",
    "StockPlace",
    "Synced",
    "freshness",
    "keep_lease",
    "missing_loads",
    "read_until",
    "reading_all",
    "swept_until",
    "synced",
]
