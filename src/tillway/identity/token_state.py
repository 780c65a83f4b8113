"""Asking whether a token counts (RFC 7662) and making it worthless (RFC 7009). Pure: the decision of both endpoints."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from tillway.identity.authentication import principal
from tillway.identity.challenge import NotAuthenticated
from tillway.identity.desk import Client, Desk
from tillway.identity.principal import Principal
from tillway.identity.requesting import Refusal, TokenAnswer, uncached
from tillway.tokens import BadToken, Claims, verify

INTROSPECT_PATH: Final = "/oauth2/introspect"
REVOKE_PATH: Final = "/oauth2/revoke"

# Whoever may look at operations may ask about anybody's token; everybody else about their own.
SCOPE: Final = "operations:read"

_INACTIVE: Final[Mapping[str, Any]] = {"active": False}


@dataclass(frozen=True, kw_only=True, slots=True)
class Revocation:
    """What to do and what to answer: `claims` of the token to revoke, None when nothing is to be done."""

    answer: TokenAnswer
    claims: Claims | None = None


def introspection(form: Mapping[str, str], who: Client, desk: Desk) -> TokenAnswer:
    """What this token says and may do now, or that it does not count.

    Which of the two it is, is told to who may know only; to all others every token looks like one that does not count.
    """
    claims = _claims(_token(form, who), desk)
    if claims is None or not (_own(claims, who) or SCOPE in who.consumer.scopes):
        return _answered(_INACTIVE, who)
    now = _counting(claims, desk)
    return _answered(_INACTIVE if now is None else _described(claims, now), who)


def revocation(form: Mapping[str, str], who: Client, desk: Desk) -> Revocation:
    """What becomes of a wish to revoke a token. One that does not count anyway is as good as revoked.

    Refusal for a token of another.
    """
    claims = _claims(_token(form, who), desk)
    if claims is None:
        return Revocation(answer=_answered({}, who))
    if not _own(claims, who):
        raise Refusal("unauthorized_client", "this token was issued to another client", consumer=who.consumer.id)
    return Revocation(answer=_answered({}, who), claims=claims)


def _token(form: Mapping[str, str], who: Client) -> str:
    if "token" not in form:
        raise Refusal("invalid_request", "token is missing; post a form with it", consumer=who.consumer.id)
    return form["token"]


def _claims(token: str, desk: Desk) -> Claims | None:
    try:
        return verify(token, desk.ring.keys, desk.realm, desk.now)
    except BadToken:
        return None


def _own(claims: Claims, who: Client) -> bool:
    """Whose it is: who holds it, or whose rights it carries."""
    return who.id in (claims.client_id, claims.subject)


def _counting(claims: Claims, desk: Desk) -> Principal | None:
    """Who brings this token, if anybody would be let in with it."""
    holds, now = desk.restrictions.holds, desk.now
    if holds("token", claims.token_id, now) or holds("device", claims.client_id, now):
        return None
    if claims.session is not None and holds("session", claims.session, now):
        return None
    if any(holds("consumer", each, now) for each in {claims.subject, claims.client_id, claims.actor or claims.subject}):
        return None
    try:
        return principal(claims, desk.landscape)
    except NotAuthenticated:
        return None


def _described(claims: Claims, now: Principal) -> dict[str, Any]:
    """RFC 7662 section 2.2; `scope` is what the token says and the landscape still grants."""
    bound = claims.confirmation
    said: dict[str, Any] = {
        "active": True,
        "scope": " ".join(scope for scope in claims.scopes if scope in now.scopes),
        "client_id": claims.client_id,
        "token_type": "DPoP" if bound is not None and bound.jkt is not None else "Bearer",
        "exp": int(claims.expires_at.timestamp()),
        "iat": int(claims.issued_at.timestamp()),
        "sub": claims.subject,
        "aud": claims.audience,
        "iss": claims.issuer,
        "jti": claims.token_id,
        "kind": claims.kind,
    }
    if bound is not None:
        said["cnf"] = {"jkt": bound.jkt} if bound.jkt is not None else {"x5t#S256": bound.x5t}
    if claims.shop is not None:
        said["shop"] = claims.shop
    if claims.actor is not None:
        said["act"] = {"sub": claims.actor}
    return said


def _answered(body: Mapping[str, Any], who: Client) -> TokenAnswer:
    return TokenAnswer(status=200, body=body, headers=uncached(), consumer=who.consumer.id)
