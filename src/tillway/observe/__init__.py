"""What it means for the shop: the trace of a business transaction, and how the hub does."""

from __future__ import annotations

from tillway.observe.health import FollowerHealth, Freshness, Health, look
from tillway.observe.measuring import fresh, measure
from tillway.observe.promised import DomainFreshness, Measured, tolerance
from tillway.observe.trace import Stage, Trace, trace
from tillway.observe.tracing import events_of, find

__all__ = [
    "DomainFreshness",
    "FollowerHealth",
    "Freshness",
    "Health",
    "Measured",
    "Stage",
    "Trace",
    "events_of",
    "find",
    "fresh",
    "look",
    "measure",
    "tolerance",
    "trace",
]
