"""What an access token says, in our words and on the wire, and the refusal of those that prove nothing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import ClassVar

import msgspec

from tillway.errors import Unauthenticated


class BadToken(Unauthenticated):
    """The token proves nothing; the detail says why and holds nothing of the token."""

    code: ClassVar[str] = "invalid-token"
    title: ClassVar[str] = "The access token is not valid"


class UnknownKey(BadToken):
    """The token names a signing key that is not known here; it may have been made on another node just now."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Realm:
    """Who issues tokens (`iss`) and whom they are for (`aud`): one hub, however many nodes."""

    issuer: str
    audience: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Confirmation:
    """What a token is bound to (RFC 7800 `cnf`), exactly one of both: whoever brings it must prove to hold it.

    `jkt` is the thumbprint of a DPoP key (RFC 9449), `x5t` that of a TLS client certificate (RFC 8705, `x5t#S256`).
    """

    jkt: str | None = None
    x5t: str | None = None

    def __post_init__(self) -> None:
        if (self.jkt is None) == (self.x5t is None):
            raise ValueError("a token is bound to a key or to a certificate")


@dataclass(frozen=True, kw_only=True, slots=True)
class Claims:
    """What a token says. Times are aware and whole seconds; `kind` is what sort of subject it is.

    `client_id` is who holds it: the subject, or the actor that calls on the subject's behalf.
    """

    issuer: str
    audience: str
    subject: str
    client_id: str
    kind: str
    scopes: tuple[str, ...]
    issued_at: datetime
    expires_at: datetime
    token_id: str
    confirmation: Confirmation | None = None
    """What it is bound to; None: whoever has it may use it."""
    actor: str | None = None
    """Who acts for the subject (RFC 8693 `act`)."""
    shop: str | None = None
    """The shop a device stands in."""
    roles: tuple[str, ...] = ()
    """The roles a person has."""
    auth_time: datetime | None = None
    """When a person last proved who they are."""
    acr: str | None = None
    """How they did, in the words of their identity provider."""
    session: str | None = None
    """The session of a person that it was made for; it counts no longer than that."""


class _Bound(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    jkt: str | None = None
    x5t: str | None = msgspec.field(default=None, name="x5t#S256")


class _Actor(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    sub: str


class _Payload(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    iss: str
    aud: str
    sub: str
    client_id: str
    kind: str
    scope: str
    iat: int
    exp: int
    jti: str
    cnf: _Bound | None = None
    act: _Actor | None = None
    shop: str | None = None
    roles: tuple[str, ...] = ()
    auth_time: int | None = None
    acr: str | None = None
    sid: str | None = None


def written(claims: Claims) -> bytes:
    """The payload of the token that says this."""
    bound = claims.confirmation
    payload = _Payload(
        iss=claims.issuer,
        aud=claims.audience,
        sub=claims.subject,
        client_id=claims.client_id,
        kind=claims.kind,
        scope=" ".join(claims.scopes),
        iat=int(claims.issued_at.timestamp()),
        exp=int(claims.expires_at.timestamp()),
        jti=claims.token_id,
        cnf=None if bound is None else _Bound(jkt=bound.jkt, x5t=bound.x5t),
        act=None if claims.actor is None else _Actor(claims.actor),
        shop=claims.shop,
        roles=claims.roles,
        auth_time=None if claims.auth_time is None else int(claims.auth_time.timestamp()),
        acr=claims.acr,
        sid=claims.session,
    )
    return msgspec.json.encode(payload)


def read(payload: bytes) -> Claims:
    """What a payload says. BadToken when it is not one of ours, down to the last claim."""
    try:
        return _claims(msgspec.json.decode(payload, type=_Payload))
    except (msgspec.DecodeError, ValueError, OverflowError, OSError) as error:
        raise BadToken("the access token lacks claims that are needed") from error


def _claims(payload: _Payload) -> Claims:
    bound = payload.cnf
    return Claims(
        issuer=payload.iss,
        audience=payload.aud,
        subject=payload.sub,
        client_id=payload.client_id,
        kind=payload.kind,
        scopes=tuple(payload.scope.split()),
        issued_at=datetime.fromtimestamp(payload.iat, UTC),
        expires_at=datetime.fromtimestamp(payload.exp, UTC),
        token_id=payload.jti,
        confirmation=None if bound is None else Confirmation(jkt=bound.jkt, x5t=bound.x5t),
        actor=None if payload.act is None else payload.act.sub,
        shop=payload.shop,
        roles=payload.roles,
        auth_time=None if payload.auth_time is None else datetime.fromtimestamp(payload.auth_time, UTC),
        acr=payload.acr,
        session=payload.sid,
    )
