"""A sign-in under way: everything that must hold when the provider sends the browser back. Pure but for chance.

It is kept sealed in a cookie of the browser that began it, so that strangers who begin sign-ins and never end them fill
no table, and nobody ends a sign-in that somebody else began. It is sealed for its own `state` alone.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import secrets
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

import msgspec

from tillway import sealing
from tillway.errors import Invalid, Rejected, TillwayError, Violation
from tillway.identity.once import Once, once
from tillway.landscape import SignIn

LIFE: Final = timedelta(minutes=5)
"""How long somebody may take to sign in at the provider; what was used up is remembered for as long."""

SECRET_BYTES: Final = 32
"""Of everything that must not be guessed: 256 bits."""

MAX_AGE_LONGEST: Final = 86_400
"""Whoever signed in yesterday has signed in again today."""

COOKIE_BYTES_MAX: Final = 4_000
"""Ours has about 1,000; browsers keep no larger ones."""

_PLACE: Final = "cookie.sign-in"
# Of our own paths: no backslash, nothing that is not shown, and no second slash, which would begin another host.
_LOCAL: Final = re.compile(r"/(?!/)[A-Za-z0-9._~!$&'()*+,;=:@%/?-]{0,1000}\Z")
_RANDOM: Final = re.compile(r"[A-Za-z0-9_-]{43}\Z")


class SignInRefused(Rejected):
    """Signing in did not end as it should; nobody is signed in."""

    code, title, status = "sign-in-refused", "Signing in did not work", 403


class Loopback(msgspec.Struct, frozen=True):
    """The command line that waits on this machine for the end of a sign-in (RFC 8252 section 7.3)."""

    port: int
    state: str
    challenge: str


class Wish(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody who wants to sign in asked for."""

    return_to: str = "/console/session"
    max_age: int | None = None
    loopback: Loopback | None = None


class Pending(msgspec.Struct, frozen=True, kw_only=True):
    """A sign-in under way."""

    state: str
    nonce: str
    verifier: str
    issuer: str
    client_id: str
    until: datetime
    wish: Wish

    @property
    def used(self) -> Once:
        """What to use up, so that it ends once."""
        return once("assertion", "sign-in", self.state, until=self.until)


def wish(query: Mapping[str, str]) -> Wish:
    """What is asked for. Invalid for a place elsewhere, and for what no command line of ours asks."""
    return_to, age = query.get("return_to", "/console/session"), query.get("max_age")
    if not _LOCAL.match(return_to):
        raise _wrong("return_to", "is no path of this hub")
    if age is not None and not (age.isascii() and age.isdigit() and int(age[:9]) <= MAX_AGE_LONGEST):
        raise _wrong("max_age", f"is no number of seconds up to {MAX_AGE_LONGEST}")
    max_age = None if age is None else int(age)
    if "port" not in query:
        return Wish(return_to=return_to, max_age=max_age)
    port = query["port"]
    if not (port.isascii() and port.isdigit() and 1024 <= int(port[:6]) <= 65_535):  # noqa: PLR2004 - ports that a person may open
        raise _wrong("port", "is no port that a program of yours can listen on")
    for name in ("state", "code_challenge"):
        if not _RANDOM.match(query.get(name, "")):
            raise _wrong(name, "is not 43 characters of base64url")
    waiting = Loopback(int(port), query["state"], query["code_challenge"])
    return Wish(return_to=return_to, max_age=max_age, loopback=waiting)


def begun(wished: Wish, sign_in: SignIn, now: datetime) -> Pending:
    """A sign-in that begins now."""
    return Pending(
        state=fresh(),
        nonce=fresh(),
        verifier=fresh(),
        issuer=sign_in.issuer,
        client_id=sign_in.client_id,
        until=now + LIFE,
        wish=wished,
    )


def sealed(pending: Pending) -> str:
    """The cookie's value."""
    return sealing.seal(_PLACE, pending.state, msgspec.json.encode(pending).decode())


def reopened(cookie: str | None, state: str, sign_in: SignIn, now: datetime) -> Pending:
    """The sign-in that this browser began and this state belongs to. SignInRefused otherwise."""
    # What is not sealed would be read as it is: here it is nothing.
    if cookie is None or len(cookie) > COOKIE_BYTES_MAX or not cookie.startswith(sealing.PREFIX):
        raise refused("this browser did not begin it, or took too long")
    try:
        found = msgspec.json.decode(sealing.opened(_PLACE, state, cookie), type=Pending)
    except (TillwayError, msgspec.DecodeError, ValueError) as error:
        raise refused("this browser did not begin it") from error
    if now >= found.until:
        raise refused("it took too long")
    if (found.issuer, found.client_id) != (sign_in.issuer, sign_in.client_id):
        raise refused("people sign in elsewhere by now")
    return found


def refused(why: str) -> SignInRefused:
    """The refusal; `why` is a sentence of ours, never of the provider."""
    return SignInRefused(f"signing in did not work: {why}", remedy="begin again at /console/sign-in")


def fresh() -> str:
    """What nobody guesses, as 43 characters of base64url."""
    return secrets.token_urlsafe(SECRET_BYTES)


def hashed(secret: str) -> bytes:
    """What is kept of a secret. It is long and random, so no salt is needed."""
    return hashlib.sha256(secret.encode()).digest()


def challenge(verifier: str) -> str:
    """S256 of RFC 7636."""
    return base64.urlsafe_b64encode(hashed(verifier)).rstrip(b"=").decode()


def same(one: str, other: str) -> bool:
    """Whether two secrets are the same, without telling how far they are."""
    return hmac.compare_digest(one.encode("utf-8", "surrogatepass"), other.encode("utf-8", "surrogatepass"))


def _wrong(name: str, detail: str) -> Invalid:
    return Invalid(violations=(Violation(pointer=f"/query/{name}", detail=detail),))
