"""Access tokens: signed ES256 JWTs of RFC 9068 (`typ: at+jwt`), made and checked without I/O; time is passed in.

Only this hub issues them, so the shape is held exactly: one algorithm, one type, three header fields, one audience.
"""

from __future__ import annotations

import binascii
import hashlib
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import ClassVar

import msgspec
from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import ECKey

from tillway.errors import Misconfigured, Unauthenticated

ALGORITHM = "ES256"
CURVE = "P-256"
TOKEN_TYPE = "at+jwt"  # noqa: S105 - a media type, not a password
# Ours have about 700; a bound before any parsing. Front doors cut headers at the same size.
TOKEN_BYTES_MAX = 8 * 1024
# Clocks of nodes differ a little; longer would only lengthen a stolen token's life.
LEEWAY = timedelta(seconds=5)
# Tokens live 10 minutes; this many consumers in turn pay the signature check (0.1 ms) once per token. About 4 MB.
VERIFIED_MAX = 4096


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
class Claims:
    """What a token says. Times are aware and whole seconds; `kind` is what sort of subject it is."""

    issuer: str
    audience: str
    subject: str
    client_id: str
    kind: str
    scopes: tuple[str, ...]
    issued_at: datetime
    expires_at: datetime
    token_id: str


class _Header(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    alg: str
    typ: str
    kid: str


class _Payload(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    iss: str
    aud: str
    sub: str
    client_id: str
    kind: str
    scope: str
    iat: int
    exp: int
    jti: str


def new_key() -> ECKey:
    """A fresh private signing key; its `kid` is its RFC 7638 thumbprint."""
    return ECKey.generate_key(CURVE, {"use": "sig", "alg": ALGORITHM}, private=True, auto_kid=True)


def read_key(jwk_text: str) -> ECKey:
    """A signing key from JWK text. Raises Misconfigured if it is none of ours; the text is not repeated."""
    try:
        key = ECKey.import_key(msgspec.json.decode(jwk_text, type=dict[str, str | list[str]]))
    except (JoseError, ValueError, KeyError, TypeError) as error:
        raise Misconfigured(
            "a signing key cannot be read", remedy="restore it, or remove it to have one made"
        ) from error
    if key.kid is None or key.curve_name != CURVE:
        raise Misconfigured(f"a signing key is not {CURVE} with a kid", remedy="remove it to have one made")
    return key


def key_text(key: ECKey) -> str:
    """The private key as JWK text: a secret."""
    return msgspec.json.encode(key.as_dict(private=True)).decode()


def public_jwk(key: ECKey) -> dict[str, str]:
    """The public half as it may be shown to anybody."""
    shown = key.as_dict(private=False)
    return {name: str(shown[name]) for name in ("kty", "crv", "x", "y", "use", "alg", "kid") if name in shown}


def sign(claims: Claims, key: ECKey) -> str:
    """The compact JWS of these claims."""
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
    )
    header = {"alg": ALGORITHM, "typ": TOKEN_TYPE, "kid": str(key.kid)}
    return jws.serialize_compact(header, msgspec.json.encode(payload), key, algorithms=[ALGORITHM])


def verify(token: str, keys: Mapping[str, ECKey], realm: Realm, now: datetime) -> Claims:
    """What the token says, if one of `keys` (by kid) signed it for this realm and it is in force at `now`.

    Raises UnknownKey for a kid that is not among the keys, BadToken for everything else.
    """
    kid = _kid(token)
    key = keys.get(kid)
    if key is None:
        raise UnknownKey("the access token was signed with a key that is not known")
    try:
        content = jws.deserialize_compact(token, key, algorithms=[ALGORITHM])
    except (JoseError, ValueError) as error:
        raise BadToken("the access token's signature does not match") from error
    try:
        claims = _claims(msgspec.json.decode(content.payload, type=_Payload))
    except (msgspec.DecodeError, ValueError, OverflowError, OSError) as error:
        raise BadToken("the access token lacks claims that are needed") from error
    _in_force(claims, realm, now)
    return claims


def _kid(token: str) -> str:
    if len(token) > TOKEN_BYTES_MAX:
        raise BadToken("the access token is too large")
    if token.count(".") != 2:  # noqa: PLR2004 - header, payload and signature
        raise BadToken("the access token is not a signed JWT")
    try:
        header = msgspec.json.decode(_base64url(token[: token.index(".")]), type=_Header)
    except (msgspec.DecodeError, ValueError) as error:
        raise BadToken("the access token's header is not one of ours") from error
    if header.alg != ALGORITHM or header.typ != TOKEN_TYPE:
        raise BadToken(f"the access token is not of type {TOKEN_TYPE} signed with {ALGORITHM}")
    return header.kid


def _base64url(text: str) -> bytes:
    """Strictly: only the URL alphabet, no padding; `base64` alone skips what it does not know."""
    standard = text.translate({ord("-"): "+", ord("_"): "/", ord("+"): "!", ord("/"): "!", ord("="): "!"})
    return binascii.a2b_base64(standard + "=" * (-len(text) % 4), strict_mode=True)


def _claims(payload: _Payload) -> Claims:
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
    )


def _in_force(claims: Claims, realm: Realm, now: datetime) -> None:
    if claims.issuer != realm.issuer:
        raise BadToken("the access token was issued by somebody else")
    if claims.audience != realm.audience:
        raise BadToken("the access token is for somebody else")
    if claims.issued_at > now + LEEWAY:
        raise BadToken("the access token is from the future")
    _not_expired(claims, now)


def _not_expired(claims: Claims, now: datetime) -> None:
    if now >= claims.expires_at + LEEWAY:
        raise BadToken("the access token has expired")


class Verifier:
    """Checks tokens of one realm and remembers the good ones, so that a signature is checked once per token.

    A remembered token counts no longer than it lives, and not after its key is gone. For one asyncio loop.
    """

    def __init__(self, realm: Realm, *, size: int = VERIFIED_MAX) -> None:
        self.realm = realm
        self._size = size
        self._verified: OrderedDict[bytes, tuple[str, Claims]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._verified)

    def verify(self, token: str, keys: Mapping[str, ECKey], now: datetime) -> Claims:
        """As `verify`, with memory."""
        if len(token) > TOKEN_BYTES_MAX:
            raise BadToken("the access token is too large")
        digest = hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()
        remembered = self._verified.get(digest)
        if remembered is None:
            claims = verify(token, keys, self.realm, now)
            self._remember(digest, _kid(token), claims)
            return claims
        kid, claims = remembered
        try:
            if kid not in keys:
                raise UnknownKey("the access token was signed with a key that is not known")
            _not_expired(claims, now)
        except BadToken:
            del self._verified[digest]
            raise
        self._verified.move_to_end(digest)
        return claims

    def _remember(self, digest: bytes, kid: str, claims: Claims) -> None:
        self._verified[digest] = (kid, claims)
        if len(self._verified) > self._size:
            self._verified.popitem(last=False)
