"""Asking Cedar: what the policies of one landscape say to a request, and which of them said it. Pure."""

from __future__ import annotations

import json
import time
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, Final, NamedTuple

import cedarpy

from tillway.contracts import Operation
from tillway.identity.circumstances import Circumstances
from tillway.identity.facts import Facts
from tillway.landscape import BASE_PREFIX, Api, Landscape, Policy
from tillway.masking import DATA_CLASSES

# Requests of one call into Cedar, which holds the interpreter while it lasts: about 1 ms on a small machine.
AT_ONCE: Final = 25

# More than these, one by one, are asked beside the loop: it takes over 3 ms.
MANY: Final = 100

TOUCH: Final = "touch"
READ: Final = "read"
RECEIVE: Final = "receive"

# Base policies that permit only what the principal's own entry lists.
_LISTED: Final = frozenset({f"{BASE_PREFIX}listed-shops", f"{BASE_PREFIX}listed-events"})


class Verdict(NamedTuple):
    """What policies say. Of a refusal without policies, none permitted it. `broken`: policies that failed."""

    allowed: bool
    policies: tuple[Policy, ...]
    broken: tuple[str, ...] = ()


class Reached(NamedTuple):
    """Which of something: None means all, also those not declared; and the policies that allowed any."""

    ids: frozenset[str] | None
    policies: frozenset[str]


class _Wish(NamedTuple):
    """One action on many resources: those declared, and those that the principal's entry lists (None: all)."""

    action: str
    kind: str
    declared: Collection[str]
    listed: frozenset[str] | None


class Judge:
    """The policies of one landscape with everything they can ask about."""

    def __init__(self, landscape: Landscape) -> None:
        self._landscape = landscape
        self._policies = landscape.policy_set
        # A policy may ask for the region of a shop that it names; all the others come with the requests about them.
        shops = {each.id for each in self._policies.named if each.type == "Shop"}
        self._common = cedarpy.Entities.from_json_str(json.dumps([*_fixed(landscape), *self._shops(shops)]))

    def operation(self, facts: Facts, operation: Operation, at: Circumstances) -> Verdict:
        """Whether this operation may be asked for."""
        context = json.dumps({**at._asdict(), "scope": operation.scope})
        request = _request(facts, operation.id, "Api", operation.api, context)
        return next(self._judged([request], self._with(facts)))

    def one(self, facts: Facts, action: str, kind: str, key: str, at: Circumstances) -> Verdict:
        """Whether one shop may be touched, one class read, one event type received."""
        request = _request(facts, action, kind, key, json.dumps(at._asdict()))
        shops = (key,) if kind == "Shop" else ()
        return next(self._judged([request], self._with(facts, shops)))

    def classes(self, facts: Facts, at: Circumstances) -> Reached:
        """The classes of data that may be read."""
        return self._each(facts, (READ, "DataClass"), DATA_CLASSES, at)

    def event_types(self, facts: Facts, at: Circumstances) -> Reached:
        """The event types that may be received."""
        return self._all_or_some(facts, self._events(facts), at)

    def shops(self, facts: Facts, at: Circumstances, *, pause: float = 0) -> Reached:
        """The shops that may be touched. Long when policies tell shops apart: ask `many_shops` first.

        `pause` is how many seconds are left to others between two calls into Cedar.
        """
        return self._all_or_some(facts, self._touching(facts), at, pause)

    def many_shops(self, facts: Facts, at: Circumstances) -> bool:
        """Whether `shops` has to look at more shops one by one than the loop can wait for."""
        wish = self._touching(facts)
        return self._whole(facts, wish, at) is None and len(self._candidates(facts, wish, at)) > MANY

    def _touching(self, facts: Facts) -> _Wish:
        return _Wish(TOUCH, "Shop", self._landscape.shops, facts.shops)

    def _events(self, facts: Facts) -> _Wish:
        return _Wish(RECEIVE, "EventType", self._landscape.events, facts.event_types)

    def _all_or_some(self, facts: Facts, wish: _Wish, at: Circumstances, pause: float = 0) -> Reached:
        whole = self._whole(facts, wish, at)
        if whole is not None:
            return whole
        return self._each(facts, (wish.action, wish.kind), self._candidates(facts, wish, at), at, pause)

    def _whole(self, facts: Facts, wish: _Wish, at: Circumstances) -> Reached | None:
        """The answer when policies allow it whatever the resource is."""
        if wish.listed is not None:
            return None
        sure, open_ = self._partial(facts, wish, at)
        permits = {each.id for each in sure if each.effect == "permit"}
        forbids = any(each.effect == "forbid" for each in (*sure, *open_))
        return Reached(None, frozenset(permits)) if permits and not forbids else None

    def _candidates(self, facts: Facts, wish: _Wish, at: Circumstances) -> Collection[str]:
        """Those worth asking about: the listed ones, when no other policy permits anything."""
        if wish.listed is None:
            return wish.declared
        sure, open_ = self._partial(facts, wish, at)
        permits = {each.id for each in (*sure, *open_) if each.effect == "permit"}
        return {*wish.declared, *wish.listed} if permits - _LISTED else wish.listed

    def _partial(self, facts: Facts, wish: _Wish, at: Circumstances) -> tuple[list[Policy], list[Policy]]:
        """Policies that hold for any resource of this kind, and those for which it depends on the resource."""
        uid = facts.uid
        request = {
            "principal": f"{uid['type']}::{json.dumps(uid['id'], ensure_ascii=False)}",
            "action": f'Action::"{wish.action}"',
            "context": json.dumps(at._asdict()),
        }
        told = cedarpy.is_authorized_partial(request, self._policies.handle, self._with(facts)).diagnostics
        fits = {None, wish.kind}
        if told.errors:
            # A policy that fails may be a forbid: everything is looked at one by one, where a failure refuses.
            return [], [each for each in self._policies.policies if each.about in fits]
        sure = [self._policies.policy(each) for each in told.reasons]
        open_ = [self._policies.policy(each) for each in told.nontrivial_residuals if each not in told.reasons]
        return [each for each in sure if each.about in fits], [each for each in open_ if each.about in fits]

    def _each(
        self, facts: Facts, asked: tuple[str, str], keys: Iterable[str], at: Circumstances, pause: float = 0
    ) -> Reached:
        (action, kind), context = asked, json.dumps(at._asdict())
        allowed: set[str] = set()
        policies: set[str] = set()
        left = iter(sorted(keys))
        while some := list(islice(left, AT_ONCE)):
            entities = self._with(facts, some if kind == "Shop" else ())
            requests = [_request(facts, action, kind, key, context) for key in some]
            for key, verdict in zip(some, self._judged(requests, entities), strict=True):
                if verdict.allowed:
                    allowed.add(key)
                    policies.update(policy.id for policy in verdict.policies)
            if pause:
                time.sleep(pause)
        return Reached(frozenset(allowed), frozenset(policies))

    def _judged(self, requests: Sequence[dict[str, Any]], entities: cedarpy.Entities) -> Iterator[Verdict]:
        for result in cedarpy.is_authorized_batch(list(requests), self._policies.handle, entities):
            broken = tuple(result.diagnostics.errors)
            by = sorted((self._policies.policy(each) for each in result.diagnostics.reasons), key=lambda one: one.id)
            # A policy that fails decides nothing in Cedar; it may be a forbid, so here it refuses.
            yield Verdict(result.allowed and not broken, tuple(by), broken)

    def _with(self, facts: Facts, shops: Iterable[str] = ()) -> cedarpy.Entities:
        own = () if facts.shop is None else (facts.shop,)
        return self._common.with_added_json_str(json.dumps([facts.entity(), *self._shops({*own, *shops})]))

    def _shops(self, keys: Iterable[str]) -> Iterator[dict[str, Any]]:
        for key in keys:
            shop = self._landscape.shops.get(key)
            if shop is not None:
                yield _entity("Shop", key, {"region": shop.region or ""})


