"""What the demo's landscape promises: teams, service levels, stewards, and who depends on what."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import yaml

from tillway import contracts
from tillway.landscape import base_landscape

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
    "points-quick": {
        "name": "Points and gift cards do not hold up the checkout",
        "api": "loyalty",
        "indicator": "latency",
        "target": 0.95,
        "threshold_seconds": 0.5,
    },
    "promises-quick": {
        "name": "Stock is promised while the customer pays",
        "api": "stock",
        "indicator": "latency",
        "target": 0.99,
        "threshold_seconds": 0.5,
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
}

# How often interfaces are answered that no service level above speaks of: a share, by how much a shop suffers.
_ANSWERED: Final = {"critical": 0.999, "high": 0.999, "normal": 0.995, "low": 0.99}

# Who answers for the meaning of a domain's data.
_STEWARDS: Final = {
    "catalogue": "retail-operations",
    "customers": "ecommerce",
    "inventory": "store-operations",
    "loyalty": "ecommerce",
    "orders": "ecommerce",
    "payments": "retail-operations",
    "prices": "pricing",
}

# Who answers for the data of interfaces about the hub itself.
_HUB_STEWARD: Final = "retail-operations"

# Interfaces of a channel's own end in another interface; the others in the ERP.
THROUGH: Final = {"pos": "orders"}


def every_scope() -> tuple[str, ...]:
    """All that can be asked for: what the first consumer of a demo holds."""
    names = sorted({api for api, _ in contracts.load().apis})
    return tuple(f"{name}:{right}" for name in names for right in ("read", "write"))


def files(connection: str) -> dict[str, tuple[str, dict[str, Any]]]:
    """File name to comment and content. What interfaces and events are is said by what ships with Tillway."""
    shipped = yaml.safe_load(base_landscape())["apis"]
    apis = {name: _of_api(name, entry, connection) for name, entry in shipped.items()}
    return {
        "teams.yaml": ("Who answers, and where they are reached.", {"teams": _plain(TEAMS)}),
        "apis.yaml": ("Who answers for the data of what is offered, and what it calls.", {"apis": apis}),
        "promises.yaml": ("What is promised of interfaces.", {"service_levels": levels(shipped)}),
    }


def _of_api(name: str, shipped: Mapping[str, Any], connection: str) -> dict[str, Any]:
    if "domain" not in shipped:
        return {"steward": _HUB_STEWARD}
    return {"steward": _STEWARDS[shipped["domain"]], "calls": [THROUGH.get(name, connection)]}


def levels(shipped: Mapping[str, Any]) -> dict[str, Any]:
    """What is promised of each interface that ships."""
    told = {level["api"] for level in SERVICE_LEVELS.values() if level["indicator"] == "availability"}
    timed = {level["api"] for level in SERVICE_LEVELS.values() if level["indicator"] == "latency"}
    quick = {
        f"{name}-quick": {
            "name": f"Requests to {name} are answered quickly",
            "api": name,
            "indicator": "latency",
            "target": 0.99,
            "threshold_seconds": 1.0,
        }
        for name, entry in shipped.items()
        if name not in timed and entry["criticality"] == "critical"
    }
    answered = {
        f"{name}-answered": {
            "name": f"Requests to {name} are answered",
            "api": name,
            "indicator": "availability",
            "target": _ANSWERED[entry["criticality"]],
        }
        for name, entry in shipped.items()
        if name not in told
    }
    return {**_plain(SERVICE_LEVELS), **answered, **quick}


def _plain(entries: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    return {name: dict(entry) for name, entry in entries.items()}
