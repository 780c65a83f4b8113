"""Fourth stage: may whoever this is act at all just now. From memory, under a microsecond when nobody is restricted."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from tillway.contracts import Operation
from tillway.errors import Forbidden, Rejected
from tillway.gateway.authenticate import Asker
from tillway.identity import Principal, Restrictions, invalid_token

Restricted = Callable[[], Restrictions]


class Suspended(Forbidden):
    """Whoever asks is known, and the hub's operators have suspended them."""

    code, title = "suspended", "Whoever asks is suspended"


def in_good_standing(asker: Asker, restrictions: Restrictions, operation: Operation, now: datetime) -> Asker:
    """Whoever is not restricted, as they came. Unauthenticated for a revoked token or a lost device, or Suspended.

    A fact is never refused for that: whoever holds a token issued for it is let through with a doubt.
    """
    if not restrictions:
        return asker
    who = asker.principal
    refusal = _refusal(who, restrictions, now)
    if refusal is None:
        return asker
    if not operation.fact or operation.scope not in who.claimed:
        raise refusal
    return Asker(who, asker.doubt or f"the sender {who.holder} may not send now: {refusal.detail}")


def _refusal(who: Principal, restrictions: Restrictions, now: datetime) -> Rejected | None:
    if restrictions.holds("token", who.token_id, now):
        return invalid_token("the access token was revoked")
    if restrictions.holds("device", who.holder, now):
        return invalid_token("the device was reported lost")
    if who.session is not None and restrictions.holds("session", who.session, now):
        return invalid_token("whoever it was made for has signed out")
    if who.kind == "person" and restrictions.holds("person", who.id, now):
        return Suspended(f"{who.id} is suspended", remedy="ask the hub's operators")
    for consumer in {who.id, who.holder, who.actor or who.id}:
        if restrictions.holds("consumer", consumer, now):
            return Suspended(f"the consumer {consumer} is suspended", remedy="ask the hub's operators")
    return None
