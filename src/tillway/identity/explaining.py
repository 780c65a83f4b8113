"""Explaining: which policies allow or deny a consumer an operation now, without anybody asking for it. Pure."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from tillway.contracts import Operation
from tillway.errors import Forbidden
from tillway.identity.circumstances import Circumstances, Circumstancing
from tillway.identity.deciding import PART_ONLY, WHOLE_HUB, Reach, decider, told
from tillway.identity.facts import Facts
from tillway.identity.judging import TOUCH
from tillway.landscape import Landscape, Policy
from tillway.landscape.policies import CIRCUMSTANCES


class Explanation(NamedTuple):
    """A decision with its reasons. `reach` is what the consumer may touch, read and receive whatever it asks for."""

    allowed: bool
    reason: str
    policies: tuple[Policy, ...]
    circumstances: Circumstances
    reach: Reach


def explain(
    landscape: Landscape,
    facts: Facts,
    operation: Operation,
    *,
    shop: str | None,
    now: datetime,
    peer: str = "",
    pause: float = 0,
) -> Explanation:
    """What would be decided for somebody who brings a token of all its scopes, asking now from this address.

    `pause` as `Judge.shops`.
    """
    decides = decider(landscape)
    zone = landscape.organisation.timezone
    at = Circumstancing(CIRCUMSTANCES, zone, landscape.networks).of(now, peer, step_up=False)
    reach = decides.reach(facts, at, pause=pause)
    try:
        decides.within_time(facts.id, now)
    except Forbidden as error:
        return Explanation(False, error.detail, (), at, reach)
    verdict = decides.judge.operation(facts, operation, at)
    if not verdict.allowed:
        missing = not verdict.policies and operation.scope not in facts.scopes
        reason = f"its entry does not list the scope {operation.scope}" if missing else told(verdict)
        return Explanation(False, reason, verdict.policies, at, reach)
    if reach.shops is not None and operation.scope.startswith(WHOLE_HUB):
        return Explanation(False, PART_ONLY, verdict.policies, at, reach)
    if shop is None:
        return Explanation(True, _allowed(verdict.policies), verdict.policies, at, reach)
    touched = decides.judge.one(facts, TOUCH, "Shop", shop, at)
    policies = (*verdict.policies, *touched.policies)
    if not touched.allowed:
        return Explanation(False, f"the shop {shop}: {told(touched)}", touched.policies, at, reach)
    return Explanation(True, _allowed(policies), policies, at, reach)


def _allowed(policies: tuple[Policy, ...]) -> str:
    return "; ".join(f"{one.id} permits it" + (f": {one.reason}" if one.reason else "") for one in policies)
