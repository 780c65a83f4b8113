"""What the demo's landscape promises: teams, domains with their freshness, service levels, and who depends on what."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

TEAMS: Final[Mapping[str, Mapping[str, str]]] = {
    "integration-team": {
        "name": "Integration team",
        "contact": "integration-team@demo-retail.example",
        "on_call": "+32 555 0101",
    },
    "retail-operations": {
        "name": "Retail operations",
        "contact": "retail-operations@demo-retail.example",
        "on_call": "+32 555 0102",
    },
    "store-operations": {"name": "Store operations", "contact": "store-operations@demo-retail.example"},
    "ecommerce": {"name": "E-commerce", "contact": "ecommerce@demo-retail.example"},
    "pricing": {"name": "Pricing", "contact": "pricing@demo-retail.example"},
}

DOMAINS: Final[Mapping[str, Mapping[str, Any]]] = {
    "assortment": {
        "owner": "retail-operations",
        "flows": {
            "selling": {
                "mode": "event",
                "staleness_seconds": 60,
                "reason": "a new product may be sold a minute after it is released",
            },
            "nightly-export": {
                "mode": "batch",
                "staleness_seconds": 86_400,
                "reason": "analysis compares days, not minutes",
            },
        },
    },
    "pricing": {
        "owner": "pricing",
        "flows": {
            "quoting": {"mode": "synchronous", "reason": "somebody waits at a till or in a basket"},
            "shelf-labels": {
                "mode": "event",
                "staleness_seconds": 10,
                "reason": "a label that disagrees with the till is argued about",
            },
        },
    },
    "sales": {
        "owner": "store-operations",
        "flows": {
            "ordering": {"mode": "synchronous", "reason": "the customer is promised something"},
            "booking": {
                "mode": "event",
                "staleness_seconds": 300,
                "reason": "takings are looked at within the hour",
            },
        },
    },
}

SERVICE_LEVELS: Final[Mapping[str, Mapping[str, Any]]] = {
    "orders-answered": {
        "name": "Orders are answered",
        "api": "orders",
        "indicator": "availability",
        "target": 0.999,
    },
    "orders-quick": {
        "name": "Orders are answered quickly",
        "api": "orders",
        "indicator": "latency",
        "target": 0.95,
        "threshold_seconds": 0.5,
    },
    "quotes-quick": {
        "name": "Prices are quoted while the customer waits",
        "api": "prices",
        "indicator": "latency",
        "target": 0.99,
        "threshold_seconds": 0.1,
        "window_days": 7,
    },
    "sales-taken": {
        "name": "Sales of tills are taken",
        "api": "pos",
        "indicator": "availability",
        "target": 0.999,
    },
    "sales-quick": {
        "name": "A till is not kept waiting",
        "api": "pos",
        "indicator": "latency",
        "target": 0.99,
        "threshold_seconds": 2.0,
    },
    "operations-quick": {
        "name": "Acting on the hub is quick",
        "api": "operations",
        "indicator": "latency",
        "target": 0.95,
        "threshold_seconds": 5.0,
    },
    **{
        f"{name}-answered": {"name": title, "api": name, "indicator": "availability", "target": target}
        for name, title, target in (
            ("prices", "Prices are answered", 0.999),
            ("products", "Products are answered", 0.999),
            ("events", "Events are handed out", 0.995),
            ("devices", "Tills are let in", 0.99),
            ("operations", "Operators are answered", 0.99),
        )
    },
}

# Domain and steward of the interfaces that end in the ERP, and what they call on their way there.
_BEHIND: Final[Mapping[str, tuple[str, str, str | None]]] = {
    "products": ("assortment", "retail-operations", None),
    "prices": ("pricing", "pricing", None),
    "orders": ("sales", "ecommerce", None),
    "pos": ("sales", "store-operations", "orders"),
}

# Who answers for the data of interfaces about the hub itself.
_STEWARDS: Final = {"operations": "retail-operations"}

# By the first word of an event type: its domain, what it comes from, and how soon it is told (seconds).
_TOLD: Final[Mapping[str, tuple[str, str | None, float]]] = {
    "order": ("sales", "orders", 5.0),
    "sale": ("sales", "pos", 5.0),
    "price": ("pricing", None, 10.0),
    "product": ("assortment", None, 60.0),
}


def of_api(name: str, connection: str) -> dict[str, Any]:
    """What more is said of an interface."""
    if name not in _BEHIND:
        return {"steward": _STEWARDS[name]} if name in _STEWARDS else {}
    domain, steward, through = _BEHIND[name]
    return {"steward": steward, "domain": domain, "calls": [through or connection]}


def of_event(name: str, connection: str) -> dict[str, Any]:
    """What more is said of an event type. What no interface tells, the connection does."""
    domain, producer, seconds = _TOLD[name.split(".", maxsplit=1)[0]]
    return {"domain": domain, "producer": producer or connection, "freshness_seconds": seconds}


def files() -> dict[str, tuple[str, dict[str, Any]]]:
    """File name to comment and content."""
    promised = {"domains": _plain(DOMAINS), "service_levels": _plain(SERVICE_LEVELS)}
    comment = "How fresh each domain is for each of its uses, and what is promised of interfaces."
    return {
        "teams.yaml": ("Who answers, and where they are reached.", {"teams": _plain(TEAMS)}),
        "promises.yaml": (comment, promised),
    }


def _plain(entries: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    return {name: dict(entry) for name, entry in entries.items()}
