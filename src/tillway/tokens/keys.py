"""The keys that sign access tokens: made, kept as text, read again, and shown to the public by half."""

from __future__ import annotations

import msgspec
from joserfc.errors import JoseError
from joserfc.jwk import ECKey

from tillway.errors import Misconfigured

ALGORITHM = "ES256"
CURVE = "P-256"


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
