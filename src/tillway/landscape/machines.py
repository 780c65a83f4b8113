"""How machines prove who they are: public keys, certificates, issuers that vouch for them, and the proxies in front."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, StringConstraints, model_validator

from tillway.landscape.base import Entry, Model
from tillway.landscape.values import Id, Network, Text, Url, loopback

# Two are a rotation; more are several machines that should be consumers of their own.
KEYS_MAX = 8
# Members of a JWK that only whoever signs may have (RFC 7518 sections 6.2 to 6.4).
PRIVATE_MEMBERS = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth", "k"})
_THUMBPRINT_BYTES = 32


def _thumbprint(text: str) -> str:
    """As `x5t#S256` writes it; `openssl x509 -fingerprint -sha256` writes it in hex with colons."""
    plain = text.replace(":", "")
    try:
        raw = bytes.fromhex(plain) if len(plain) == 2 * _THUMBPRINT_BYTES else _unpadded(text)
    except (ValueError, binascii.Error) as error:
        raise ValueError("not the SHA-256 thumbprint of a certificate, in base64url or hex") from error
    if len(raw) != _THUMBPRINT_BYTES:
        raise ValueError("not the SHA-256 thumbprint of a certificate, in base64url or hex")
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _unpadded(text: str) -> bytes:
    return base64.b64decode(text.replace("-", "+").replace("_", "/") + "=" * (-len(text) % 4), validate=True)


def _public_jwk(jwk: Mapping[str, Any]) -> Mapping[str, Any]:
    if not PRIVATE_MEMBERS.isdisjoint(jwk):
        raise ValueError("this is a private key or a shared secret; only the public half stands in a landscape")
    return jwk


def _issuer_url(text: str) -> str:
    parts = urlsplit(text)
    if parts.query:
        raise ValueError("an issuer's URL has no query")
    if parts.scheme == "http" and not loopback(parts.hostname or ""):
        raise ValueError("an issuer is asked over https; http is for loopback addresses only")
    return text


IssuerUrl = Annotated[Url, AfterValidator(_issuer_url)]
Proof = Literal["none", "dpop", "mtls"]
Thumbprint = Annotated[str, StringConstraints(min_length=1, max_length=100), AfterValidator(_thumbprint)]


class PublicKeyRef(Model):
    """A public key of a machine, here or in a file."""

    file: Annotated[str, StringConstraints(min_length=1, pattern=r"^[^\x00]+$")] | None = None
    """Path of a file with a public JWK or a JWK set, relative to the landscape's directory."""
    jwk: Annotated[Mapping[str, str | tuple[str, ...]], AfterValidator(_public_jwk)] | None = None
    """The public JWK itself, e.g. {kty: EC, crv: P-256, x: ..., y: ...}."""

    @model_validator(mode="after")
    def _exactly_one(self) -> PublicKeyRef:
        if (self.file is None) == (self.jwk is None):
            raise ValueError("a public key is either {file: path} or {jwk: {...}}")
        return self


PublicKeys = Annotated[tuple[PublicKeyRef, ...], Field(max_length=KEYS_MAX)]


class Issuer(Entry):
    """Somebody else whose tokens say who a machine is, e.g. the platform it runs on."""

    url: IssuerUrl
    """Its issuer URL, exactly as its tokens name it; keys are found by OpenID Connect discovery below it."""
    audience: Text
    """What its tokens must name as their audience: usually this hub's address."""
    subjects: Annotated[Mapping[Text, Id], Field(min_length=1)]
    """Which of its subjects is which consumer; nobody else is let in."""


class Transport(Model):
    """What stands between the hub and those who call it."""

    trusted_proxies: tuple[Network, ...] = ()
    """Networks of the proxies that end TLS, in CIDR notation: they alone are believed on addresses and certificates."""
    client_address: Literal["x-forwarded-for", "forwarded"] = "x-forwarded-for"
    """The one header in which they tell where a request comes from: x-forwarded-for, or forwarded (RFC 7239)."""
