"""Is it clear where a request ends and what it says? Readers that differ there are how requests are smuggled. Pure.

The server itself refuses what breaks the syntax, two lengths, and any length beside a transfer coding (it answers such
a request and closes). Refused here is what it lets pass.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Final

from tillway.errors import Malformed

_HOST: Final = b"host"
_CODING: Final = b"transfer-encoding"
_REMEDY: Final = "send the request as HTTP/1.1 or HTTP/2 has it"

# A name or an address, and a port (RFC 3986 section 3.2.2 without user information, which HTTP forbids).
_AUTHORITY: Final = re.compile(rb"([A-Za-z0-9._~!$&'()*+,;=%-]+|\[[0-9A-Fa-f:.]+\])(:[0-9]*)?\Z")

# Names that a hub is called by; more are remembered for nobody.
_HOSTS: Final = 256

# Which of two counts is anybody's guess, so there is one or none.
_ONCE: Final = frozenset(
    {
        _HOST,
        b"authorization",
        b"content-encoding",
        b"content-length",
        b"content-type",
        b"idempotency-key",
        b"origin",
    }
)


class Unframed(Malformed):
    """The request can be read in more than one way; the connection is closed behind the answer."""


class BrokenOff(Unframed):
    """The body ended before its end: the asker hung up and hears nothing, or sent what is no body and hears this."""


def refuse(method: str, fields: Sequence[tuple[bytes, bytes]], headers: Mapping[bytes, bytes]) -> None:
    """Raise Unframed for a request that somebody in between may have read differently.

    `fields` are the headers as they came, `headers` the same by name.
    """
    if method == "CONNECT":
        raise Unframed("the hub is no proxy", remedy=_REMEDY)  # what follows may be meant for somebody else
    coding = headers.get(_CODING)
    if coding is not None and coding.strip().lower() != b"chunked":
        raise Unframed("no transfer coding but chunked is understood", remedy=_REMEDY)
    host = headers.get(_HOST)
    if host is not None and not _is_authority(host):
        raise Unframed("there is no Host, or it is none", remedy=_REMEDY)
    if len(fields) != len(headers):
        twice = sorted(_twice(fields))
        if twice:
            raise Unframed(f"{twice[0].decode()} is there more than once", remedy=_REMEDY)


@lru_cache(maxsize=_HOSTS)
def _is_authority(host: bytes) -> bool:
    return _AUTHORITY.match(host) is not None


def _twice(fields: Sequence[tuple[bytes, bytes]]) -> set[bytes]:
    seen: set[bytes] = set()
    found: set[bytes] = set()
    for name, _ in fields:
        if name in _ONCE:
            (found if name in seen else seen).add(name)
    return found
