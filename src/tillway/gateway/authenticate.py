"""Third stage: who asks. And, for facts, who it was that may not send any more."""

from __future__ import annotations

from datetime import datetime

import msgspec

from tillway.contracts import Operation
from tillway.errors import Forbidden, Unauthenticated
from tillway.identity import Grant, SigningKeys, grant
from tillway.landscape import Landscape
from tillway.tokens import BadToken, Claims, verify


class Admitted(msgspec.Struct, frozen=True):
    """Who asks and what they may touch. `doubt` says why a fact's sender may not send, though it is kept."""

    grant: Grant
    doubt: str | None = None


async def admit(
    keys: SigningKeys, authorization: str | None, operation: Operation, landscape: Landscape, now: datetime
) -> Admitted:
    """Authenticate, look at the consumer's state now, authorise. Unauthenticated or Forbidden (missing scope).

    A fact is never refused for a right that was withdrawn: whoever holds a good token issued for it is admitted with
    a doubt, without any grant.
    """
    try:
        principal = await keys.authenticate(authorization, landscape, now)
        return Admitted(grant(principal, landscape, (operation.scope,)))
    except (Unauthenticated, Forbidden) as error:
        claims = _withdrawn(keys, authorization, operation, now) if operation.fact else None
        if claims is None:
            raise
        nothing = Grant(consumer=claims.subject, kind="machine", scopes=frozenset(), shops=frozenset())
        return Admitted(nothing, f"the sender {claims.subject} may not send this any more ({error.code})")


def _withdrawn(keys: SigningKeys, authorization: str | None, operation: Operation, now: datetime) -> Claims | None:
    """What a good token says that was issued for this operation, whatever the landscape says now."""
    token = (authorization or "").strip().partition(" ")[2].strip()
    try:
        claims = verify(token, keys.ring.keys, keys.realm, now)
    except BadToken:
        return None
    return claims if operation.scope in claims.scopes else None