def _fixed(landscape: Landscape) -> Iterator[dict[str, Any]]:
    """What is there whoever asks. An interface that is not declared counts as most sensitive."""
    for name in {*landscape.apis, *(api for api, _ in landscape.documents.apis)}:
        yield _entity("Api", name, _told(landscape.apis.get(name)))
    for rank, name in enumerate(DATA_CLASSES):
        yield _entity("DataClass", name, {"rank": rank})
    # Cedar knows no groups of actions but those it is told, and nothing of what it is not told.
    operations = [operation for _, operation in landscape.documents.operations()]
    for name in (TOUCH, READ, RECEIVE, *sorted({operation.scope for operation in operations})):
        yield _entity("Action", name, {})
    for operation in operations:
        yield _entity("Action", operation.id, {}, ({"type": "Action", "id": operation.scope},))
    for event in landscape.events.values():
        yield _entity("EventType", event.id, {"owner": event.owner, "data_class": event.data_class})


def _told(api: Api | None) -> dict[str, Any]:
    if api is None:
        told = {"layer": "system", "criticality": "normal", "data_class": DATA_CLASSES[-1], "owner": ""}
        return {**told, "callers": [], "all_callers": True}
    callers = () if api.callers == "*" else api.callers
    return {
        "layer": api.layer,
        "criticality": api.criticality,
        "data_class": api.data_class,
        "owner": api.owner,
        "callers": list(callers),
        "all_callers": api.callers == "*",
    }


def _entity(
    kind: str, key: str, attributes: Mapping[str, Any], parents: Sequence[Mapping[str, str]] = ()
) -> dict[str, Any]:
    return {"uid": {"type": kind, "id": key}, "attrs": attributes, "parents": parents}


def _request(facts: Facts, action: str, kind: str, key: str, context: str) -> dict[str, Any]:
    return {
        "principal": facts.uid,
        "action": {"type": "Action", "id": action},
        "resource": {"type": kind, "id": key},
        "context": context,
    }
