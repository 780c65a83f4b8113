"""Signed JWTs that others made: client assertions, proofs of possession, tokens of external issuers. Pure.

Which keys count is decided by the caller from what it knows; a header never brings or points to a key here, but for
the proof, whose key is what it proves. What algorithm is allowed follows from the kind of the key, never from the
header alone: so no public key is ever taken for a shared secret, and `none` is no algorithm.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import msgspec
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, JWKRegistry, OKPKey, RSAKey
from joserfc.jws import JWSRegistry

from tillway.tokens import base64url

ALGORITHMS: Final = ("ES256", "PS256", "RS256", "EdDSA", "Ed25519")
"""What others may sign with; `Ed25519` is the name that RFC 9864 gives to EdDSA on that curve."""

JWT_BYTES_MAX: Final = 8 * 1024
"""Those of clients have under 2 KiB; a bound before any parsing."""

ID_TOKEN_BYTES_MAX: Final = 32 * 1024
"""Those of people list their groups: 200 of them, the most that large providers put in, make some 12 KiB."""

RSA_BITS_MIN, RSA_BITS_MAX = 2048, 4096
"""Below is broken within our time, above makes each check slow for everybody else."""

EXPONENT_BYTES_MAX: Final = 4
"""65537 has three bytes; a larger one only makes checks slow."""

KEYS_MAX: Final = 32
"""Keys of one JWK set: a rotation needs two, the largest issuers publish about ten."""

_PRIVATE: Final = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth", "k"})
_MODELS: Final = {name: JWSRegistry.algorithms["Ed25519" if name == "EdDSA" else name] for name in ALGORITHMS}
_OF_KIND: Final = {
    ("EC", "P-256"): frozenset({"ES256"}),
    ("OKP", "Ed25519"): frozenset({"EdDSA", "Ed25519"}),
    ("RSA", None): frozenset({"PS256", "RS256"}),
}
# RFC 7515 section 4.1.11: what it lists must be understood, and we understand nothing that could be listed.
_REFUSED: Final = ("crit", "b64")

PublicKey = ECKey | RSAKey | OKPKey


class NotTrusted(ValueError):
    """The JWT or key proves nothing; the text says why and is fit for whoever sent it."""


@dataclass(frozen=True, slots=True)
class Key:
    """A public key, the algorithms it may check, and the `kid` it was published under."""

    public: PublicKey
    algorithms: frozenset[str]
    kid: str | None = None

    @property
    def thumbprint(self) -> str:
        """RFC 7638, SHA-256."""
        return self.public.thumbprint()


@dataclass(frozen=True, slots=True)
class Signed:
    """A JWT taken apart and not yet believed."""

    header: Mapping[str, Any]
    payload: bytes
    signature: bytes
    signing_input: bytes

    @property
    def algorithm(self) -> str:
        """One of ALGORITHMS."""
        return str(self.header["alg"])


def parse(token: str, *, longest: int = JWT_BYTES_MAX) -> Signed:
    """The parts of a compact JWS. NotTrusted for anything else, or an algorithm that is not allowed."""
    if len(token) > longest:
        raise NotTrusted("it is too large")
    parts = token.split(".")
    if len(parts) != 3:  # noqa: PLR2004 - header, payload and signature
        raise NotTrusted("it is not a signed JWT")
    try:
        header = msgspec.json.decode(base64url.decode(parts[0]), type=dict[str, Any])
        payload, signature = base64url.decode(parts[1]), base64url.decode(parts[2])
    except (msgspec.DecodeError, ValueError) as error:
        raise NotTrusted("it is not a signed JWT") from error
    if header.get("alg") not in ALGORITHMS:
        raise NotTrusted(f"it is not signed with one of {' '.join(ALGORITHMS)}")
    if any(name in header for name in _REFUSED):
        raise NotTrusted("its header asks for what is not supported")
    return Signed(header, payload, signature, f"{parts[0]}.{parts[1]}".encode("ascii"))


def read_key(jwk: Mapping[str, Any]) -> Key:
    """A public key from a JWK. NotTrusted when it is private, symmetric, weak, too large, or not for signatures."""
    if not _PRIVATE.isdisjoint(jwk):
        raise NotTrusted("it is a private key or a shared secret; give only the public half")
    kind = str(jwk.get("kty")), str(jwk["crv"]) if "crv" in jwk else None
    allowed = _OF_KIND.get(kind)
    if allowed is None:
        raise NotTrusted("it is no key for signatures of one of P-256, Ed25519, RSA")
    if jwk.get("use", "sig") != "sig" or "verify" not in jwk.get("key_ops", ("verify",)):
        raise NotTrusted("it is not meant for signatures")
    if "alg" in jwk:
        allowed &= frozenset({"EdDSA", "Ed25519"}) if jwk["alg"] == "Ed25519" else frozenset({str(jwk["alg"])})
    try:
        if kind[0] == "RSA":
            _sized(str(jwk["n"]), str(jwk["e"]))
        # Only what makes the key: whatever else stands there must not decide how it is used.
        public = JWKRegistry.import_key(
            {name: str(jwk[name]) for name in ("kty", "crv", "x", "y", "n", "e") if name in jwk}
        )
        _ = public.public_key  # a point that is not on the curve is told here
    except (JoseError, ValueError, KeyError, TypeError) as error:
        if isinstance(error, NotTrusted):
            raise
        raise NotTrusted("it cannot be read") from error
    if not isinstance(public, ECKey | RSAKey | OKPKey):
        raise NotTrusted("it is not a public key")
    kid = jwk.get("kid")
    return Key(public, allowed, kid if isinstance(kid, str) else None)


def read_keys(content: Any) -> tuple[Key, ...]:
    """The keys of a JWK, or of a JWK set (RFC 7517). NotTrusted when one of them is of no use."""
    if not isinstance(content, Mapping):
        raise NotTrusted("it is neither a JWK nor a JWK set")
    if "keys" not in content:
        return (read_key(content),)
    entries = content["keys"]
    if not isinstance(entries, list | tuple) or not all(isinstance(each, Mapping) for each in entries):
        raise NotTrusted("its `keys` are no list of keys")
    if len(entries) > KEYS_MAX:
        raise NotTrusted(f"it has more than {KEYS_MAX} keys")
    return tuple(read_key(each) for each in entries)


def usable_keys(content: Any) -> tuple[Key, ...]:
    """The keys of a set that somebody else keeps: those of kinds that are not allowed here are passed over."""
    entries = content.get("keys") if isinstance(content, Mapping) else None
    if not isinstance(entries, list | tuple):
        raise NotTrusted("it is no JWK set")
    found: list[Key] = []
    for each in entries[:KEYS_MAX]:
        try:
            found.append(read_key(each if isinstance(each, Mapping) else {}))
        except NotTrusted:
            continue
    return tuple(found)


def check_signature(signed: Signed, keys: Iterable[Key]) -> None:
    """NotTrusted unless one of these keys made the signature; a `kid` in the header chooses among them, no more."""
    kid = signed.header.get("kid")
    fitting = [key for key in keys if signed.algorithm in key.algorithms]
    named = [key for key in fitting if kid is not None and key.kid == kid]
    unnamed = [key for key in fitting if kid is None or key.kid is None]
    for key in named or unnamed:
        if _MODELS[signed.algorithm].verify(signed.signing_input, signed.signature, key.public):
            return
    raise NotTrusted("its signature does not match")


def _sized(modulus: str, exponent: str) -> None:
    bits = int.from_bytes(base64url.decode(modulus)).bit_length()
    if not RSA_BITS_MIN <= bits <= RSA_BITS_MAX:
        raise NotTrusted(f"an RSA key has {RSA_BITS_MIN} to {RSA_BITS_MAX} bits")
    if len(base64url.decode(exponent)) > EXPONENT_BYTES_MAX:
        raise NotTrusted("the exponent of the RSA key is too large")
