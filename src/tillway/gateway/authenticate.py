"""Third stage: who asks. And, for facts, who it was that may not send any more."""

from __future__ import annotations

from datetime import datetime

import msgspec

from tillway.contracts import Operation
from tillway.errors import Unauthenticated
from tillway.identity import Principal, SigningKeys
from tillway.landscape import Landscape
from tillway.tokens import BadToken, Claims, verify


class Asker(msgspec.Struct, frozen=True):
    """Who asks. `doubt` says why a fact's sender may not send, though it is kept: such a sender is granted nothing."""

    principal: Principal
    doubt: str | None = None


async def authenticate(
    keys: SigningKeys, authorization: str | None, operation: Operation, landscape: Landscape, now: datetime
) -> Asker:
    """Who brings this token. Unauthenticated when nobody known does.

    A fact is never refused for a right that was withdrawn: whoever holds a good token issued for it is let through
    with a doubt.
    """
    try:
        return Asker(await keys.authenticate(authorization, landscape, now))
    except Unauthenticated as error:
        claims = _withdrawn(keys, authorization, operation, now) if operation.fact else None
        if claims is None:
            raise
        return Asker(_former(claims), f"the sender {claims.subject} may not send this any more ({error.code})")


def _withdrawn(keys: SigningKeys, authorization: str | None, operation: Operation, now: datetime) -> Claims | None:
    """What a good token says that was issued for this operation, whatever the landscape says now."""
    token = (authorization or "").strip().partition(" ")[2].strip()
    try:
        claims = verify(token, keys.ring.keys, keys.realm, now)
    except BadToken:
        return None
    return claims if operation.scope in claims.scopes else None


def _former(claims: Claims) -> Principal:
    return Principal(
        id=claims.subject,
        kind="machine",
        scopes=frozenset(),
        claimed=frozenset(claims.scopes),
        holder=claims.client_id,
        token_id=claims.token_id,
        expires_at=claims.expires_at,
    )
