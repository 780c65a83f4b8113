"""Freshness as a decision: what each flow of a domain was promised, held against what was measured. Pure.

How fresh something is, is told by the worst of what carries it: the reading of a back office, from the last one that
ended until now; and the followers of its events, from the oldest that one of them has not had yet.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Final, Literal

import msgspec

from tillway.landscape import Landscape
from tillway.landscape.promising import Flow

# What is read, by the name a reading goes by, for each domain that a landscape speaks of; others go by their own name.
READINGS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "products": "catalogue",
        "prices": "prices",
        "taxes": "prices",
        "promotions": "prices",
        "stock": "inventory",
        "customers": "customers",
        "loyalty": "loyalty",
        "orders": "orders",
        "documents": "orders",
        "shipments": "orders",
        "invoices": "orders",
        "sales": "orders",
        "sessions": "orders",
    }
)

# A poll that begins when the tolerance ends takes a moment itself: a tenth of it, and at least so many seconds.
GRACE: Final = 0.1
GRACE_SECONDS: Final = 5.0

Verdict = Literal["on-time", "late", "needless", "not-measured"]


class Measured(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that carries a domain."""

    domain: str
    kind: Literal["reading", "sweep", "follower"]
    name: str
    connection: str | None = None
    seconds: float | None
    """How old what it brings is; None when it has not brought anything yet."""
    told_seconds: float | None = None
    """From the last nudge until it was read, where a back office tells of changes."""


class FlowFreshness(msgspec.Struct, frozen=True, kw_only=True):
    """One flow: what was promised, what was measured, and what to make of it."""

    flow: str
    mode: str
    reason: str
    tolerance_seconds: float | None
    staleness_seconds: float | None
    verdict: Verdict
    finding: str


class DomainFreshness(msgspec.Struct, frozen=True, kw_only=True):
    """One domain."""

    domain: str
    calls: int
    """Calls of its operations in the time looked at."""
    subscribers: int
    """Who is told of its events: subscriptions, and consumers that read the feed and may have them."""
    flows: tuple[FlowFreshness, ...]
    measured: tuple[Measured, ...]


class Used(msgspec.Struct, frozen=True, kw_only=True):
    """Who uses what: calls by operation, and event types by who is told."""

    calls: Mapping[str, int]
    told: Mapping[str, frozenset[str]]


def judge(landscape: Landscape, measured: Iterable[Measured], used: Used, *, days: int) -> tuple[DomainFreshness, ...]:
    """Every domain that the landscape declares, in its order."""
    every = tuple(measured)
    return tuple(_domain(landscape, domain, every, used, days) for domain in landscape.domains)


def tolerance(landscape: Landscape, domains: Iterable[str], otherwise: float) -> float:
    """How old what a door remembers of these domains may be: the strictest of what their flows that travel by event
    or micro-batch tolerate. `otherwise` when none says anything.
    """
    flows = (flow for name in domains if name in landscape.domains for flow in landscape.domains[name].flows.values())
    seconds = (flow.staleness_seconds for flow in flows if flow.mode in {"event", "micro-batch"})
    return min((each for each in seconds if each is not None), default=otherwise)


def _domain(landscape: Landscape, domain: str, every: tuple[Measured, ...], used: Used, days: int) -> DomainFreshness:
    apis = {name for name, api in landscape.apis.items() if api.domain == domain}
    events = {name for name, event in landscape.events.items() if event.domain == domain}
    operations = {operation.id for _, operation in landscape.documents.operations() if operation.api in apis}
    calls = sum(count for operation, count in used.calls.items() if operation in operations)
    told = sum(1 for types in used.told.values() if types & events)
    mine = tuple(each for each in every if each.domain == domain)
    carried = bool(apis or events)
    flows = tuple(
        _flow(name, flow, mine, carried=carried, calls=calls, told=told, days=days)
        for name, flow in landscape.domains[domain].flows.items()
    )
    return DomainFreshness(domain=domain, calls=calls, subscribers=told, flows=flows, measured=mine)


def _flow(
    name: str, flow: Flow, measured: tuple[Measured, ...], *, carried: bool, calls: int, told: int, days: int
) -> FlowFreshness:
    seconds, waiting = _staleness(flow, measured)
    verdict, finding = _verdict(flow, seconds, waiting, carried=carried, calls=calls, told=told, days=days)
    return FlowFreshness(
        flow=name,
        mode=flow.mode,
        reason=flow.reason,
        tolerance_seconds=flow.staleness_seconds,
        staleness_seconds=seconds,
        verdict=verdict,
        finding=finding,
    )


def _staleness(flow: Flow, measured: tuple[Measured, ...]) -> tuple[float | None, str]:
    """The worst, and what brought nothing yet. A batch is as old as the last sweep where there is one."""
    sweeps = tuple(each for each in measured if each.kind == "sweep")
    chosen = sweeps if flow.mode == "batch" and sweeps else tuple(each for each in measured if each.kind != "sweep")
    waiting = next((each.name for each in chosen if each.seconds is None), "")
    return max((each.seconds for each in chosen if each.seconds is not None), default=None), waiting


def _verdict(
    flow: Flow, seconds: float | None, waiting: str, *, carried: bool, calls: int, told: int, days: int
) -> tuple[Verdict, str]:
    if not carried:
        return "not-measured", "no interface and no event of this hub carries it"
    if flow.mode == "synchronous":
        if not calls:
            return "needless", f"nobody called an operation of it in {days} days: it need not be asked while one waits"
        return "on-time", "answered while whoever asks waits"
    if waiting:
        return "late", f"{waiting} was never read whole"
    limit = flow.staleness_seconds
    if seconds is None or limit is None:
        return "not-measured", "nothing that carries it was measured"
    if seconds > limit + max(GRACE_SECONDS, limit * GRACE):
        return "late", f"{seconds:.0f} s old, and {limit:.0f} s are tolerated"
    if flow.mode != "batch" and not (calls or told):
        return (
            "needless",
            f"nobody called an operation of it or was told of its events in {days} days: a batch would do",
        )
    return "on-time", ""


def age(since: datetime | None, now: datetime) -> float | None:
    """Seconds since then, never less than none."""
    return None if since is None else max(0.0, (now - since).total_seconds())
