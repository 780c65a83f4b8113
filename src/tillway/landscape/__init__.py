"""The rules that nodes enforce: typed, frozen, checked; read from the YAML that people review."""

from __future__ import annotations

from tillway.landscape.active import Active, Listener
from tillway.landscape.building import build
from tillway.landscape.landscape import Landscape
from tillway.landscape.model import (
    Api,
    Connection,
    Consumer,
    CustomerEntry,
    EventEntry,
    Organisation,
    Outbound,
    PriceListEntry,
    SecretRef,
    Shop,
    SubscriptionEntry,
    Till,
    Webhook,
)
from tillway.landscape.problem import InvalidLandscape, Mark, Problem
from tillway.landscape.reading import fingerprint, read, reveal, reveal_all
from tillway.landscape.schema import json_schema

__all__ = [
    "Active",
    "Api",
    "Connection",
    "Consumer",
    "CustomerEntry",
    "EventEntry",
    "InvalidLandscape",
    "Landscape",
    "Listener",
    "Mark",
    "Organisation",
    "Outbound",
    "PriceListEntry",
    "Problem",
    "SecretRef",
    "Shop",
    "SubscriptionEntry",
    "Till",
    "Webhook",
    "build",
    "fingerprint",
    "json_schema",
    "read",
    "reveal",
    "reveal_all",
]
