"""House rules on who may call: reviewed in time, with a purpose, and with no more rights than are used. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Final

from tillway.governance.rules.rule import Found, Path, Subject, rule
from tillway.landscape import Consumer

# Rights that nobody looks at for longer are forgotten.
REVIEW_DAYS_MAX: Final = 550
# The shortest purpose that says anything, in characters.
PURPOSE_MIN: Final = 10

# Interfaces that hand out events: their data is bounded by event types.
_TELLING: Final = frozenset({"events", "subscriptions"})


@rule(
    "review-overdue",
    "error",
    sentence="The rights of a consumer are looked at again in time.",
    why="Rights outlive the project they were given for; after the grace the hub throttles and then suspends.",
    remedy="look at its owner, purpose and scopes, then set the next `review`",
    breaks="consumers: {webshop: {review: 2026-01-31}}",
    keeps="consumers: {webshop: {review: 2027-06-30}}",
)
def review_overdue(subject: Subject) -> Iterator[Found]:
    """Reviews lie ahead, or within the days of grace."""
    grace = timedelta(days=subject.landscape.governance.reviews.warn_after_days)
    for one in subject.landscape.consumers.values():
        if one.review + grace < subject.today:
            text = f"its review was due {one.review:%Y-%m-%d}, {(subject.today - one.review).days} days ago"
            yield Found(("consumers", one.id, "review"), text)


@rule(
    "review-too-far",
    "warning",
    sentence=f"A consumer's review is at most {REVIEW_DAYS_MAX} days ahead.",
    why="A review that is years away is no review.",
    remedy="set an earlier day",
    breaks="consumers: {webshop: {review: 2035-01-01}}",
    keeps="consumers: {webshop: {review: 2027-06-30}}",
)
def review_too_far(subject: Subject) -> Iterator[Found]:
    """Reviews come soon enough."""
    for one in subject.landscape.consumers.values():
        if (one.review - subject.today).days > REVIEW_DAYS_MAX:
            yield Found(("consumers", one.id, "review"), f"{one.review:%Y-%m-%d} is too far away")


@rule(
    "consumer-ended",
    "warning",
    sentence="A consumer whose time is over is taken out.",
    why="An entry that may do nothing any more is revived by a typo in a date.",
    remedy="take it out, or set another `valid_until`",
    breaks="consumers: {webshop: {valid_until: 2026-01-31}}",
    keeps="consumers: {webshop: {valid_until: 2027-06-30}}",
)
def consumer_ended(subject: Subject) -> Iterator[Found]:
    """Who may do nothing any more is gone."""
    for one in subject.landscape.consumers.values():
        if one.valid_until is not None and _day(one.valid_until) < subject.today:
            yield Found(("consumers", one.id, "valid_until"), f"its time ended {_day(one.valid_until)}")


def _day(moment: date) -> date:
    return date.fromisoformat(moment.isoformat()[:10])


@rule(
    "purpose-says-nothing",
    "warning",
    sentence=f"A purpose says what the rights are needed for, in {PURPOSE_MIN} characters or more.",
    why="Whoever reviews the rights decides by the purpose; `test` and `integration` decide nothing.",
    remedy="say which business need it serves",
    breaks="consumers: {webshop: {purpose: test}}",
    keeps="consumers: {webshop: {purpose: sells on the web}}",
)
def purpose_says_nothing(subject: Subject) -> Iterator[Found]:
    """Purposes can be judged."""
    for one in subject.landscape.consumers.values():
        if len(one.purpose) < PURPOSE_MIN:
            yield Found(("consumers", one.id, "purpose"), f"{one.purpose!r} does not say what for")


def _held(subject: Subject) -> frozenset[str]:
    """Every scope that a consumer or a role holds."""
    consumers = {scope for one in subject.landscape.consumers.values() for scope in one.scopes}
    return frozenset(consumers | {scope for scopes in subject.landscape.roles.values() for scope in scopes})


@rule(
    "scope-nobody-holds",
    "warning",
    sentence="Every scope of a declared interface is held by somebody.",
    why="Operations that nobody may call are built, secured and patched for nobody.",
    remedy="give the scope to whom it was made for, or set `lifecycle: blocked` for its versions",
    breaks="consumers: {tills: {scopes: ['products:read', 'pos:write']}}",
    keeps="consumers: {tills: {scopes: ['products:read', 'pos:read', 'pos:write']}}",
)
def scope_nobody_holds(subject: Subject) -> Iterator[Found]:
    """Scopes are used."""
    held = _held(subject)
    for path, api in subject.offered():
        offered = {scope for scope in subject.scopes if scope.startswith(f"{api.id}:")}
        for scope in sorted(offered - held):
            if not _only_public(subject, scope):
                yield Found(path, f"nobody holds {scope}")


def _only_public(subject: Subject, scope: str) -> bool:
    """Whether all that ask for a scope are operations without a token."""
    asking = [each for one in subject.promised.values() for each in one.operations if each.scope == scope]
    return all(each.public for each in asking)


@rule(
    "scope-without-operation",
    "error",
    sentence="A scope that is held is asked for by an operation.",
    why="A right to nothing becomes a right to something with the next release, and nobody decided that.",
    remedy="take the scope out until there is an operation that asks for it",
    breaks="consumers: {desk: {scopes: ['prices:read', 'prices:write', 'events:read']}}",
    keeps="consumers: {desk: {scopes: ['prices:read', 'events:read']}}",
)
def scope_without_operation(subject: Subject) -> Iterator[Found]:
    """Nobody holds a right to what is not there."""
    documented = {api for api, _ in subject.promised}
    for path, scope in _scopes(subject):
        if scope.partition(":")[0] in documented and scope not in subject.scopes:
            yield Found(path, f"no operation asks for {scope}")


def _scopes(subject: Subject) -> Iterator[tuple[Path, str]]:
    for one in subject.landscape.consumers.values():
        yield from ((("consumers", one.id, "scopes", index), scope) for index, scope in enumerate(one.scopes))
    for role, scopes in subject.landscape.roles.items():
        yield from ((("roles", role, index), scope) for index, scope in enumerate(scopes))


@rule(
    "scope-not-admitted",
    "warning",
    sentence="Whoever holds a scope is among the callers of its interface, and the other way round.",
    why="One of the two was forgotten: either rights are left over, or a consumer will be refused on its first day.",
    remedy="add the consumer to `callers`, or take its scope or its name out",
    breaks="apis: {orders: {callers: []}}",
    keeps="apis: {orders: {callers: [webshop]}}",
)
def scope_not_admitted(subject: Subject) -> Iterator[Found]:
    """Callers and scopes agree."""
    for path, api in subject.apis():
        if api.callers == "*":
            continue
        for one in subject.landscape.consumers.values():
            held = any(scope.startswith(f"{api.id}:") for scope in one.scopes)
            if held and one.id not in api.callers:
                yield Found((*path, "callers"), f"{one.id!r} holds its scope and may not call it")
            if not held and one.id in api.callers:
                yield Found((*path, "callers"), f"{one.id!r} may call it and holds no scope of it")


@rule(
    "grant-unused",
    "warning",
    sentence="A consumer that may read closed data can reach some.",
    why="A grant that nothing needs today is there when a field or a scope is added tomorrow.",
    remedy="take the class out of `data_classes`",
    breaks="consumers: {desk: {data_classes: [payment], proof: dpop}}",
    keeps="consumers: {desk: {data_classes: []}}",
)
def grant_unused(subject: Subject) -> Iterator[Found]:
    """Grants of closed classes are needed."""
    for one in subject.landscape.consumers.values():
        reached = _classes(one, subject)
        for index, granted in enumerate(one.data_classes):
            if granted not in reached:
                text = f"no interface or event that it may reach carries {granted} data"
                yield Found(("consumers", one.id, "data_classes", index), text)


def _classes(one: Consumer, subject: Subject) -> frozenset[str]:
    held = subject.landscape
    apis = {scope.partition(":")[0] for scope in one.scopes}
    events = held.events if one.event_types == "*" else one.event_types
    found = {held.apis[name].data_class for name in apis if name in held.apis}
    if apis & _TELLING:
        found |= {held.events[name].data_class for name in events if name in held.events}
    # What carries payment data may carry personal data too: an interface names only its highest class.
    return frozenset(found | ({"personal"} if found & {"payment", "secret"} else set()))


@rule(
    "closed-events-wildcard",
    "warning",
    sentence="Whoever may read closed data names the event types it receives.",
    why='With "*" it is told every type that is ever added, and nobody decides that it may.',
    remedy="list the event types that its purpose needs",
    breaks="consumers: {webshop: {event_types: '*'}}",
    keeps="consumers: {webshop: {event_types: [order.accepted]}}",
)
def closed_events_wildcard(subject: Subject) -> Iterator[Found]:
    """No wildcard with closed data."""
    for one in subject.landscape.consumers.values():
        if one.event_types == "*" and one.data_classes:
            yield Found(("consumers", one.id, "event_types"), f"every type, with {' and '.join(one.data_classes)} data")


@rule(
    "agent-unbounded",
    "error",
    sentence="An agent has a quota, an end, and no right to operate the hub.",
    why="It decides by itself what to ask and how often; what bounds it must not be its own judgement.",
    remedy="add `quotas` and `valid_until`, and take scopes of operations out",
    breaks="consumers: {desk: {kind: agent}}",
    keeps="consumers: {desk: {kind: agent, quotas: {'*': {per_second: 5}}, valid_until: 2027-06-30}}",
)
def agent_unbounded(subject: Subject) -> Iterator[Found]:
    """Agents are bounded."""
    for one in subject.landscape.consumers.values():
        if one.kind != "agent":
            continue
        if not one.quotas:
            yield Found(("consumers", one.id), "an agent without a quota")
        if one.valid_until is None:
            yield Found(("consumers", one.id), "an agent without an end")
        for index, scope in enumerate(one.scopes):
            if scope == "operations:write":
                yield Found(("consumers", one.id, "scopes", index), "an agent that may operate the hub")


@rule(
    "machine-operates",
    "warning",
    sentence="Machines do the business; operating the hub is for people.",
    why="An act on the hub should have a person behind it who was asked why, and signed in to answer.",
    remedy="take `operations:write` out and give people a role",
    breaks="consumers: {desk: {scopes: ['prices:read', 'events:read', 'operations:write']}}",
    keeps="roles: {operator: ['operations:read', 'operations:write']}",
)
def machine_operates(subject: Subject) -> Iterator[Found]:
    """Acts are people's."""
    for one in subject.landscape.consumers.values():
        for index, scope in enumerate(one.scopes):
            if scope == "operations:write" and one.kind == "machine":
                yield Found(("consumers", one.id, "scopes", index), "a machine may operate the hub")


RULES: Final = (
    review_overdue,
    review_too_far,
    consumer_ended,
    purpose_says_nothing,
    scope_nobody_holds,
    scope_without_operation,
    scope_not_admitted,
    grant_unused,
    closed_events_wildcard,
    agent_unbounded,
    machine_operates,
)
