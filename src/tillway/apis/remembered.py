"""Answers from memory: how old they may be while Postgres is away, and the header that says how old they are."""

from __future__ import annotations

import math

from tillway.gateway import Ask
from tillway.records import Stale


def allowed(ask: Ask) -> Stale:
    """What the landscape allows the API of this request."""
    return Stale(ask.landscape.api(ask.operation.api).stale_seconds or 0.0)


def told(stale: Stale) -> tuple[tuple[str, str], ...]:
    """`Age` (RFC 9111 section 5.1), when something older than it should be was given."""
    return (("Age", str(math.ceil(stale.age))),) if stale.age else ()
