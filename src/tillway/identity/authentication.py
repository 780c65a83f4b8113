"""From an Authorization header to a Principal. Pure but for the verifier's memory."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from joserfc.jwk import ECKey

from tillway.identity.challenge import NotAuthenticated
from tillway.identity.issuing import OPERATOR, OPERATOR_SCOPES
from tillway.identity.principal import Principal, PrincipalKind
from tillway.landscape import Landscape
from tillway.tokens import BadToken, Claims, UnknownKey, Verifier

_KINDS: Mapping[str, PrincipalKind] = {
    "machine": "machine",
    "device": "device",
    "person": "person",
    OPERATOR: "operator",
}


def authenticate(
    authorization: str | None, keys: Mapping[str, ECKey], verifier: Verifier, landscape: Landscape, now: datetime
) -> Principal:
    """Who brings this bearer token. Raises NotAuthenticated with its challenge.

    UnknownKey passes through: the caller may reload the keys and ask again (`SigningKeys.authenticate` does).
    """
    token = _bearer_token(authorization)
    try:
        claims = verifier.verify(token, keys, now)
    except UnknownKey:
        raise
    except BadToken as error:
        raise invalid_token(error.detail) from error
    if claims.kind == OPERATOR:
        return _principal(claims, frozenset(OPERATOR_SCOPES))
    consumer = landscape.consumers.get(claims.subject)
    # A token tells its kind; a consumer that became another kind of thing needs a new one.
    if consumer is None or consumer.kind != claims.kind:
        raise invalid_token("the access token's subject is not known any more")
    return _principal(claims, frozenset(consumer.scopes))


def invalid_token(detail: str) -> NotAuthenticated:
    """401 of RFC 6750 for a token that was brought and does not count."""
    return NotAuthenticated(detail, remedy="get a new token at /oauth2/token", error="invalid_token")


def _bearer_token(authorization: str | None) -> str:
    scheme, _, token = (authorization or "").strip().partition(" ")
    token = token.strip()
    if scheme.lower() != "bearer" or not token:
        remedy = "get a token at /oauth2/token and send it as `Authorization: Bearer ...`"
        raise NotAuthenticated("an access token is needed", remedy=remedy)
    return token


def _principal(claims: Claims, granted: frozenset[str]) -> Principal:
    return Principal(
        id=claims.subject,
        kind=_KINDS[claims.kind],
        scopes=frozenset(claims.scopes) & granted,
        token_id=claims.token_id,
        expires_at=claims.expires_at,
        claimed=frozenset(claims.scopes),
        holder=claims.client_id,
        shop=claims.shop,
        roles=frozenset(claims.roles),
        auth_time=claims.auth_time,
    )
