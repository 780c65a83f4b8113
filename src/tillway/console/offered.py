"""What anybody may see: interfaces, events, domains and service levels, as contracts and landscape say. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

import msgspec

from tillway.console.fields import Row, rows
from tillway.console.operations import OperationView, viewed
from tillway.contracts import ENVELOPE, Document
from tillway.contracts.catalog import ROOT
from tillway.landscape import Landscape, ServiceLevel
from tillway.landscape.openslo import said


class LevelView(msgspec.Struct, frozen=True, kw_only=True):
    """A service level, and the promise in a sentence."""

    id: str
    name: str
    api: str
    indicator: str
    target: float
    threshold_seconds: float | None
    window_days: int
    promise: str
    document: str


class Governed(msgspec.Struct, frozen=True, kw_only=True):
    """What the landscape says of an interface; `lifecycle` is `undeclared` where it says nothing."""

    lifecycle: str = "undeclared"
    deprecated: date | None = None
    sunset: date | None = None
    successor: str | None = None
    layer: str | None = None
    criticality: str | None = None
    data_class: str | None = None
    owner: str | None = None
    deputy: str | None = None
    steward: str | None = None
    domain: str | None = None
    upstream: str | None = None


class ApiView(msgspec.Struct, frozen=True, kw_only=True):
    """One major version of an interface."""

    api: str
    version: int
    title: str
    release: str
    summary: str
    description: str
    governed: Governed
    levels: tuple[LevelView, ...]
    operations: tuple[OperationView, ...]
    tags: Mapping[str, str]
    href: str
    document: str


class EventView(msgspec.Struct, frozen=True, kw_only=True):
    """One version of an event type. `declared`: the landscape knows it, so that somebody can be told."""

    type: str
    version: int
    description: str
    fields: tuple[Row, ...]
    example: str | None
    declared: bool
    owner: str | None
    domain: str | None
    producer: str | None
    data_class: str | None
    freshness_seconds: float | None
    retention: str | None
    replay_days: int | None
    href: str
    schema: str


class FlowView(msgspec.Struct, frozen=True, kw_only=True):
    """One use of a domain's data."""

    id: str
    mode: str
    staleness_seconds: float | None
    reason: str


class DomainView(msgspec.Struct, frozen=True, kw_only=True):
    """A subject of the business, with what carries and tells it."""

    id: str
    owner: str
    flows: tuple[FlowView, ...]
    apis: tuple[str, ...]
    events: tuple[str, ...]


class Offer(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that is offered under one landscape."""

    organisation: str
    apis: tuple[ApiView, ...]
    events: tuple[EventView, ...]
    domains: tuple[DomainView, ...]
    levels: tuple[LevelView, ...]


def offer(landscape: Landscape) -> Offer:
    """What this landscape and its contracts offer together, the retailer's own among them."""
    documents = landscape.documents
    levels = tuple(_level(each) for each in landscape.service_levels.values())
    events = [(key, schema) for key, schema in documents.events.items() if key[0] != ENVELOPE]
    return Offer(
        organisation=landscape.organisation.name,
        apis=tuple(_api(document, landscape, levels) for document in documents.apis.values()),
        events=tuple(_event(*key, schema, landscape) for key, schema in events),
        domains=tuple(_domain(name, landscape) for name in landscape.domains),
        levels=levels,
    )


def _level(level: ServiceLevel) -> LevelView:
    return LevelView(
        id=level.id,
        name=level.name,
        api=level.api,
        indicator=level.indicator,
        target=level.target,
        threshold_seconds=level.threshold_seconds,
        window_days=level.window_days,
        promise=said(level),
        document=f"{ROOT}/service-levels/{level.id}.yaml",
    )


def _api(document: Document, landscape: Landscape, levels: tuple[LevelView, ...]) -> ApiView:
    info, place = document.content["info"], f"{ROOT}/apis/{document.api}/v{document.version}"
    return ApiView(
        api=document.api,
        version=document.version,
        title=info["title"],
        release=info["version"],
        summary=info.get("summary", ""),
        description=info.get("description", ""),
        governed=_governed(document, landscape),
        levels=tuple(each for each in levels if each.api == document.api),
        operations=tuple(viewed(document, each) for each in document.operations),
        tags={each["name"]: each.get("description", "") for each in document.content.get("tags", ())},
        href=place,
        document=f"{place}/openapi.json",
    )


def _governed(document: Document, landscape: Landscape) -> Governed:
    api = landscape.apis.get(document.api)
    if api is None:
        return Governed()
    version = api.versions.get(f"v{document.version}")
    return Governed(
        lifecycle="undeclared" if version is None else version.lifecycle,
        deprecated=None if version is None else version.deprecated,
        sunset=None if version is None else version.sunset,
        successor=None if version is None else version.successor,
        layer=api.layer,
        criticality=api.criticality,
        data_class=api.data_class,
        owner=api.owner,
        deputy=api.deputy,
        steward=api.steward,
        domain=api.domain,
        upstream=api.upstream,
    )


def _event(name: str, version: int, schema: Mapping[str, Any], landscape: Landscape) -> EventView:
    entry = landscape.events.get(name)
    place = f"{ROOT}/events/{name}/v{version}"
    example = next(iter(schema.get("examples", ())), None)
    return EventView(
        type=name,
        version=version,
        description=schema.get("description", ""),
        fields=rows(schema, schema),
        example=None if example is None else msgspec.json.format(msgspec.json.encode(example), indent=2).decode(),
        declared=entry is not None,
        owner=None if entry is None else entry.owner,
        domain=None if entry is None else entry.domain,
        producer=None if entry is None else entry.producer,
        data_class=None if entry is None else entry.data_class,
        freshness_seconds=None if entry is None else entry.freshness_seconds,
        retention=None if entry is None else entry.retention,
        replay_days=None if entry is None else entry.replay_days,
        href=place,
        schema=f"{place}/schema.json",
    )


def _domain(name: str, landscape: Landscape) -> DomainView:
    domain = landscape.domains[name]
    return DomainView(
        id=name,
        owner=domain.owner,
        flows=tuple(
            FlowView(id=key, mode=flow.mode, staleness_seconds=flow.staleness_seconds, reason=flow.reason)
            for key, flow in domain.flows.items()
        ),
        apis=tuple(each.id for each in landscape.apis.values() if each.domain == name),
        events=tuple(each.id for each in landscape.events.values() if each.domain == name),
    )
