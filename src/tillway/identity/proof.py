"""A DPoP proof (RFC 9449 section 4.3): that whoever calls holds a key, made for this call and no other. Pure.

A proof that is good must still be used up (`once`): only the replay store of all nodes knows whether it was seen.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Final
from urllib.parse import urlsplit

import msgspec

from tillway.identity import nonce as nonces
from tillway.identity.foreign import Key, NotTrusted, Signed, check_signature, parse, read_key
from tillway.identity.once import Once, once
from tillway.identity.ring import KeyRing
from tillway.tokens import LEEWAY, base64url

PROOF_TYPE: Final = "dpop+jwt"

PROOF_AGE: Final = timedelta(seconds=60)
"""How old a proof may be: as long as a slow line needs, and as long as its use is remembered."""

JTI_CHARACTERS_MAX: Final = 256
"""A `jti` is a random name; clients use 16 to 40 characters."""

_DEFAULT_PORTS: Final = {"http": 80, "https": 443}
_ESCAPE: Final = re.compile(r"%([0-9A-Fa-f]{2})")
_UNRESERVED: Final = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")


class BadProof(NotTrusted):
    """The proof proves nothing. `error` is the code of RFC 9449; `use_dpop_nonce` asks to try again with a nonce."""

    def __init__(self, detail: str, *, error: str = "invalid_dpop_proof") -> None:
        super().__init__(detail)
        self.error = error


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """What a proof must be made for: the method, the URL as clients know it, and the token it comes with."""

    method: str
    url: str
    token: str | None = None


@dataclass(frozen=True, slots=True)
class Proven:
    """The thumbprint of the key that was proven to be held, and what to use up before it counts."""

    jkt: str
    once: Once


class _Payload(msgspec.Struct, frozen=True):
    jti: str
    htm: str
    htu: str
    iat: int | float
    ath: str | None = None
    nonce: str | None = None


def check(proof: str, call: Call, ring: KeyRing, now: datetime) -> Proven:
    """Whose key made this proof, if it was made for this call, just now, with a nonce of ours. BadProof otherwise."""
    try:
        signed = parse(proof)
        key = _key(signed)
        check_signature(signed, (key,))
        said = msgspec.json.decode(signed.payload, type=_Payload)
        until = datetime.fromtimestamp(said.iat, UTC) + PROOF_AGE + LEEWAY
    except NotTrusted as error:
        raise BadProof(str(error)) from error
    except (msgspec.DecodeError, ValueError, OverflowError, OSError) as error:
        raise BadProof("it lacks claims that are needed") from error
    _judge(said, call, ring, now)
    return Proven(key.thumbprint, once("proof", key.thumbprint, said.jti, until=until))


def same_place(one: str, other: str) -> bool:
    """Whether two URLs name the same place but for query and fragment, as RFC 3986 section 6.2.2 and 6.2.3 see it."""
    try:
        return _normalised(one) == _normalised(other)
    except ValueError:
        return False


def _key(signed: Signed) -> Key:
    if signed.header.get("typ") != PROOF_TYPE:
        raise NotTrusted(f"it is not of type {PROOF_TYPE}")
    jwk = signed.header.get("jwk")
    if not isinstance(jwk, dict):
        raise NotTrusted("its header holds no public key")
    return replace(read_key(jwk), kid=None)


def _judge(said: _Payload, call: Call, ring: KeyRing, now: datetime) -> None:
    if said.htm != call.method:
        raise BadProof("it was made for another method")
    if not same_place(said.htu, call.url):
        raise BadProof("it was made for another URL")
    made = said.iat - now.timestamp()
    if not -PROOF_AGE.total_seconds() <= made <= LEEWAY.total_seconds():
        raise BadProof("it was not made just now; is the clock right?")
    if not 0 < len(said.jti) <= JTI_CHARACTERS_MAX:
        raise BadProof(f"its jti has not 1 to {JTI_CHARACTERS_MAX} characters")
    if call.token is not None and not _of_token(said.ath, call.token):
        raise BadProof("it was made for another token")
    if said.nonce is None or not nonces.good(ring, said.nonce, now):
        raise BadProof("it lacks the nonce that the answer carries; try again with it", error="use_dpop_nonce")


def _of_token(ath: str | None, token: str) -> bool:
    made_for = base64url.encode(hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest())
    return ath is not None and hmac.compare_digest(ath.encode("utf-8", "surrogatepass"), made_for.encode())


def _normalised(url: str) -> tuple[str, str, int | None, str]:
    parts = urlsplit(url)
    if parts.username is not None or parts.password is not None or not parts.hostname:
        raise ValueError("not a URL of a place")
    port = parts.port if parts.port is not None else _DEFAULT_PORTS.get(parts.scheme)
    return parts.scheme, parts.hostname, port, _ESCAPE.sub(_plain, parts.path) or "/"


def _plain(escape: re.Match[str]) -> str:
    """An escape of a character that needs none is the character; all others are written in capitals."""
    character = chr(int(escape.group(1), 16))
    return character if character in _UNRESERVED else escape.group().upper()
