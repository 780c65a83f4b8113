"""House rules on events and domains: what is told has a schema, a class and a freshness. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from tillway.governance.rules.rule import Found, Subject, rule
from tillway.governance.rules.walking import Node, dereferenced, nested
from tillway.landscape import Flow
from tillway.masking import DATA_CLASSES

# Interfaces about the hub itself carry what other domains tell, or nothing of the business.
_OF_THE_HUB: Final = frozenset({"devices", "events", "operations", "subscriptions"})


def _schemas(subject: Subject) -> Mapping[str, Mapping[str, Any]]:
    """The newest schema of each event type."""
    return {name: schema for (name, _), schema in sorted(subject.documents.events.items())}


@rule(
    "event-without-schema",
    "error",
    sentence="Every event type has a schema.",
    why="Subscribers cannot check what they are told, and nothing stops a change from breaking them.",
    remedy="publish a schema of the type, or take the entry out; the catalogue lists those there are",
    breaks="events: {order.whispered: {owner: sales-it, data_class: internal, domain: selling}}\n"
    "consumers: {desk: {event_types: [order.accepted, order.whispered]}}",
    keeps="events: {order.whispered: null}",
)
def event_without_schema(subject: Subject) -> Iterator[Found]:
    """What is told is promised."""
    known = _schemas(subject)
    for name in subject.landscape.events:
        if name not in known:
            yield Found(("events", name), "there is no schema of it")


@rule(
    "event-class-too-low",
    "error",
    sentence="An event's data class is at least that of the members of its schema.",
    why="The class decides who is told and what logs show; too low, and personal data travels as if it were public.",
    remedy="raise `data_class` to the highest class in the schema",
    breaks="events: {order.accepted: {data_class: public}}",
    keeps="events: {order.accepted: {data_class: personal}}",
)
def event_class_too_low(subject: Subject) -> Iterator[Found]:
    """No member is above its event."""
    known = _schemas(subject)
    for name, entry in subject.landscape.events.items():
        found = _highest(known.get(name, {}))
        if DATA_CLASSES.index(found) > DATA_CLASSES.index(entry.data_class) and found in {"personal", "payment"}:
            yield Found(("events", name, "data_class"), f"it is {entry.data_class}, and its schema has {found} members")


def _highest(schema: Mapping[str, Any]) -> Any:
    found = [each.value.get("x-data-class", "public") for each in nested(Node((), schema))]
    for reference in [each for each in nested(Node((), schema)) if "$ref" in each.value]:
        whole = dereferenced(schema, reference)
        found += [each.value.get("x-data-class", "public") for each in nested(whole)]
    return max(found, key=DATA_CLASSES.index, default="public")


@rule(
    "domain-missing",
    "warning",
    sentence="Interfaces and events belong to a declared domain.",
    why="The domain says whose data it is and how old it may be; without it nobody can say that it is too old.",
    remedy="declare the domain under `domains` and name it",
    breaks="apis: {miles: {domain: null}}",
    keeps="apis: {miles: {domain: selling}}",
)
def domain_missing(subject: Subject) -> Iterator[Found]:
    """Data has a domain."""
    held = subject.landscape
    for section, entries in (("apis", held.apis), ("events", held.events)):
        for name, entry in entries.items():
            if entry.domain is None and name not in _OF_THE_HUB:
                yield Found((section, name), "it belongs to no domain")


@rule(
    "domain-without-flow",
    "warning",
    sentence="A domain says how its data travels and how old it may be.",
    why="Real time for everything is waste, batch for everything sells what is gone: the choice is made per use.",
    remedy="declare a flow with mode, staleness and reason",
    breaks="domains: {selling: {flows: null}}",
    keeps="domains: {selling: {flows: {orders: {mode: event, staleness_seconds: 60, reason: pickers wait for it}}}}",
)
def domain_without_flow(subject: Subject) -> Iterator[Found]:
    """Domains have flows."""
    for domain in subject.landscape.domains.values():
        if not domain.flows:
            yield Found(("domains", domain.id), "it has no flow")


@rule(
    "flow-without-staleness",
    "error",
    sentence="A flow that is not synchronous says how old its data may be.",
    why="Late is only late against a number.",
    remedy="add `staleness_seconds`",
    breaks="domains: {selling: {flows: {takings: {mode: batch, reason: the bank counts by day}}}}",
    keeps="domains: {selling: {flows: {takings:"
    " {mode: batch, staleness_seconds: 86400, reason: the bank counts by day}}}}",
)
def flow_without_staleness(subject: Subject) -> Iterator[Found]:
    """Flows have a number."""
    for domain in subject.landscape.domains.values():
        for name, flow in domain.flows.items():
            if flow.mode != "synchronous" and flow.staleness_seconds is None:
                yield Found(("domains", domain.id, "flows", name), f"{flow.mode} without staleness_seconds")


@rule(
    "event-slower-than-flow",
    "warning",
    sentence="An event is told as soon as its domain's event flow needs it.",
    why="The event would keep its promise while everybody who relies on the domain is late.",
    remedy="lower `freshness_seconds`, or allow the flow more",
    breaks="events: {order.accepted: {freshness_seconds: 3600}}",
    keeps="events: {order.accepted: {freshness_seconds: 30}}",
)
def event_slower_than_flow(subject: Subject) -> Iterator[Found]:
    """Events are as fresh as their domain."""
    for name, entry in subject.landscape.events.items():
        allowed = min(_staleness(subject, entry.domain, "event"), default=None)
        if entry.freshness_seconds is not None and allowed is not None and entry.freshness_seconds > allowed:
            text = f"{entry.freshness_seconds:g} s, and a flow of {entry.domain!r} allows {allowed:g} s"
            yield Found(("events", name, "freshness_seconds"), text)


@rule(
    "stale-beyond-domain",
    "warning",
    sentence="No answer from memory is older than any use of its domain allows, and none holds closed data.",
    why="While Postgres is away it would be sold as current; and what is kept in memory is not sealed or erased.",
    remedy="lower `stale_seconds`, or take it out",
    breaks="apis: {prices: {domain: selling, stale_seconds: 900}}",
    keeps="apis: {prices: {domain: selling, stale_seconds: 60}}",
)
def stale_beyond_domain(subject: Subject) -> Iterator[Found]:
    """What is served stale is not too stale."""
    for path, api in subject.apis():
        if api.stale_seconds is None:
            continue
        allowed = max(_staleness(subject, api.domain, None), default=None)
        if allowed is not None and api.stale_seconds > allowed:
            text = f"{api.stale_seconds:g} s, and no flow of {api.domain!r} allows more than {allowed:g} s"
            yield Found((*path, "stale_seconds"), text)
        if api.data_class in {"personal", "payment", "secret"}:
            yield Found((*path, "stale_seconds"), f"{api.data_class} data would be served from memory")


def _staleness(subject: Subject, domain: str | None, mode: str | None) -> list[float]:
    """What the flows of a domain allow; those of one mode, or all."""
    found = subject.landscape.domains.get(domain or "")
    flows: tuple[Flow, ...] = () if found is None else tuple(found.flows.values())
    allowed = [each.staleness_seconds for each in flows if mode is None or each.mode == mode]
    return [each for each in allowed if each is not None]


RULES: Final = (
    event_without_schema,
    event_class_too_low,
    domain_missing,
    domain_without_flow,
    flow_without_staleness,
    event_slower_than_flow,
    stale_beyond_domain,
)
