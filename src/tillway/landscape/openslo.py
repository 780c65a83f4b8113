"""A service level as an OpenSLO v1 document, measured by what the front door counts. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Final

from tillway.landscape.promising import ServiceLevel

API_VERSION: Final = "openslo/v1"


def openslo(level: ServiceLevel, owner: str, operations: Sequence[str], bounds: Sequence[float]) -> dict[str, Any]:
    """The document. `operations` are those of the interface, `bounds` those (seconds) it is counted by.

    A threshold between two bounds is measured by the lower one: a promise is rather measured too hard than too softly.
    """
    name = _name(level.id)
    return {
        "apiVersion": API_VERSION,
        "kind": "SLO",
        "metadata": {
            "name": name,
            "displayName": level.name,
            "labels": {"api": level.api, "indicator": level.indicator},
            "annotations": {"tillway.dev/id": level.id, "tillway.dev/owner": owner},
        },
        "spec": {
            "description": said(level),
            "service": _name(level.api),
            "indicator": {
                "metadata": {"name": f"{name}-indicator", "displayName": _measured(level)},
                "spec": {"ratioMetric": _ratio(level, operations, bounds)},
            },
            "timeWindow": [{"duration": f"{level.window_days}d", "isRolling": True}],
            "budgetingMethod": "Occurrences",
            "objectives": [{"displayName": level.name, "target": level.target}],
        },
    }


def said(level: ServiceLevel) -> str:
    """The promise in a sentence."""
    share = f"{level.target * 100:.7f}".rstrip("0").rstrip(".")
    how = (
        "without a fault of ours" if level.threshold_seconds is None else f"within {_seconds(level.threshold_seconds)}"
    )
    return f"{share} % of the requests to {level.api} are answered {how}, over {level.window_days} days."


def _measured(level: ServiceLevel) -> str:
    return "Answers without a fault of ours" if level.threshold_seconds is None else "Answers within the threshold"


def _ratio(level: ServiceLevel, operations: Sequence[str], bounds: Sequence[float]) -> dict[str, Any]:
    asked = f'operation=~"{"|".join(sorted(operations))}"'
    if level.threshold_seconds is None:
        good, total = f'tillway_requests_total{{{asked},status!~"5.."}}', f"tillway_requests_total{{{asked}}}"
    else:
        bound = max((each for each in bounds if each <= level.threshold_seconds), default=min(bounds))
        good = f'tillway_request_seconds_bucket{{{asked},le="{float(bound)}"}}'
        total = f"tillway_request_seconds_count{{{asked}}}"
    return {"counter": True, "good": _source(good, level), "total": _source(total, level)}


def _source(series: str, level: ServiceLevel) -> dict[str, Any]:
    query = f"sum(increase({series}[{level.window_days}d]))"
    return {"metricSource": {"type": "Prometheus", "spec": {"query": query}}}


def _seconds(seconds: float) -> str:
    return f"{seconds:g} s" if seconds >= 1 else f"{seconds * 1000:g} ms"


def _name(text: str) -> str:
    """A name as RFC 1123 has it."""
    return re.sub(r"[^a-z0-9-]+", "-", text.lower()).strip("-")[:63] or "unnamed"
