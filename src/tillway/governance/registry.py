"""The consumer registry: everybody who may call, or did, with what they use, how they stand and what is amiss. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from datetime import date, datetime
from typing import Final, Literal

import msgspec

from tillway.identity import Standing, standing
from tillway.landscape import Consumer, Landscape

# Days without a call after which a right counts as unused: a month, and the half that a holiday takes.
UNUSED_DAYS: Final = 45

State = Literal["active", "suspended", "offboarded", "undeclared"]
Amiss = Literal[
    "never-seen", "not-seen-lately", "unused-scopes", "owner-unknown", "review-overdue", "undeclared", "still-declared"
]


class Seen(msgspec.Struct, frozen=True, kw_only=True):
    """What the rooms know of consumers, by id: last calls, scopes used of late, subscriptions, and who may not act."""

    last: Mapping[str, datetime]
    used: Mapping[str, Collection[str]]
    subscriptions: Mapping[str, tuple[str, ...]]
    suspended: Collection[str]
    offboarded: Collection[str]


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One consumer of the registry. What only the landscape knows is None for whoever it does not declare."""

    id: str
    state: State
    kind: str | None
    owner: str | None
    contact: str | None
    purpose: str | None
    environment: str | None
    review: date | None
    standing: Standing
    scopes: tuple[str, ...]
    unused_scopes: tuple[str, ...]
    subscriptions: tuple[str, ...]
    last_seen: datetime | None
    amiss: tuple[Amiss, ...]


def registry(landscape: Landscape, seen: Seen, today: date, *, since: date) -> tuple[Entry, ...]:
    """Everybody whom the landscape declares, and whoever has subscriptions or left without being declared, by id."""
    names = sorted({*landscape.consumers, *seen.subscriptions, *seen.offboarded})
    return tuple(entry(name, landscape, seen, today, since=since) for name in names)


def entry(name: str, landscape: Landscape, seen: Seen, today: date, *, since: date) -> Entry:
    """One consumer as the registry tells of it."""
    consumer = landscape.consumers.get(name)
    stands: Standing = "ok" if consumer is None else standing(consumer, landscape.governance.reviews, today)
    unused = () if consumer is None else tuple(each for each in consumer.scopes if each not in seen.used.get(name, ()))
    last = seen.last.get(name)
    state = _state(name, consumer, seen)
    return Entry(
        id=name,
        state=state,
        kind=None if consumer is None else consumer.kind,
        owner=None if consumer is None else consumer.owner,
        contact=None if consumer is None else consumer.contact,
        purpose=None if consumer is None else consumer.purpose,
        environment=None if consumer is None else consumer.environment,
        review=None if consumer is None else consumer.review,
        standing=stands,
        scopes=() if consumer is None else consumer.scopes,
        unused_scopes=unused,
        subscriptions=seen.subscriptions.get(name, ()),
        last_seen=last,
        amiss=tuple(_amiss(consumer, landscape, state, stands, unused, last, since)),
    )


def _state(name: str, consumer: Consumer | None, seen: Seen) -> State:
    if name in seen.offboarded:
        return "offboarded"
    if consumer is None:
        return "undeclared"
    return "suspended" if name in seen.suspended else "active"


def _amiss(  # noqa: PLR0917 - one look at all that was found out
    consumer: Consumer | None,
    landscape: Landscape,
    state: State,
    stands: Standing,
    unused: tuple[str, ...],
    last: datetime | None,
    since: date,
) -> Iterator[Amiss]:
    if state == "offboarded":
        if consumer is not None:
            yield "still-declared"
        return
    if consumer is None:
        yield "undeclared"
        return
    if last is None:
        yield "never-seen"
    elif last.date() < since:
        yield "not-seen-lately"
    if unused:
        yield "unused-scopes"
    # Who names no teams at all has not begun to.
    if landscape.teams and consumer.owner not in landscape.teams:
        yield "owner-unknown"
    if stands != "ok":
        yield "review-overdue"
