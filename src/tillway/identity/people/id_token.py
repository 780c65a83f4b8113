"""The ID token of a provider (OpenID Connect Core section 3.1.3.7): who signed in, when and how. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import msgspec

from tillway.identity.foreign import ID_TOKEN_BYTES_MAX, Key, NotTrusted, check_signature, parse
from tillway.identity.people.pending import Pending, same
from tillway.tokens import LEEWAY, base64url

OLDEST: Final = timedelta(minutes=10)
"""An ID token is made when its code is redeemed, which is now; clocks of providers may differ by minutes."""

SUBJECT_CHARACTERS_MAX: Final = 255
"""OpenID Connect Core section 2."""

ACR_CHARACTERS_MAX: Final = 100
"""A short name or a URL."""

PERSONAL_CHARACTERS_MAX: Final = 200
"""A name or an e-mail address, as far as it is shown."""

# Others are of no use here: an access token or a logout token is not taken for an ID token (RFC 8725 section 3.11).
_TYPES: Final = frozenset({None, "JWT", "jwt"})


class _Said(msgspec.Struct, frozen=True):
    iss: str
    sub: str
    aud: str | tuple[str, ...]
    exp: int | float
    iat: int | float
    nonce: str | None = None
    azp: str | None = None
    at_hash: str | None = None
    auth_time: int | float | None = None
    nbf: int | float | None = None
    acr: str | None = None


class Proved(msgspec.Struct, frozen=True, kw_only=True):
    """Who proved who they are to their provider. `claims` are all that the token says."""

    issuer: str
    subject: str
    auth_time: datetime | None
    acr: str | None
    claims: Mapping[str, Any]

    @property
    def about(self) -> dict[str, str]:
        """Name and e-mail address, as far as they are told: personal."""
        told = {name: self.claims.get(name) for name in ("name", "email")}
        return {name: text[:PERSONAL_CHARACTERS_MAX] for name, text in told.items() if isinstance(text, str) and text}


def check(token: str, pending: Pending, keys: Sequence[Key], now: datetime, *, access_token: str | None) -> Proved:
    """Who this says signed in, if the provider says it of this very sign-in. NotTrusted otherwise."""
    signed = parse(token, longest=ID_TOKEN_BYTES_MAX)
    check_signature(signed, keys)
    if signed.header.get("typ") not in _TYPES:
        raise NotTrusted("it is of another type")
    try:
        said = msgspec.json.decode(signed.payload, type=_Said)
        claims = msgspec.json.decode(signed.payload, type=dict[str, Any])
        signed_in = None if said.auth_time is None else datetime.fromtimestamp(said.auth_time, UTC)
    except (msgspec.DecodeError, ValueError, OverflowError, OSError) as error:
        raise NotTrusted("it lacks claims that are needed") from error
    _for_us(said, pending)
    _in_force(said, now)
    if said.nonce is None or not same(said.nonce, pending.nonce):
        raise NotTrusted("it is of another sign-in")
    if not 0 < len(said.sub) <= SUBJECT_CHARACTERS_MAX:
        raise NotTrusted("its subject is no name")
    _of_access_token(said, signed.algorithm, access_token)
    _lately(signed_in, pending.wish.max_age, now)
    acr = None if said.acr is None else said.acr[:ACR_CHARACTERS_MAX]
    # Nobody signs in later than now: a clock that is ahead must not make it count for longer.
    when = None if signed_in is None else min(signed_in, now)
    return Proved(issuer=said.iss, subject=said.sub, auth_time=when, acr=acr, claims=claims)


def _for_us(said: _Said, pending: Pending) -> None:
    if said.iss != pending.issuer:
        raise NotTrusted("it was issued by somebody else")
    named = (said.aud,) if isinstance(said.aud, str) else said.aud
    if pending.client_id not in named:
        raise NotTrusted("it is for somebody else")
    if said.azp is None and len(named) > 1:
        raise NotTrusted("it is for several and does not say who asked for it")
    if said.azp is not None and said.azp != pending.client_id:
        raise NotTrusted("somebody else asked for it")


def _in_force(said: _Said, now: datetime) -> None:
    if said.exp <= (now - LEEWAY).timestamp():
        raise NotTrusted("it has ended; is the clock right?")
    if max(said.iat, said.nbf or 0) > (now + LEEWAY).timestamp():
        raise NotTrusted("it is from the future; is the clock right?")
    if said.iat < (now - OLDEST).timestamp():
        raise NotTrusted("it is too old")


def _of_access_token(said: _Said, algorithm: str, access_token: str | None) -> None:
    """OpenID Connect Core section 3.1.3.6: the left half of the access token's hash."""
    if said.at_hash is None:
        return
    made = hashlib.sha512 if algorithm in {"EdDSA", "Ed25519"} else hashlib.sha256
    digest = made((access_token or "").encode()).digest()
    if access_token is None or not same(said.at_hash, base64url.encode(digest[: len(digest) // 2])):
        raise NotTrusted("it came with another access token")


def _lately(signed_in: datetime | None, max_age: int | None, now: datetime) -> None:
    if max_age is None:
        return
    if signed_in is None:
        raise NotTrusted("it does not say when somebody signed in, though it was asked")
    if now - signed_in > timedelta(seconds=max_age) + LEEWAY:
        raise NotTrusted("whoever it is signed in too long ago")
