"""A JWT that a client or an issuer signed to say who asks for a token (RFC 7523). Pure.

A client's own assertion is made for one request: it ends within minutes and is used up. An issuer's token is whatever
the platform hands to what runs on it: it may be used until it ends, by the one consumer it is mapped to.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

import msgspec

from tillway.identity.foreign import Key, NotTrusted, Signed, check_signature, parse
from tillway.identity.once import Once, once
from tillway.landscape import Issuer
from tillway.tokens import LEEWAY

ASSERTION_TYPE: Final = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"

ASSERTION_LIFE: Final = timedelta(minutes=5)
"""How long an assertion counts from when it was made, however long it says it lasts: its use is remembered until then.

Widely used libraries let theirs last an hour unless they are told otherwise."""

JTI_CHARACTERS_MAX: Final = 256
"""A `jti` is a random name; clients use 16 to 40 characters."""

# RFC 8725 section 3.11: a proof, or an access token of somebody else, is not taken for an assertion.
_TYPES: Final = frozenset({None, "JWT", "client-authentication+jwt"})


class _Claims(msgspec.Struct, frozen=True):
    iss: str
    sub: str
    aud: str | tuple[str, ...]
    exp: int | float
    nbf: int | float | None = None
    iat: int | float | None = None
    jti: str | None = None


@dataclass(frozen=True, slots=True)
class Vouched:
    """The consumer that an issuer vouches for, and until when."""

    consumer: str
    until: datetime


def client_of(assertion: str) -> str:
    """Which client an assertion says it is of; not believed yet. NotTrusted when it says nothing readable."""
    return _said(parse(assertion)).sub


def issuer_of(token: str) -> str:
    """Who a token says issued it; not believed yet. NotTrusted when it says nothing readable."""
    return _said(parse(token)).iss


def check_client(
    assertion: str, keys: Mapping[str, Sequence[Key]], audiences: Sequence[str], now: datetime
) -> tuple[str, Once]:
    """The client that signed this for us, and what to use up before it counts. NotTrusted otherwise.

    Whoever is not known reads the same as whoever signs with another key.
    """
    signed = parse(assertion)
    said = _said(signed)
    check_signature(signed, keys.get(said.sub, ()))
    if said.iss != said.sub:
        raise NotTrusted("it must name the client as both issuer and subject")
    _typed(signed)
    named = (said.aud,) if isinstance(said.aud, str) else said.aud
    # Each of them: an assertion that somebody else would take too could be taken from here to there.
    if not named or any(each not in audiences for each in named):
        raise NotTrusted("it is for somebody else; its audience is the issuer or the token endpoint")
    _in_force(said, now)
    ends = _ends(said, now)
    if said.jti is None or not 0 < len(said.jti) <= JTI_CHARACTERS_MAX:
        raise NotTrusted(f"it needs a jti of 1 to {JTI_CHARACTERS_MAX} characters")
    return said.sub, once("assertion", said.sub, said.jti, until=ends + LEEWAY)


def check_vouched(token: str, issuer: Issuer, keys: Sequence[Key], now: datetime) -> Vouched:
    """The consumer that a token of a declared issuer stands for. NotTrusted otherwise."""
    signed = parse(token)
    said = _said(signed)
    if said.iss != issuer.url:
        raise NotTrusted("it was issued by somebody else")
    check_signature(signed, keys)
    _typed(signed)
    named = (said.aud,) if isinstance(said.aud, str) else said.aud
    if issuer.audience not in named:
        raise NotTrusted("it is for somebody else")
    _in_force(said, now)
    consumer = issuer.subjects.get(said.sub)
    if consumer is None:
        raise NotTrusted("its subject is not known here")
    return Vouched(consumer, _moment(said.exp))


def _ends(said: _Claims, now: datetime) -> datetime:
    """Until when a client's assertion counts: it ends, or it is ASSERTION_LIFE old."""
    longest, life = now + ASSERTION_LIFE + LEEWAY, ASSERTION_LIFE.total_seconds()
    ends = _moment(said.exp)
    if ends <= longest:
        return ends
    if said.iat is None:
        raise NotTrusted(f"it lasts too long; let it end within {life:.0f} seconds, or say when it was made (iat)")
    ends = _moment(said.iat) + ASSERTION_LIFE
    if ends <= now - LEEWAY:
        raise NotTrusted(f"it is too old: an assertion counts for {life:.0f} seconds; make one for each request")
    return ends


def _said(signed: Signed) -> _Claims:
    try:
        said = msgspec.json.decode(signed.payload, type=_Claims)
        _moment(said.exp), _moment(said.iat or 0)
    except (msgspec.DecodeError, ValueError, OverflowError, OSError) as error:
        raise NotTrusted("it lacks claims that are needed") from error
    return said


def _typed(signed: Signed) -> None:
    if signed.header.get("typ") not in _TYPES:
        raise NotTrusted("it is of another type")


def _in_force(said: _Claims, now: datetime) -> None:
    if said.exp <= (now - LEEWAY).timestamp():
        raise NotTrusted("it has ended; is the clock right?")
    begins = max(said.nbf or 0, said.iat or 0)
    if begins > (now + LEEWAY).timestamp():
        raise NotTrusted("it is from the future; is the clock right?")


def _moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
