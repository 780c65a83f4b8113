"""What only people of the house may see: consumers, owners and who uses what, declared against observed. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime

import msgspec

from tillway.audit import UsedBy
from tillway.identity import people
from tillway.landscape import Landscape


class Use(msgspec.Struct, frozen=True, kw_only=True):
    """One line from who uses to what is used.

    `state`: used (declared and observed), unused (declared, not observed), undeclared (observed, not declared), or
    declared (nobody can observe it).
    """

    source: str
    target: str
    kind: str
    state: str
    why: str
    calls: int = 0
    refused: int = 0
    last_seen: datetime | None = None


class ConsumerView(msgspec.Struct, frozen=True, kw_only=True):
    """A consumer with its rights, and what it made of them."""

    id: str
    owner: str
    contact: str
    purpose: str
    kind: str
    scopes: tuple[str, ...]
    shops: tuple[str, ...]
    event_types: tuple[str, ...]
    data_classes: tuple[str, ...]
    subscriptions: tuple[str, ...]
    review: date
    calls: int
    refused: int
    last_seen: datetime | None


class OwnerView(msgspec.Struct, frozen=True, kw_only=True):
    """A team, or a name that owns something and is no team, with everything it answers for."""

    id: str
    name: str
    contact: str | None
    on_call: str | None
    declared: bool
    owns: tuple[tuple[str, str], ...]


PEOPLE = "signed-in people"


def uses(landscape: Landscape, observed: Iterable[UsedBy]) -> tuple[Use, ...]:
    """Every line of the map, by source and target."""
    operations = {operation.id: operation.api for _, operation in landscape.documents.operations()}
    seen: dict[tuple[str, str], UsedBy] = {}
    for each in observed:
        if (api := operations.get(each.operation)) is not None:
            key = (PEOPLE if people.is_person(each.consumer) else each.consumer, api)
            seen[key] = _added(seen.get(key), each)
    declared = _may_call(landscape)
    lines = [
        *(_use(key, why, seen.pop(key, None)) for key, why in declared.items()),
        *(_strange(key, used) for key, used in seen.items()),
        *_calls(landscape),
        *_told(landscape),
    ]
    return tuple(sorted(lines, key=lambda each: (each.kind, each.source, each.target)))


def may_call(landscape: Landscape, api: str) -> tuple[str, ...]:
    """The consumers that may call an interface."""
    return tuple(consumer for consumer, target in _may_call(landscape) if target == api)


def consumers(landscape: Landscape, observed: Iterable[UsedBy]) -> tuple[ConsumerView, ...]:
    """Every consumer of the landscape."""
    sums: dict[str, UsedBy] = {}
    for each in observed:
        sums[each.consumer] = _added(sums.get(each.consumer), each)
    return tuple(_consumer(name, landscape, sums.get(name)) for name in landscape.consumers)


def owners(landscape: Landscape) -> tuple[OwnerView, ...]:
    """Every name that answers for something, teams first."""
    owned: dict[str, list[tuple[str, str]]] = {name: [] for name in landscape.teams}
    for owner, kind, what in _owned(landscape):
        owned.setdefault(owner, []).append((kind, what))
    return tuple(
        OwnerView(
            id=name,
            name=team.name if team else name,
            contact=team.contact if team else None,
            on_call=team.on_call if team else None,
            declared=team is not None,
            owns=tuple(things),
        )
        for name, things in owned.items()
        for team in (landscape.teams.get(name),)
    )


def _owned(landscape: Landscape) -> Iterator[tuple[str, str, str]]:
    for api in landscape.apis.values():
        yield api.owner, "api", api.id
        for role, who in (("deputy of api", api.deputy), ("steward of api", api.steward)):
            if who is not None:
                yield who, role, api.id
    sections: tuple[tuple[str, Mapping[str, object]], ...] = (
        ("event", landscape.events),
        ("domain", landscape.domains),
        ("process", landscape.processes),
        ("upstream", landscape.upstreams),
        ("mapping", landscape.mappings),
        ("consumer", landscape.consumers),
    )
    for kind, entries in sections:
        for name, entry in entries.items():
            yield str(getattr(entry, "owner", "")), kind, name


def _may_call(landscape: Landscape) -> dict[tuple[str, str], str]:
    found: dict[tuple[str, str], str] = {}
    for consumer in landscape.consumers.values():
        for scope in consumer.scopes:
            api = landscape.apis.get(scope.split(":")[0])
            if api is not None and (api.callers == "*" or consumer.id in api.callers):
                why = found.get((consumer.id, api.id))
                found[consumer.id, api.id] = scope if why is None else f"{why}, {scope}"
    return found


def _use(key: tuple[str, str], why: str, used: UsedBy | None) -> Use:
    if used is None:
        return Use(source=key[0], target=key[1], kind="call", state="unused", why=why)
    return Use(
        source=key[0],
        target=key[1],
        kind="call",
        state="used",
        why=why,
        calls=used.calls,
        refused=used.refused,
        last_seen=used.last_seen,
    )


def _strange(key: tuple[str, str], used: UsedBy) -> Use:
    """Nobody declared it; people and operators may by role. Refused calls alone are an attempt."""
    by_role = key[0] in {PEOPLE, "operator"}
    why = "by role" if by_role else ("refused" if used.calls == used.refused else "no scope in the landscape")
    return Use(
        source=key[0],
        target=key[1],
        kind="call",
        state="used" if by_role else "undeclared",
        why=why,
        calls=used.calls,
        refused=used.refused,
        last_seen=used.last_seen,
    )


def _calls(landscape: Landscape) -> Iterator[Use]:
    for api in landscape.apis.values():
        for target in dict.fromkeys((*api.calls, *((api.upstream,) if api.upstream else ()))):
            yield Use(source=api.id, target=target, kind="depends", state="declared", why="calls")


def _told(landscape: Landscape) -> Iterator[Use]:
    for each in landscape.subscriptions.values():
        why = f"{each.id}: {', '.join(each.types)}"
        yield Use(source=each.consumer, target="events", kind="told", state="declared", why=why)


def _consumer(name: str, landscape: Landscape, used: UsedBy | None) -> ConsumerView:
    entry = landscape.consumers[name]
    return ConsumerView(
        id=name,
        owner=entry.owner,
        contact=entry.contact,
        purpose=entry.purpose,
        kind=entry.kind,
        scopes=entry.scopes,
        shops=("every shop",) if entry.shops == "*" else tuple(entry.shops or ((entry.shop,) if entry.shop else ())),
        event_types=("every type",) if entry.event_types == "*" else tuple(entry.event_types),
        data_classes=tuple(entry.data_classes),
        subscriptions=tuple(each.id for each in landscape.subscriptions_of(name)),
        review=entry.review,
        calls=used.calls if used else 0,
        refused=used.refused if used else 0,
        last_seen=used.last_seen if used else None,
    )


def _added(before: UsedBy | None, more: UsedBy) -> UsedBy:
    if before is None:
        return more
    return UsedBy(
        consumer=before.consumer,
        operation=before.operation,
        calls=before.calls + more.calls,
        refused=before.refused + more.refused,
        last_seen=max(before.last_seen, more.last_seen),
    )
