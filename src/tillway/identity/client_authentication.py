"""Which consumer asks for a token: HTTP Basic or the form (RFC 6749 section 2.3.1), compared in constant time."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import secrets as randomness
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import unquote_to_bytes

# What an unknown consumer's secret is compared with, so that it takes the same path as a known one's.
_NOBODY = randomness.token_bytes(32)


@dataclass(frozen=True, slots=True)
class Credentials:
    """A client's claim to be a consumer, not yet believed. The secret stays out of its text."""

    consumer: str
    secret: str

    def __repr__(self) -> str:
        return f"Credentials(consumer={self.consumer!r})"


class AmbiguousClient(ValueError):
    """Credentials in more than one way; RFC 6749 allows one. The text is fit for the client."""


def credentials(authorization: str | None, form: Mapping[str, str]) -> Credentials | None:
    """What the client presents: `client_secret_basic` or `client_secret_post`; None if nothing readable.

    Raises AmbiguousClient if it uses both.
    """
    posted = "client_secret" in form
    if authorization is None:
        return Credentials(form["client_id"], form["client_secret"]) if posted and form.get("client_id") else None
    if posted:
        raise AmbiguousClient("authenticate in the Authorization header or in the body, not in both")
    basic = _basic(authorization)
    if basic is not None and form.get("client_id", basic.consumer) != basic.consumer:
        raise AmbiguousClient("client_id differs from the one in the Authorization header")
    return basic


def authenticated(presented: Credentials | None, secrets: Mapping[str, str]) -> str | None:
    """The consumer's id if its secret matches the one in `secrets` (by consumer), else None.

    Unknown consumers, consumers without a secret and wrong secrets take the same time.
    """
    if presented is None:
        return None
    expected = secrets.get(presented.consumer) or ""
    known = hashlib.sha256(expected.encode("utf-8", "surrogatepass")).digest() if expected else _NOBODY
    given = hashlib.sha256(presented.secret.encode("utf-8", "surrogatepass")).digest()
    return presented.consumer if hmac.compare_digest(given, known) else None


def _basic(authorization: str) -> Credentials | None:
    scheme, _, encoded = authorization.strip().partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        text = base64.b64decode(encoded.strip(), validate=True).decode()
        name, colon, secret = text.partition(":")
        return Credentials(_form_decoded(name), _form_decoded(secret)) if colon and name else None
    except (binascii.Error, UnicodeError, ValueError):
        return None


def _form_decoded(text: str) -> str:
    # RFC 6749 2.3.1: both halves are form-encoded before they are joined, so a plus sign is a space.
    return unquote_to_bytes(text.replace("+", " ")).decode()
