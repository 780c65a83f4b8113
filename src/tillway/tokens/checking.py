"""Signing and checking access tokens: one algorithm, one type, three header fields, one audience."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Mapping
from datetime import datetime, timedelta

import msgspec
from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import ECKey

from tillway.tokens import base64url
from tillway.tokens.claims import BadToken, Claims, Realm, UnknownKey, read, written
from tillway.tokens.keys import ALGORITHM

TOKEN_TYPE = "at+jwt"  # noqa: S105 - a media type, not a password
# Ours have about 700; a bound before any parsing. Front doors cut headers at the same size.
TOKEN_BYTES_MAX = 8 * 1024
# Clocks of nodes differ a little; longer would only lengthen a stolen token's life.
LEEWAY = timedelta(seconds=5)
# Tokens live 10 minutes; this many consumers in turn pay the signature check (0.1 ms) once per token. About 4 MB.
VERIFIED_MAX = 4096


class _Header(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    alg: str
    typ: str
    kid: str


def sign(claims: Claims, key: ECKey) -> str:
    """The compact JWS of these claims."""
    header = {"alg": ALGORITHM, "typ": TOKEN_TYPE, "kid": str(key.kid)}
    return jws.serialize_compact(header, written(claims), key, algorithms=[ALGORITHM])


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
    claims = read(content.payload)
    _in_force(claims, realm, now)
    return claims


def _kid(token: str) -> str:
    if len(token) > TOKEN_BYTES_MAX:
        raise BadToken("the access token is too large")
    if token.count(".") != 2:  # noqa: PLR2004 - header, payload and signature
        raise BadToken("the access token is not a signed JWT")
    try:
        header = msgspec.json.decode(base64url.decode(token[: token.index(".")]), type=_Header)
    except (msgspec.DecodeError, ValueError) as error:
        raise BadToken("the access token's header is not one of ours") from error
    if header.alg != ALGORITHM or header.typ != TOKEN_TYPE:
        raise BadToken(f"the access token is not of type {TOKEN_TYPE} signed with {ALGORITHM}")
    return header.kid


def _in_force(claims: Claims, realm: Realm, now: datetime) -> None:
    if claims.issuer != realm.issuer:
        raise BadToken("the access token was issued by somebody else")
    if claims.audience != realm.audience:
        raise BadToken("the access token is for somebody else")
    if claims.issued_at > now + LEEWAY:
        raise BadToken("the access token is from the future")
    if now >= claims.expires_at + LEEWAY:
        raise _expired()


def _expired() -> BadToken:
    return BadToken("the access token has expired")


class Verifier:
    """Checks tokens of one realm and remembers the good ones, so that a signature is checked once per token.

    A remembered token counts no longer than it lives, and not after its key is gone. For one asyncio loop.
    """

    def __init__(self, realm: Realm, *, size: int = VERIFIED_MAX) -> None:
        self.realm = realm
        self._size = size
        # Each with the id of its key, and when it ends.
        self._verified: OrderedDict[bytes, tuple[str, datetime, Claims]] = OrderedDict()

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
        kid, ends, claims = remembered
        if kid in keys and now < ends:
            self._verified.move_to_end(digest)
            return claims
        del self._verified[digest]
        if kid not in keys:
            raise UnknownKey("the access token was signed with a key that is not known")
        raise _expired()

    def _remember(self, digest: bytes, kid: str, claims: Claims) -> None:
        self._verified[digest] = (kid, claims.expires_at + LEEWAY, claims)
        if len(self._verified) > self._size:
            self._verified.popitem(last=False)
