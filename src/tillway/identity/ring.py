"""The signing keys in force at one moment, and when the next one takes its turn. Pure."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import pairwise
from types import MappingProxyType
from typing import Any, Final

from joserfc.jwk import ECKey

from tillway.errors import Misconfigured
from tillway.tokens import LEEWAY, base64url, public_jwk

PUBLISHED_BEFORE: Final = timedelta(hours=1)
"""How long a new key is published before it signs: whoever keeps our JWK set for an hour knows it by then."""

KEY_AGE: Final = timedelta(days=90)
"""How old the youngest key may become before a new one is made."""

LONGEST_TOKEN: Final = timedelta(hours=12)
"""The longest life of any token: the operator's in the state directory."""

LOOKED_FOR: Final = timedelta(minutes=1)
"""Nodes look for new keys this often; so long another may still sign with the one before."""

_PURPOSE: Final = b"tillway DPoP nonce"


@dataclass(frozen=True, slots=True)
class KeyRing:
    """The keys in force: `keys` by kid verify, `signing` signs."""

    keys: Mapping[str, ECKey]
    signing: ECKey
    secrets: tuple[bytes, ...] = field(init=False, repr=False)
    """Secrets that all nodes share because they share the keys, for nonces; the signing key's first."""

    def __post_init__(self) -> None:
        others = (key for key in self.keys.values() if key is not self.signing)
        object.__setattr__(self, "secrets", tuple(_secret(key) for key in (self.signing, *others)))

    def jwks(self) -> dict[str, Any]:
        """The public halves as a JWK set (RFC 7517)."""
        return {"keys": [public_jwk(key) for key in self.keys.values()]}


@dataclass(frozen=True, slots=True)
class MadeKey:
    """A signing key and when it was made."""

    key: ECKey
    made_at: datetime


def ring_of(keys: list[ECKey]) -> KeyRing:
    """A ring of these keys, the signing one first."""
    if not keys:
        raise Misconfigured("there is no signing key", remedy="start the hub once so that it makes one")
    return KeyRing(MappingProxyType({str(key.kid): key for key in keys}), keys[0])


def ring_at(made: Iterable[MadeKey], now: datetime) -> KeyRing:
    """The ring at one moment: the youngest key that was published long enough signs, the very first at once."""
    ordered = _youngest_first(made)
    signing = _signing(ordered, now)
    kept = [each.key for each in ordered if each not in expired(ordered, now) and each is not signing]
    return ring_of([signing.key, *kept])


def expired(made: Iterable[MadeKey], now: datetime) -> tuple[MadeKey, ...]:
    """The keys of which no token can be in force any more: their successor has signed for longer than any lives."""
    ordered = _youngest_first(made)
    gone = PUBLISHED_BEFORE + LOOKED_FOR + LONGEST_TOKEN + LEEWAY
    return tuple(old for successor, old in pairwise(ordered) if successor.made_at + gone <= now)


def waiting(made: Iterable[MadeKey], now: datetime) -> bool:
    """Whether a key is published that does not sign yet: a rotation is under way."""
    ordered = _youngest_first(made)
    return bool(ordered) and ordered[0] is not _signing(ordered, now)


def due(made: Iterable[MadeKey], now: datetime) -> bool:
    """Whether the youngest key is old enough for a successor."""
    ordered = _youngest_first(made)
    return bool(ordered) and ordered[0].made_at + KEY_AGE <= now


def _youngest_first(made: Iterable[MadeKey]) -> list[MadeKey]:
    # The kid breaks ties the same way on every node.
    return sorted(made, key=lambda each: (-each.made_at.timestamp(), str(each.key.kid)))


def _signing(ordered: list[MadeKey], now: datetime) -> MadeKey:
    if not ordered:
        raise Misconfigured("there is no signing key", remedy="start the hub once so that it makes one")
    return next((each for each in ordered if each.made_at + PUBLISHED_BEFORE <= now), ordered[-1])


def _secret(key: ECKey) -> bytes:
    private = str(key.as_dict(private=True)["d"])
    return hmac.digest(base64url.decode(private), _PURPOSE, hashlib.sha256)
