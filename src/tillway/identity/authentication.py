"""From what a request brings to a Principal. Pure but for the verifier's memory.

In two steps, because they fail differently: *what does the token say, and may this one bring it* proves an identity,
*what does the landscape say of that identity now* gives it rights. A fact is kept whatever the second says.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final

import msgspec

from tillway.identity import certificate, proof
from tillway.identity.challenge import BEARER, DPOP, NotAuthenticated
from tillway.identity.issuing import OPERATOR, OPERATOR_SCOPES
from tillway.identity.once import Once
from tillway.identity.people.roles import PERSON, is_person, roles_now, scopes_of
from tillway.identity.principal import Principal, PrincipalKind
from tillway.identity.proof import BadProof, Call, Proven
from tillway.identity.ring import KeyRing
from tillway.landscape import Consumer, Landscape
from tillway.tokens import BadToken, Claims, UnknownKey, Verifier

_KINDS: Final[Mapping[str, PrincipalKind]] = {
    "machine": "machine",
    "agent": "agent",
    "device": "device",
    PERSON: "person",
    OPERATOR: "operator",
}
_SCHEMES: Final[Mapping[str, str]] = {"bearer": BEARER, "dpop": DPOP}

# Principals remembered under one landscape: one for each token that is remembered as verified; some 4 MB.
PRINCIPALS_MAX: Final = 4_096
_PLACE: Final = "identity.principals"

_NEW_TOKEN: Final = "get a new token at /oauth2/token"  # noqa: S105 - a remedy


class Presented(msgspec.Struct, frozen=True, kw_only=True):
    """What a request brings to prove who makes it.

    `url` is where it goes as clients know it, without the query; `proof` the `DPoP` header; `certificate` the client
    certificate (DER) that a trusted proxy handed on.
    """

    authorization: str | None = None
    method: str = ""
    url: str = ""
    proof: str | None = None
    certificate: bytes | None = None


def proven(presented: Presented, ring: KeyRing, verifier: Verifier, now: datetime) -> tuple[Claims, Once | None]:
    """What the token says, and the proof to use up before that counts. Raises NotAuthenticated with its challenge.

    UnknownKey passes through: the caller may reload the keys and ask again (`SigningKeys.prove` does).
    """
    scheme, token = _token(presented.authorization)
    try:
        claims = verifier.verify(token, ring.keys, now)
    except UnknownKey:
        raise
    except BadToken as error:
        raise invalid_token(error.detail, scheme=scheme) from error
    bound = claims.confirmation
    if bound is None:
        if scheme == DPOP:
            raise invalid_token("the access token is not bound to a key; send it as Bearer", scheme=BEARER)
        return claims, None
    if bound.jkt is not None:
        found = _held(presented, scheme, token, ring, now)
        if found.jkt != bound.jkt:
            raise invalid_token("the access token is bound to another key", scheme=DPOP)
        return claims, found.once
    shown = presented.certificate
    if scheme != BEARER or shown is None or not certificate.is_one(shown, bound.x5t or ""):
        raise invalid_token("the access token is bound to a client certificate, which was not brought")
    return claims, None


def principal(claims: Claims, landscape: Landscape) -> Principal:
    """Who this is now, by the landscape. Raises NotAuthenticated when the token does not count any more.

    Nothing but these two has a say in it, so it is remembered as long as both are.
    """
    remembered: dict[str, tuple[Claims, Principal]] = landscape.derived.setdefault(_PLACE, {})
    found = remembered.get(claims.token_id)
    if found is not None and found[0] is claims:
        return found[1]
    made = _now(claims, landscape)
    if len(remembered) >= PRINCIPALS_MAX:
        remembered.clear()
    remembered[claims.token_id] = (claims, made)
    return made


def _now(claims: Claims, landscape: Landscape) -> Principal:
    if claims.kind == OPERATOR:
        return _principal(claims, frozenset(OPERATOR_SCOPES))
    if claims.kind == PERSON:
        return _principal(claims, _of_roles(claims, landscape))
    consumer = landscape.consumers.get(claims.subject)
    # A token tells its kind; a consumer that became another kind of thing needs a new one.
    if consumer is None or consumer.kind != claims.kind:
        raise invalid_token("the access token's subject is not known any more")
    if claims.actor is None:
        _bound_as_asked(claims, consumer)
        return _principal(claims, frozenset(consumer.scopes))
    actor = landscape.consumers.get(claims.actor)
    if actor is None or consumer.id not in actor.acts_for:
        raise invalid_token("who brings the access token may not act for its subject any more")
    _bound_as_asked(claims, actor)
    return _principal(claims, frozenset(consumer.scopes) & frozenset(actor.scopes))


def invalid_token(detail: str, *, scheme: str = BEARER) -> NotAuthenticated:
    """401 of RFC 6750 or RFC 9449 for a token that was brought and does not count."""
    return NotAuthenticated(detail, remedy=_NEW_TOKEN, error="invalid_token", scheme=scheme)


def spent_proof() -> NotAuthenticated:
    """401 of RFC 9449 for a proof that was used before."""
    return _bad_proof("it was used before", "invalid_dpop_proof")


def _held(presented: Presented, scheme: str, token: str, ring: KeyRing, now: datetime) -> Proven:
    if scheme != DPOP:
        raise invalid_token("the access token is bound to a key; send it as DPoP with a proof", scheme=DPOP)
    if presented.proof is None:
        raise _bad_proof("there is none", "invalid_dpop_proof")
    call = Call(method=presented.method, url=presented.url, token=token)
    try:
        return proof.check(presented.proof, call, ring, now)
    except BadProof as error:
        raise _bad_proof(str(error), error.error) from error


def _bad_proof(detail: str, code: str) -> NotAuthenticated:
    remedy = "make a fresh proof for each call, with the nonce of the last answer"
    return NotAuthenticated(f"the DPoP proof is not accepted: {detail}", remedy=remedy, error=code, scheme=DPOP)


def _token(authorization: str | None) -> tuple[str, str]:
    given, _, token = (authorization or "").strip().partition(" ")
    scheme, token = _SCHEMES.get(given.lower()), token.strip()
    if scheme is None or not token:
        remedy = "get a token at /oauth2/token and send it as `Authorization: Bearer ...`"
        raise NotAuthenticated("an access token is needed", remedy=remedy)
    return scheme, token


def _bound_as_asked(claims: Claims, holder: Consumer) -> None:
    """What the holder's tokens must be bound to may have become stricter since this one was made."""
    bound = claims.confirmation
    has = {"none": True, "dpop": bound is not None and bound.jkt, "mtls": bound is not None and bound.x5t}
    if not has[holder.proof]:
        raise invalid_token("the access token is not bound to what its holder must prove")


def _principal(claims: Claims, granted: frozenset[str]) -> Principal:
    return Principal(
        id=claims.subject,
        kind=_KINDS[claims.kind],
        scopes=frozenset(claims.scopes) & granted,
        token_id=claims.token_id,
        expires_at=claims.expires_at,
        claimed=frozenset(claims.scopes),
        holder=claims.client_id,
        actor=claims.actor,
        shop=claims.shop,
        roles=frozenset(claims.roles),
        auth_time=claims.auth_time,
        session=claims.session,
    )


def _of_roles(claims: Claims, landscape: Landscape) -> frozenset[str]:
    """What the landscape lets the roles of a person do now. NotAuthenticated when the token is not one of a person."""
    own = claims.subject == claims.client_id and is_person(claims.subject) and claims.session is not None
    if not own or claims.confirmation is not None or claims.actor is not None or claims.shop is not None:
        raise invalid_token("the access token says what no person's says")
    roles = roles_now(claims.roles, landscape)
    if not roles:
        raise invalid_token("the roles of the access token's subject are not given any more")
    return scopes_of(roles, landscape)
