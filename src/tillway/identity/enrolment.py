"""Enrolling a device: its one-time code, its key, and the consumer whose rights it takes over. Pure but for chance."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final

import msgspec
from joserfc.errors import JoseError
from joserfc.jwk import ECKey

from tillway.errors import Invalid, Violation
from tillway.landscape import Consumer, Landscape

CODE_LIFETIME: Final = timedelta(hours=24)
"""From the desk where it is made to the till in the shop, by the next morning."""

CODE_CHARACTERS: Final = 20
"""Of 5 bits each: 100 bits, which nobody guesses and a person can still type."""

# Crockford's base 32: no I, L, O and U, so that what is read out aloud is typed as it was meant.
_ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_MEANT: Final = str.maketrans({"O": "0", "I": "1", "L": "1", "-": None, " ": None})
_GROUP: Final = 5

CURVE: Final = "P-256"

# The members of a public key; any other, the private half above all, has no place there.
_MEMBERS: Final = ("kty", "crv", "x", "y")


class DeviceKey(msgspec.Struct, frozen=True, kw_only=True):
    """A device's public key as it is kept: JWK text and its RFC 7638 thumbprint."""

    jwk: str
    thumbprint: str


def new_code() -> str:
    """A fresh code, in groups: `7KQ2M-...`. Shown once, never stored."""
    code = "".join(secrets.choice(_ALPHABET) for _ in range(CODE_CHARACTERS))
    return "-".join(code[start : start + _GROUP] for start in range(0, CODE_CHARACTERS, _GROUP))


def code_hash(code: str) -> bytes:
    """What a code is looked up by, however it was typed.

    The look-up compares hashes: what its time gives away of them says nothing of any code.
    """
    return hashlib.sha256(code.upper().translate(_MEANT).encode()).digest()


def device_key(jwk: Mapping[str, Any]) -> DeviceKey:
    """The public key that a device brings. Invalid when it is none on P-256."""
    try:
        key = ECKey.import_key({name: str(jwk[name]) for name in _MEMBERS})
    except (JoseError, ValueError, KeyError, TypeError) as error:
        raise _wrong_key(f"is not a public key on {CURVE}") from error
    if key.curve_name != CURVE:
        raise _wrong_key(f"is not a public key on {CURVE}")
    public = key.as_dict(private=False)
    text = msgspec.json.encode({name: str(public[name]) for name in _MEMBERS}).decode()
    return DeviceKey(jwk=text, thumbprint=key.thumbprint())


def device_consumer(landscape: Landscape, *, shop: str, till: str, consumer: str | None) -> Consumer:
    """The consumer of kind device whose rights a device at this till takes over: the one named, or the only one.

    Invalid when shop, till or consumer do not exist or do not fit together.
    """
    place = landscape.shops.get(shop)
    if place is None:
        raise _wrong("/shop", "there is no such shop", "shop")
    if till not in place.tills:
        raise _wrong("/till", "the shop has no such till", "till")
    fitting = [each for each in landscape.consumers.values() if each.kind == "device" and covers(each, shop)]
    if consumer is not None:
        fitting = [each for each in fitting if each.id == consumer]
    if not fitting:
        raise _wrong("/consumer", "no consumer of kind device in the landscape covers this shop", "consumer")
    if len(fitting) > 1:
        names = ", ".join(sorted(each.id for each in fitting))
        raise _wrong("/consumer", f"several cover this shop, name one: {names}", "consumer")
    return fitting[0]


def covers(consumer: Consumer, shop: str) -> bool:
    """Whether a shop's data is within what a consumer may touch."""
    return consumer.shops == "*" or shop in (consumer.shops or ()) or shop == consumer.shop


def _wrong_key(detail: str) -> Invalid:
    return _wrong("/key", detail, "key")


def _wrong(pointer: str, detail: str, rule: str) -> Invalid:
    return Invalid(violations=(Violation(pointer=pointer, detail=detail, rule=rule),))
