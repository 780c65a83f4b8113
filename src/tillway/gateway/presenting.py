"""What a request brings to prove who makes it, taken from its headers and from where it came. Pure.

A client certificate is believed from trusted proxies only: from anybody else the header says nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from tillway.gateway.addresses import FORWARDED, X_FORWARDED_FOR, trusted
from tillway.gateway.context import text
from tillway.identity import Presented, handed_on
from tillway.landscape import Landscape

PROOF: Final = b"dpop"
CERTIFICATE: Final = b"client-cert"
NONCE: Final = b"dpop-nonce"

_AUTHORIZATION: Final = b"authorization"
_ONE_ONLY: Final = (PROOF, CERTIFICATE, FORWARDED, X_FORWARDED_FOR)


def joined(fields: Iterable[tuple[bytes, bytes]]) -> dict[bytes, bytes]:
    """The headers by name, the last of each; a proof or certificate sent twice is joined, so that it proves nothing.
    Addresses are joined as well: each proxy adds one.

    RFC 9449 section 4.3: there is not more than one proof.
    """
    fields = list(fields)
    headers = dict(fields)
    if len(headers) == len(fields):
        return headers  # each name once
    if b"cookie" in headers:
        headers[b"cookie"] = b"; ".join(value for each, value in fields if each == b"cookie")  # RFC 9113 8.2.3
    for name in _ONE_ONLY:
        if name in headers:
            headers[name] = b", ".join(value for each, value in fields if each == name)
    return headers


def presented(
    headers: Mapping[bytes, bytes], *, method: str, path: str, peer: str, issuer: str, landscape: Landscape
) -> Presented:
    """What these headers bring. `path` is as sent, `issuer` the hub's address as clients know it."""
    if PROOF not in headers and CERTIFICATE not in headers:
        return Presented(authorization=text(headers, _AUTHORIZATION))
    return Presented(
        authorization=text(headers, _AUTHORIZATION),
        method=method,
        url=issuer.rstrip("/") + path,
        proof=text(headers, PROOF),
        certificate=certificate(headers, peer, landscape),
    )


def certificate(headers: Mapping[bytes, bytes], peer: str, landscape: Landscape) -> bytes | None:
    """The client certificate (DER) that a trusted proxy handed on; None when there is none to believe in."""
    handed = text(headers, CERTIFICATE)
    if handed is None or not trusted(peer, landscape.transport.trusted_proxies):
        return None
    return handed_on(handed)
