"""Policies are tested like code: what each test of a landscape decided, and which policies no test decided by. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from tillway.identity.circumstances import Circumstances
from tillway.identity.deciding import decider, told
from tillway.identity.facts import Facts, facts_of_consumer
from tillway.identity.judging import READ, RECEIVE, TOUCH, Verdict
from tillway.landscape import BASE_PREFIX, Case, Landscape, Policy, Somebody

_KINDS = {TOUCH: "Shop", READ: "DataClass", RECEIVE: "EventType"}


class Outcome(NamedTuple):
    """One test with what was decided. `wrong` says what was not as expected; empty: it passed."""

    case: Case
    verdict: Verdict
    wrong: str


class Rehearsal(NamedTuple):
    """All tests, and the policies that decided none of them: the landscape's own, and the base policies."""

    outcomes: tuple[Outcome, ...]
    untested: tuple[Policy, ...]
    untested_base: tuple[Policy, ...]

    @property
    def passed(self) -> bool:
        """Whether every test was as expected."""
        return not any(outcome.wrong for outcome in self.outcomes)


def rehearse(landscape: Landscape, cases: Iterable[Case]) -> Rehearsal:
    """Run these tests against the policies of a landscape."""
    outcomes = tuple(_outcome(landscape, case) for case in cases)
    decided = {policy.id for outcome in outcomes for policy in outcome.verdict.policies}
    left = [policy for policy in landscape.policy_set.policies if policy.id not in decided]
    return Rehearsal(
        outcomes,
        tuple(each for each in left if not each.id.startswith(BASE_PREFIX)),
        tuple(each for each in left if each.id.startswith(BASE_PREFIX)),
    )


def _outcome(landscape: Landscape, case: Case) -> Outcome:
    verdict = _verdict(landscape, case)
    decision = "allow" if verdict.allowed else "deny"
    by = {policy.id for policy in verdict.policies}
    if decision != case.expect:
        why = f"by {', '.join(sorted(by))}" if verdict.allowed else told(verdict)
        return Outcome(case, verdict, f"expected {case.expect}, decided {decision}: {why}")
    missing = sorted(set(case.by) - by)
    if missing:
        return Outcome(case, verdict, f"not decided by {', '.join(missing)}, but by {', '.join(sorted(by)) or 'none'}")
    return Outcome(case, verdict, "")


def _verdict(landscape: Landscape, case: Case) -> Verdict:
    judge, at = decider(landscape).judge, Circumstances(**case.context.model_dump())
    facts = _facts(landscape, case.principal)
    if case.resource is not None:
        return judge.one(facts, case.action, _KINDS[case.action], case.resource, at)
    operation = next(each for _, each in landscape.documents.operations() if each.id == case.action)
    return judge.operation(facts, operation, at)


def _facts(landscape: Landscape, principal: str | Somebody) -> Facts:
    if isinstance(principal, str):
        return facts_of_consumer(landscape.consumer(principal), landscape)
    shop = landscape.shops.get(principal.shop or "")
    own = frozenset((principal.shop,) if principal.shop is not None else ())
    return Facts(
        id=principal.id,
        kind=principal.kind,
        scopes=frozenset(principal.scopes),
        roles=frozenset(principal.roles),
        purpose=principal.purpose,
        shop=principal.shop,
        region=(shop.region or "") if shop is not None else "",
        shops=None if principal.shops == "*" else frozenset(principal.shops) | own,
        data_classes=frozenset(principal.data_classes),
        event_types=None if principal.event_types == "*" else frozenset(principal.event_types),
    )
