"""Which quota a consumer has with an API, and how it is told: `RateLimit` fields. Pure.

draft-ietf-httpapi-ratelimit-headers-11, sections "RateLimit-Policy Field" and "RateLimit Field": each a structured
field (RFC 9651), a list whose items are names of policies as strings, with the parameters `q` (quota) and `w` (window,
seconds), and `r` (remaining) and `t` (seconds until all of it is back). By its section "Server Behavior" `t` tells of
the same moment as a `Retry-After` beside it.
"""

from __future__ import annotations

import math
from typing import Final

import msgspec

from tillway.gateway.ledger import Policy
from tillway.gateway.lot import Lot
from tillway.landscape import Landscape, Quota
from tillway.landscape.quotas import ALL_APIS

DEFAULT: Final = Policy(rate=1_000_000, burst=5_000, per_day=0)
"""Where the landscape says nothing: 1,000 requests a second. No shop system comes near; a loop gone wild does."""

SLOWED: Final = "~slowed"
"""Behind the name of an API: the tenth of a quota that a consumer with an overdue review has. No API is called so."""

_TENTH: Final = 10

# The names of the two policies, as they stand in the fields.
SECOND_POLICY: Final = "second"
DAY_POLICY: Final = "day"
_DAY_SECONDS: Final = 86_400


class Rate(msgspec.Struct, frozen=True):
    """A policy and how it is announced; None when the landscape declares none for this consumer and API."""

    policy: Policy
    announced: str | None = None


def rate_of(landscape: Landscape, consumer: str, api: str) -> Rate:
    """The quota of a consumer with an API: the one declared for it, the one for `*`, the generous default.

    Of an API with SLOWED behind its name a tenth of that, and told also when it is the default's.
    """
    named = api.removesuffix(SLOWED)
    entry = landscape.consumers.get(consumer)
    declared = None if entry is None else entry.quotas.get(named) or entry.quotas.get(ALL_APIS)
    policy = DEFAULT if declared is None else _policy(declared)
    if named != api:
        policy = _slowed(policy)
        return Rate(policy, announced(policy))
    return Rate(policy, None if declared is None else announced(policy))


def _slowed(policy: Policy) -> Policy:
    """A tenth, at least one of everything that is limited: nobody is stopped by it."""
    return Policy(*(max(1, each // _TENTH) if each else 0 for each in (policy.rate, policy.burst, policy.per_day)))


def _policy(quota: Quota) -> Policy:
    rate = 0 if quota.per_second is None else max(1, round(quota.per_second * 1000))
    burst = 0 if quota.per_second is None else quota.burst or max(1, math.ceil(quota.per_second))
    return Policy(rate, burst, quota.per_day or 0)


def announced(policy: Policy) -> str:
    """The value of `RateLimit-Policy`. The window of the bucket is the time it takes to fill."""
    told = []
    if policy.rate:
        told.append(f'"{SECOND_POLICY}";q={policy.burst};w={max(1, math.ceil(policy.burst * 1000 / policy.rate))}')
    if policy.per_day:
        told.append(f'"{DAY_POLICY}";q={policy.per_day};w={_DAY_SECONDS}')
    return ", ".join(told)


def remaining(lot: Lot, midnight_in: float, retry_in: float | None = None) -> str:
    """The value of `RateLimit`: what this node knows to be left, and the seconds until all of it is back.

    Of a refusal, `retry_in` seconds before it is worth to ask again, what is used up tells that moment.
    """
    policy, told = lot.policy, []
    if policy.rate:
        left = lot.left + lot.level
        back_in = math.ceil((policy.burst - left) * 1000 / policy.rate)
        if retry_in is not None and not left:
            back_in = max(1, math.ceil(retry_in))
        told.append(f'"{SECOND_POLICY}";r={left};t={back_in}')
    if policy.per_day:
        told.append(f'"{DAY_POLICY}";r={lot.left + lot.rest};t={math.ceil(midnight_in)}')
    return ", ".join(told)
