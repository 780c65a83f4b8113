"""The token endpoint's decision (RFC 6749 sections 4.4 and 5), pure: what is asked, by whom, and the answer."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl

from joserfc.jwk import ECKey

from tillway.identity.challenge import PROTECTION_REALM
from tillway.identity.client_authentication import AmbiguousClient, authenticated, credentials
from tillway.identity.restrictions import UNRESTRICTED, Restrictions
from tillway.landscape import Consumer, Landscape
from tillway.tokens import Claims, Realm, sign

TOKEN_LIFETIME = timedelta(minutes=10)
"""How long an access token lives; a removed scope counts at once, a stolen token no longer than this."""

OPERATOR_LIFETIME = timedelta(hours=12)
"""How long an operator's token in the state directory lives; the supervisor makes a new one in time."""

OPERATOR = "operator"
OPERATOR_SCOPES = ("operations:read", "operations:write")

FORM_BYTES_MAX = 16 * 1024
"""A token request has a few hundred bytes."""

FORM_FIELDS_MAX = 32
"""A token request has at most five fields; unknown ones are ignored, not collected."""

GRANT_TYPE = "client_credentials"

# RFC 6749 appendix A.4.
_SCOPE = re.compile(r"[\x21\x23-\x5B\x5D-\x7E]+( [\x21\x23-\x5B\x5D-\x7E]+)*\Z")


@dataclass(frozen=True, kw_only=True, slots=True)
class TokenRequest:
    """What was posted: the form's fields as they came (twice, if twice) and the Authorization header."""

    form: tuple[tuple[str, str], ...]
    authorization: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class TokenAnswer:
    """What to answer: status, headers and JSON body. `consumer` is set once the client proved who it is (for audit)."""

    status: int
    body: Mapping[str, Any]
    headers: Mapping[str, str] = field(default_factory=dict)
    consumer: str | None = None


class _Refusal(Exception):
    """An answer, not a failure; never leaves this file."""

    def __init__(self, error: str, description: str, *, consumer: str | None = None) -> None:
        super().__init__(error)
        self.error, self.description, self.consumer = error, description, consumer


def parse_form(body: bytes, content_type: str | None = None) -> tuple[tuple[str, str], ...]:
    """The fields of an `application/x-www-form-urlencoded` body; empty if it is anything else, which answers 400."""
    media = (content_type or "application/x-www-form-urlencoded").partition(";")[0].strip().lower()
    if media != "application/x-www-form-urlencoded" or len(body) > FORM_BYTES_MAX:
        return ()
    try:
        fields = parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=FORM_FIELDS_MAX, errors="strict")
    except ValueError:
        return ()
    return tuple(fields)


def issue(
    request: TokenRequest,
    *,
    landscape: Landscape,
    secrets: Mapping[str, str],
    key: ECKey,
    realm: Realm,
    now: datetime,
    token_id: str,
    restrictions: Restrictions = UNRESTRICTED,
) -> TokenAnswer:
    """A token for the scopes asked for (all granted ones if none), or an RFC 6749 section 5.2 error; never raises.

    `secrets` maps consumers to their client secrets, as revealed from the landscape's references.
    """
    try:
        form = _single(request.form)
        consumer = _client(request.authorization, form, landscape, secrets)
        _unrestricted(consumer, restrictions, now)
        scopes = _scopes(form, consumer)
    except _Refusal as refusal:
        return _refused(refusal)
    token = sign(
        Claims(
            issuer=realm.issuer,
            audience=realm.audience,
            subject=consumer.id,
            client_id=consumer.id,
            kind=consumer.kind,
            scopes=scopes,
            issued_at=now,
            expires_at=now + TOKEN_LIFETIME,
            token_id=token_id,
        ),
        key,
    )
    body = {
        "access_token": token,
        "token_type": "Bearer",
        "expires_in": int(TOKEN_LIFETIME.total_seconds()),
        "scope": " ".join(scopes),
    }
    return TokenAnswer(status=200, body=body, headers=_uncached(), consumer=consumer.id)


def operator_token(
    *, key: ECKey, realm: Realm, now: datetime, token_id: str, lifetime: timedelta = OPERATOR_LIFETIME
) -> str:
    """A token for whoever may read the state directory: all of operations and nothing else; needs no entry."""
    claims = Claims(
        issuer=realm.issuer,
        audience=realm.audience,
        subject=OPERATOR,
        client_id=OPERATOR,
        kind=OPERATOR,
        scopes=OPERATOR_SCOPES,
        issued_at=now,
        expires_at=now + lifetime,
        token_id=token_id,
    )
    return sign(claims, key)


def _single(form: tuple[tuple[str, str], ...]) -> dict[str, str]:
    """RFC 6749 3.2: a parameter once at most, one without a value counts as left out."""
    fields: dict[str, str] = {}
    for name, value in form:
        if name in fields:
            raise _Refusal("invalid_request", "a parameter stands twice")
        fields[name] = value
    fields = {name: value for name, value in fields.items() if value}
    if "grant_type" not in fields:
        raise _Refusal("invalid_request", "grant_type is missing; post a form with it")
    return fields


def _client(
    authorization: str | None, form: Mapping[str, str], landscape: Landscape, secrets: Mapping[str, str]
) -> Consumer:
    try:
        consumer_id = authenticated(credentials(authorization, form), secrets)
    except AmbiguousClient as error:
        raise _Refusal("invalid_request", str(error)) from error
    consumer = landscape.consumers.get(consumer_id) if consumer_id is not None else None
    if consumer is None:
        raise _Refusal("invalid_client", "the client is not known or its secret is wrong")
    return consumer


def _unrestricted(consumer: Consumer, restrictions: Restrictions, now: datetime) -> None:
    if restrictions.holds("consumer", consumer.id, now):
        raise _Refusal("unauthorized_client", "the client is suspended", consumer=consumer.id)


def _scopes(form: Mapping[str, str], consumer: Consumer) -> tuple[str, ...]:
    if form["grant_type"] != GRANT_TYPE:
        raise _Refusal("unsupported_grant_type", f"only {GRANT_TYPE} is offered", consumer=consumer.id)
    asked = form.get("scope", "")
    if not asked:
        if not consumer.scopes:
            raise _Refusal("invalid_scope", "no scope is granted to this client", consumer=consumer.id)
        return consumer.scopes
    if not _SCOPE.match(asked):
        raise _Refusal("invalid_scope", "scope is a list of words parted by one space", consumer=consumer.id)
    scopes = tuple(dict.fromkeys(asked.split(" ")))
    refused = [scope for scope in scopes if scope not in consumer.scopes]
    if refused:
        raise _Refusal("invalid_scope", f"not granted to this client: {' '.join(refused)[:200]}", consumer=consumer.id)
    return scopes


def _refused(refusal: _Refusal) -> TokenAnswer:
    headers = _uncached()
    if refusal.error == "invalid_client":
        headers["WWW-Authenticate"] = f'Basic realm="{PROTECTION_REALM}", charset="UTF-8"'
    status = 401 if refusal.error == "invalid_client" else 400
    body = {"error": refusal.error, "error_description": refusal.description}
    return TokenAnswer(status=status, body=body, headers=headers, consumer=refusal.consumer)


def _uncached() -> dict[str, str]:
    # RFC 6749 5.1 asks for both on anything that may hold a token.
    return {"Cache-Control": "no-store", "Pragma": "no-cache"}
