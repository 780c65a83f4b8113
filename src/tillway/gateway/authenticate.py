"""Third stage: who asks. And, for facts, who it was that may not send any more."""

from __future__ import annotations

from datetime import datetime

import msgspec

from tillway.contracts import Operation
from tillway.errors import Unauthenticated
from tillway.identity import Presented, Principal, SigningKeys, principal
from tillway.landscape import Landscape
from tillway.tokens import Claims


class Asker(msgspec.Struct, frozen=True):
    """Who asks. `doubt` says why a fact's sender may not send, though it is kept: such a sender is granted nothing."""

    principal: Principal
    doubt: str | None = None


async def authenticate(
    keys: SigningKeys, presented: Presented, operation: Operation, landscape: Landscape, now: datetime
) -> Asker:
    """Who brings this token. Unauthenticated when nobody known does.

    A fact is never refused for a right that was withdrawn: whoever holds a good token issued for it, and proves what
    it is bound to, is let through with a doubt.
    """
    claims = await keys.prove(presented, now)
    try:
        return Asker(principal(claims, landscape))
    except Unauthenticated as error:
        if claims.kind == "person" or not operation.fact or operation.scope not in claims.scopes:
            raise
        return Asker(_former(claims), f"the sender {claims.subject} may not send this any more ({error.code})")


def _former(claims: Claims) -> Principal:
    return Principal(
        id=claims.subject,
        kind="machine",
        scopes=frozenset(),
        claimed=frozenset(claims.scopes),
        holder=claims.client_id,
        actor=claims.actor,
        token_id=claims.token_id,
        expires_at=claims.expires_at,
    )
