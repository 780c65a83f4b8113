"""The nonce a DPoP proof must carry (RFC 9449 section 8): the time, sealed. No node keeps any. Pure."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable
from datetime import datetime
from typing import Final

from tillway.identity.ring import KeyRing
from tillway.tokens import base64url

STEP_SECONDS: Final = 150
"""A nonce is handed out for so long and good for as long again: proofs made ahead are of no use after that."""

_STEP_BYTES, _SEAL_BYTES = 8, 16


def current(ring: KeyRing, now: datetime) -> str:
    """The nonce to hand out now; the same on all nodes."""
    return _sealed(ring.secrets[0], _step(now))


def good(ring: KeyRing, nonce: str, now: datetime) -> bool:
    """Whether a nonce is one that any node handed out in this step or the one before."""
    return any(
        hmac.compare_digest(nonce.encode("utf-8", "surrogatepass"), each.encode())
        for each in _accepted(ring.secrets, _step(now))
    )


def _accepted(secrets: Iterable[bytes], step: int) -> Iterable[str]:
    # The step ahead is for a node whose clock is a little behind the one that made it.
    return (_sealed(secret, each) for secret in secrets for each in (step, step - 1, step + 1))


def _sealed(secret: bytes, step: int) -> str:
    said = step.to_bytes(_STEP_BYTES)
    return base64url.encode(said + hmac.digest(secret, said, hashlib.sha256)[:_SEAL_BYTES])


def _step(now: datetime) -> int:
    return int(now.timestamp()) // STEP_SECONDS
