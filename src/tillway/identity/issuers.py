"""The keys of those who vouch for machines: found by OpenID Connect discovery, kept a while, followed when they turn.

Fetched through the one client of the hub, which lets no call reach an address that the landscape does not allow.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Protocol
from urllib.parse import urlsplit

import msgspec

from tillway import clock
from tillway.errors import TillwayError
from tillway.identity.foreign import ID_TOKEN_BYTES_MAX, Key, NotTrusted, parse, usable_keys
from tillway.landscape import loopback
from tillway.outbound import Limits, Reply, Request

log = logging.getLogger(__name__)

DISCOVERY: Final = "/.well-known/openid-configuration"

FRESH_SECONDS: Final = 600.0
"""Keys are used for so long without asking again; one that was withdrawn counts no longer than this."""

STALE_SECONDS: Final = 3_600.0
"""Keys are used for so long when the issuer does not answer: its outage is not ours."""

AGAIN_SECONDS: Final = 10.0
"""The shortest time between two questions to one issuer: forged tokens must not become load on it."""

DOCUMENT_BYTES_MAX: Final = 256 * 1024
"""The largest issuers' key sets have under 20 KiB."""

ISSUERS_MAX: Final = 64
"""Issuers remembered at once; a retailer declares a handful."""

_LIMITS: Final = Limits(connect=3.0, total=5.0, answer=DOCUMENT_BYTES_MAX)
_OK: Final = 200


class Known(Protocol):
    """An issuer that the landscape declares."""

    @property
    def id(self) -> str:
        """What it is called in logs."""
        ...

    @property
    def url(self) -> str:
        """Its issuer URL, exactly as its tokens name it."""
        ...


class Sender(Protocol):
    """What calls the outside: `outbound.Client`."""

    async def send(self, request: Request) -> Reply:
        """The reply, whatever its status."""
        ...


@dataclass(slots=True)
class _Known:
    keys: tuple[Key, ...] = ()
    described: Mapping[str, Any] = field(default_factory=dict)
    read_at: float | None = None
    asked_at: float | None = None
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)


class Issuers:
    """The keys of declared issuers, as this process knows them. For one asyncio loop."""

    def __init__(self, client: Sender, *, monotonic: Callable[[], float] = clock.monotonic) -> None:
        self._client = client
        self._monotonic = monotonic
        self._known: dict[str, _Known] = {}

    async def keys(self, issuer: Known, token: str) -> Sequence[Key]:
        """The keys that may have signed this token; asks the issuer when they are old or do not have its `kid`.

        Empty when the issuer gives none: then nothing it signed can be believed. Never raises for what is out there.
        """
        known = self._of(issuer.url)
        if self._wants(known, token):
            async with known.lock:
                if self._wants(known, token):  # whoever held the lock may have asked just now
                    known.asked_at = self._monotonic()
                    await self._ask(issuer, known)
        return known.keys if self._age(known.read_at) <= STALE_SECONDS else ()

    async def described(self, issuer: Known) -> Mapping[str, Any]:
        """The issuer's discovery document, as it was read with its keys. Empty when it gives none."""
        known = self._of(issuer.url)
        async with known.lock:
            if self._age(known.read_at) > FRESH_SECONDS and self._age(known.asked_at) >= AGAIN_SECONDS:
                known.asked_at = self._monotonic()
                await self._ask(issuer, known)
        return known.described if self._age(known.read_at) <= STALE_SECONDS else {}

    def _of(self, url: str) -> _Known:
        known = self._known.pop(url, None) or _Known()
        self._known[url] = known  # the one used last stands last
        if len(self._known) > ISSUERS_MAX:
            del self._known[next(iter(self._known))]
        return known

    def _wants(self, known: _Known, token: str) -> bool:
        if self._age(known.asked_at) < AGAIN_SECONDS:
            return False
        return self._age(known.read_at) > FRESH_SECONDS or not _has(known.keys, token)

    def _age(self, at: float | None) -> float:
        return float("inf") if at is None else self._monotonic() - at

    async def _ask(self, issuer: Known, known: _Known) -> None:
        try:
            found = await self._document(issuer.url.rstrip("/") + DISCOVERY)
            known.keys = usable_keys(await self._document(_keys_url(found, issuer)))
            known.described = found
            known.read_at = self._monotonic()
        except (TillwayError, NotTrusted) as error:
            log.warning("issuer %s: its keys cannot be read: %s", issuer.id, error)

    async def _document(self, url: str) -> Mapping[str, Any]:
        request = Request(method="GET", url=url, headers={"Accept": "application/json"}, changes=False, limits=_LIMITS)
        reply = await self._client.send(request)
        if reply.status != _OK:
            raise NotTrusted(f"it answers {reply.status}")
        try:
            return msgspec.json.decode(reply.body, type=dict[str, Any])
        except (msgspec.DecodeError, ValueError) as error:
            raise NotTrusted("it does not answer with a JSON object") from error


def _has(keys: Sequence[Key], token: str) -> bool:
    """Whether one of the keys may have signed the token, by its `kid`."""
    try:
        kid = parse(token, longest=ID_TOKEN_BYTES_MAX).header.get("kid")
    except NotTrusted:
        return True  # whatever it is, no key of anybody makes it good
    return any(kid is None or key.kid is None or key.kid == kid for key in keys)


def _keys_url(found: Mapping[str, Any], issuer: Known) -> str:
    """Where the keys are."""
    if found.get("issuer") != issuer.url:
        raise NotTrusted("its discovery document names another issuer")
    return endpoint(found, "jwks_uri")


def endpoint(found: Mapping[str, Any], name: str) -> str:
    """An address out of a discovery document; over http on loopback only, as for the issuer. NotTrusted otherwise."""
    url = found.get(name)
    if not isinstance(url, str):
        raise NotTrusted(f"its discovery document names no {name}")
    parts = urlsplit(url)
    if parts.scheme != "https" and not (parts.scheme == "http" and loopback(parts.hostname or "")):
        raise NotTrusted(f"its {name} is not https")
    return url
