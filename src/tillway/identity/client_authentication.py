"""Which client asks for a token, proven in exactly one way. Pure.

An assertion that it signed (`private_key_jwt`, RFC 7523), its TLS certificate (RFC 8705 section 2), or its secret in
HTTP Basic or in the form (RFC 6749 section 2.3.1), compared in constant time.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import secrets as randomness
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote_to_bytes

import msgspec

from tillway.identity import certificate
from tillway.identity.assertion import ASSERTION_TYPE, check_client
from tillway.identity.desk import Client, Desk
from tillway.identity.foreign import Key, NotTrusted, read_key
from tillway.identity.once import Once
from tillway.identity.requesting import Refusal, TokenRequest

UNKNOWN: Final = "the client is not known or its secret is wrong"

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


def proves_itself(request: TokenRequest, form: Mapping[str, str]) -> bool:
    """Whether a request brings anything that proves which client it is of; the bare name does not."""
    return request.authorization is not None or "client_secret" in form or "client_assertion" in form


def method_of(request: TokenRequest, form: Mapping[str, str]) -> str:
    """How a client that was let in proves who it is, as OAuth calls it."""
    if "client_assertion" in form:
        return "private_key_jwt"
    if request.authorization is not None:
        return "client_secret_basic"
    if "client_secret" in form:
        return "client_secret_post"
    return "self_signed_tls_client_auth"


def client(request: TokenRequest, form: Mapping[str, str], desk: Desk) -> tuple[Client, tuple[Once, ...]]:
    """Who asks, and what to use up before that counts. Refusal `invalid_client` or `invalid_request`."""
    if "client_assertion" in form or "client_assertion_type" in form:
        return _by_assertion(request, form, desk)
    try:
        presented = credentials(request.authorization, form)
    except AmbiguousClient as error:
        raise Refusal("invalid_request", str(error)) from error
    if request.authorization is None and presented is None and request.certificate is not None:
        return _by_certificate(request.certificate, form, desk), ()
    found = desk.landscape.consumers.get(authenticated(presented, desk.secrets) or "")
    if found is None:
        raise Refusal("invalid_client", UNKNOWN)
    return Client(id=found.id, consumer=found), ()


def _by_assertion(request: TokenRequest, form: Mapping[str, str], desk: Desk) -> tuple[Client, tuple[Once, ...]]:
    if request.authorization is not None or "client_secret" in form:
        raise Refusal("invalid_request", "authenticate in one way only: by assertion, by secret or by certificate")
    if form.get("client_assertion_type") != ASSERTION_TYPE:
        raise Refusal("invalid_request", f"client_assertion_type is {ASSERTION_TYPE}")
    keys = {**desk.keys, **_device_keys(desk)}
    audiences = (desk.realm.issuer, desk.token_url)
    try:
        name, once = check_client(form.get("client_assertion", ""), keys, audiences, desk.now)
    except NotTrusted as error:
        raise Refusal("invalid_client", f"the client assertion is not accepted: {error}") from error
    if form.get("client_id", name) != name:
        raise Refusal("invalid_request", "client_id differs from the one in the assertion")
    device = desk.device.device if desk.device is not None else None
    consumer = desk.landscape.consumers.get(name if device is None else device.consumer)
    if consumer is None or (device is not None and consumer.kind != "device"):
        raise Refusal("invalid_client", UNKNOWN)
    if device is None:
        return Client(id=name, consumer=consumer), (once,)
    return Client(id=name, consumer=consumer, shop=device.shop, thumbprint=device.thumbprint), (once,)


def _device_keys(desk: Desk) -> Mapping[str, tuple[Key, ...]]:
    if desk.device is None:
        return {}
    return {desk.device.device.id: (read_key(msgspec.json.decode(desk.device.jwk, type=dict[str, str])),)}


def _by_certificate(presented: bytes, form: Mapping[str, str], desk: Desk) -> Client:
    found = desk.landscape.consumers.get(form.get("client_id", ""))
    if found is None or found.certificate is None or not certificate.is_one(presented, found.certificate):
        raise Refusal("invalid_client", UNKNOWN)
    if not certificate.in_force(presented, desk.now):
        raise Refusal("invalid_client", "the client certificate has ended or is not in force yet")
    return Client(id=found.id, consumer=found)


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
