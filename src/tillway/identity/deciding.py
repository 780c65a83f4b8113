"""Decisions: from a principal, an operation and the circumstances to a Grant, remembered as long as a landscape lives.

A decision depends on what policies know of the principal, on the landscape, and on those circumstances that a policy
looks at; all of that is in the memory's key, so a remembered decision is the decision.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final, NamedTuple

from tillway.contracts import Operation
from tillway.errors import Forbidden
from tillway.identity.challenge import MissingScope
from tillway.identity.circumstances import Circumstances, Circumstancing, TimeBox, time_box
from tillway.identity.facts import Facts, facts_of
from tillway.identity.judging import MANY, Judge, Verdict
from tillway.identity.principal import Grant, Principal
from tillway.landscape import Landscape

# Decisions remembered under one landscape: 5,000 consumers with ten operations each; about 20 MB when full.
DECISIONS_MAX: Final = 50_000

# A person who signed in this long ago counts as having proved themselves just now.
STEP_UP: Final = timedelta(minutes=5)

# Operations of these scopes show and change what belongs to all shops: nobody is let in who may not touch every one.
WHOLE_HUB: Final = "operations:"

PART_ONLY: Final = "operations look at the whole hub, and not all of its shops may be touched"

_PLACE: Final = "identity.decider"

Key = tuple[object, ...]


class Reach(NamedTuple):
    """What a principal may touch, whatever the operation. None means all."""

    shops: frozenset[str] | None
    classes: frozenset[str]
    event_types: frozenset[str] | None
    policies: frozenset[str]


class Denial(NamedTuple):
    """Why not: the missing scope, what the policies said, or that only part of the hub may be touched."""

    missing: str | None
    verdict: Verdict
    whole: bool = False

    def error(self) -> Forbidden:
        """The refusal as it is raised."""
        if self.missing is not None and not self.verdict.policies:
            return MissingScope((self.missing,))
        if self.whole:
            return Forbidden(PART_ONLY, remedy="ask for all shops, or use the interfaces that know of shops")
        return Forbidden(told(self.verdict), remedy="ask the owner of the policy, or ask otherwise")


class Decider:
    """Decides under one landscape. `decide` may be called from any thread."""

    def __init__(self, landscape: Landscape) -> None:
        self.landscape = landscape
        self.judge = Judge(landscape)
        self.operations = {operation.id: operation for _, operation in landscape.documents.operations()}
        zone = landscape.organisation.timezone
        self._circumstances = Circumstancing(landscape.policy_set.circumstances, zone, landscape.networks)
        self._boxes = _boxes(landscape, zone)
        self._decisions: dict[Key, Grant | Denial] = {}
        self._reaches: dict[Key, Reach] = {}
        self._long: dict[Key, bool] = {}

    def circumstances(self, principal: Principal, now: datetime, peer: str) -> Circumstances:
        """Where and when this principal asks, as far as a policy looks at it."""
        signed_in = principal.auth_time
        return self._circumstances.of(now, peer, step_up=signed_in is not None and now - signed_in <= STEP_UP)

    def remembered(self, principal: Principal, operation: Operation, now: datetime, peer: str) -> Grant | None:
        """The grant when it was decided before; None when `decide` has to. Forbidden when it was refused before."""
        if self._boxes:
            self.within_time(principal.id, now)
        found = self._decisions.get(_key(principal, operation, self.circumstances(principal, now, peer)))
        if isinstance(found, Denial):
            raise found.error()
        return found

    def within_time(self, consumer: str, now: datetime) -> None:
        """Forbidden before and after the time that a consumer was given."""
        begins, ends = self._boxes.get(consumer, _ALWAYS)
        if begins is not None and now < begins:
            raise Forbidden(f"the access of {consumer} begins {begins:%Y-%m-%dT%H:%M:%SZ}", remedy="ask again then")
        if ends is not None and now >= ends:
            remedy = "ask its owner to extend valid_until in the landscape"
            raise Forbidden(f"the access of {consumer} ended {ends:%Y-%m-%dT%H:%M:%SZ}", remedy=remedy)

    def is_long(self, principal: Principal, now: datetime, peer: str) -> bool:
        """Whether deciding would hold a loop for too long: thousands of shops have to be looked at one by one."""
        if len(self.landscape.shops) <= MANY:
            return False
        at = self.circumstances(principal, now, peer)
        who = _who(principal, at)
        if who in self._reaches:
            return False
        long = self._long.get(who)
        if long is None:
            if len(self._long) >= DECISIONS_MAX:
                self._long.clear()
            long = self._long[who] = self.judge.many_shops(facts_of(principal, self.landscape), at)
        return long

    def decide(
        self, principal: Principal, operation: Operation, now: datetime, peer: str, *, pause: float = 0
    ) -> Grant:
        """The grant for this operation; Forbidden or MissingScope when there is none. `pause` as `Judge.shops`."""
        self.within_time(principal.id, now)
        at = self.circumstances(principal, now, peer)
        key = _key(principal, operation, at)
        found = self._decisions.get(key)
        if found is None:
            found = self._decided(principal, operation, at, pause)
            if len(self._decisions) >= DECISIONS_MAX:
                self._decisions.clear()
                self._reaches.clear()
            self._decisions[key] = found
        if isinstance(found, Denial):
            raise found.error()
        return found

    def reach(self, facts: Facts, at: Circumstances, *, pause: float = 0) -> Reach:
        """What may be touched, read and received."""
        shops = self.judge.shops(facts, at, pause=pause)
        classes = self.judge.classes(facts, at)
        events = self.judge.event_types(facts, at)
        policies = shops.policies | classes.policies | events.policies
        return Reach(shops.ids, classes.ids or frozenset(), events.ids, policies)

    def _decided(self, principal: Principal, operation: Operation, at: Circumstances, pause: float) -> Grant | Denial:
        facts = facts_of(principal, self.landscape)
        verdict = self.judge.operation(facts, operation, at)
        if not verdict.allowed:
            return Denial(operation.scope if operation.scope not in facts.scopes else None, verdict)
        who = _who(principal, at)
        reach = self._reaches.get(who)
        if reach is None:
            reach = self._reaches[who] = self.reach(facts, at, pause=pause)
        if reach.shops is not None and operation.scope.startswith(WHOLE_HUB):
            return Denial(None, verdict, whole=True)
        return _grant(facts, self.landscape, verdict, reach)


def decider(landscape: Landscape) -> Decider:
    """The decider of a landscape, made once."""
    found = landscape.derived.get(_PLACE)
    if found is None:
        found = landscape.derived[_PLACE] = Decider(landscape)
    return found


def grant(principal: Principal, landscape: Landscape, operation: str, *, now: datetime, peer: str = "") -> Grant:
    """What the principal may touch when asking for this operation (its id). MissingScope or Forbidden: nothing."""
    decides = decider(landscape)
    return decides.decide(principal, decides.operations[operation], now, peer)


def told(verdict: Verdict) -> str:
    """A refusal in words: which policies forbid it and why, or that none permits it."""
    if verdict.broken:
        return "a policy could not be evaluated"
    if not verdict.policies:
        return "no policy permits it"
    return "; ".join(f"{one.id} forbids it" + (f": {one.reason}" if one.reason else "") for one in verdict.policies)


_ALWAYS: Final = TimeBox(None, None)


def _boxes(landscape: Landscape, zone: str) -> dict[str, TimeBox]:
    boxed = [one for one in landscape.consumers.values() if one.valid_from is not None or one.valid_until is not None]
    return {one.id: time_box(one.valid_from, one.valid_until, zone) for one in boxed}


def _who(principal: Principal, at: Circumstances) -> Key:
    return (principal.id, principal.kind, principal.scopes, principal.shop, principal.roles, at)


def _key(principal: Principal, operation: Operation, at: Circumstances) -> Key:
    return (principal.id, operation.id, principal.scopes, principal.kind, principal.shop, principal.roles, at)


def _grant(facts: Facts, landscape: Landscape, verdict: Verdict, reach: Reach) -> Grant:
    consumer = landscape.consumers.get(facts.id) if facts.kind != "operator" else None
    shop = landscape.shops.get(facts.shop) if facts.shop is not None else None
    own = consumer.price_list if consumer is not None else None
    return Grant(
        consumer=facts.id,
        kind=facts.kind,
        scopes=facts.scopes,
        shops=reach.shops,
        shop=facts.shop,
        price_list=own or (shop.price_list if shop is not None else None),
        customer=consumer.customer if consumer is not None else None,
        event_types=reach.event_types,
        classes=reach.classes,
        policies=tuple(sorted({*(policy.id for policy in verdict.policies), *reach.policies})),
        release=landscape.hash,
    )
