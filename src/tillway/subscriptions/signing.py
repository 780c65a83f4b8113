"""Signatures of webhooks as Standard Webhooks 1.0 has them: HMAC-SHA256 over `id.timestamp.body`, symmetric `v1`.

The id is the event's and the same at every attempt, the receiver's key against repetition; the timestamp is the
attempt's. Several secrets give several signatures, parted by blanks: a receiver accepts what fits any of its own.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

from tillway.errors import Misconfigured

PREFIX: Final = "whsec_"

# Standard Webhooks asks for 24 to 64 bytes of randomness.
SECRET_BYTES_MIN, SECRET_BYTES_MAX = 24, 64

# As long as the hash: more adds nothing.
SECRET_BYTES: Final = 32


def new_secret() -> str:
    """A fresh secret: `whsec_` and the base64 of SECRET_BYTES random bytes."""
    return PREFIX + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()


def key_of(secret: str) -> bytes:
    """The bytes behind a secret. Misconfigured for what is none; the text itself is never repeated."""
    try:
        key = base64.b64decode(secret.removeprefix(PREFIX), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if not secret.startswith(PREFIX) or not SECRET_BYTES_MIN <= len(key) <= SECRET_BYTES_MAX:
        raise Misconfigured(
            "a webhook's secret is not one of Standard Webhooks",
            remedy=f"use {PREFIX} and the base64 of {SECRET_BYTES_MIN} to {SECRET_BYTES_MAX} random bytes",
        )
    return key


def sign(secret: str, message: str, timestamp: datetime, body: bytes) -> str:
    """One signature, `v1,<base64>`. `message` is the event's id, `timestamp` counts in whole seconds."""
    signed = f"{message}.{_seconds(timestamp)}.".encode() + body
    return "v1," + base64.b64encode(hmac.new(key_of(secret), signed, hashlib.sha256).digest()).decode()


def headers(keys: Sequence[str], message: str, timestamp: datetime, body: bytes) -> Mapping[str, str]:
    """The three headers of a delivery, signed with every secret in `keys`, newest first."""
    return {
        "webhook-id": message,
        "webhook-timestamp": _seconds(timestamp),
        "webhook-signature": " ".join(sign(secret, message, timestamp, body) for secret in keys),
    }


def _seconds(timestamp: datetime) -> str:
    return str(int(timestamp.timestamp()))
