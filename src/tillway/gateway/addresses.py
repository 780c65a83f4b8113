"""Where a request comes from: the connection's peer, or whom trusted proxies name, never what a stranger says. Pure.

Proxies append. So the list is read from its end, and the first address that is no trusted proxy's is the client's: all
before it was written by the client itself. What cannot be read makes the address unknown, never a trusted one.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Final

from tillway.landscape import Transport

FORWARDED: Final = b"forwarded"
X_FORWARDED_FOR: Final = b"x-forwarded-for"

UNKNOWN: Final = ""

# Proxies in a row; a longer list was not written by ours.
HOPS_MAX: Final = 16

# Peers whose trust is remembered: proxies are few, and strangers are found out in a microsecond.
_PEERS: Final = 1_024

_MAPPED: Final = "::ffff:"

# RFC 7239 section 4, one pair: a token, then a token or a quoted string.
_WORD: Final = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
_PAIR: Final = re.compile(rf'\s*({_WORD})=({_WORD}|"(?:[^"\\]|\\.)*")\s*(;|,|\Z)')
_V4: Final = re.compile(r"([0-9.]+)(?::[0-9]{1,5})?\Z")
_V6: Final = re.compile(r"\[([0-9A-Fa-f:.]+)\](?::[0-9]{1,5})?\Z")


def client_of(peer: str, headers: Mapping[bytes, bytes], transport: Transport) -> str:
    """The address of whoever asks; `UNKNOWN` when a trusted proxy says nothing that can be read."""
    peer = plain(peer)
    if not transport.trusted_proxies or not trusted(peer, transport.trusted_proxies):
        return peer
    sent = headers.get(transport.client_address.encode())
    if sent is None:
        return peer  # the proxy asks for itself, e.g. whether the hub is well
    text = sent.decode("latin-1")
    hops = _forwarded(text) if transport.client_address == "forwarded" else text.split(",")
    return _client(hops, transport.trusted_proxies)


def trusted(peer: str, proxies: tuple[str, ...]) -> bool:
    """Whether a connection from this address comes from a trusted proxy."""
    return bool(proxies) and _trusted(plain(peer), proxies)


def plain(address: str) -> str:
    """An IPv4 address as such, also where a socket for both families tells it as an IPv6 one."""
    if not address.startswith(_MAPPED):
        return address
    try:
        found = ip_address(address)
    except ValueError:
        return address
    mapped = found.ipv4_mapped if isinstance(found, IPv6Address) else None
    return address if mapped is None else str(mapped)


def _client(hops: list[str], proxies: tuple[str, ...]) -> str:
    """The last address that is not trusted; the first of all when all are."""
    last = UNKNOWN
    for hop in hops[: -HOPS_MAX - 1 : -1]:
        last = _address(hop.strip())
        if last == UNKNOWN or not trusted(last, proxies):
            return last
    return last if len(hops) <= HOPS_MAX else UNKNOWN


def _address(hop: str) -> str:
    """The address in one hop, without its port."""
    found = _V4.match(hop) or _V6.match(hop)
    try:
        return plain(str(ip_address(found[1] if found else hop)))
    except ValueError:
        return UNKNOWN


def _forwarded(text: str) -> list[str]:
    """The `for` of each element (RFC 7239); one that cannot be read makes all before it unreadable."""
    hops, hop, place = [], UNKNOWN, 0
    while place < len(text):
        found = _PAIR.match(text, place)
        if found is None:
            return [UNKNOWN]
        name, value, end = found.groups()
        if name.lower() == "for":
            hop = re.sub(r"\\(.)", r"\1", value[1:-1]) if value.startswith('"') else value
        if end != ";":
            hops.append(hop)
            hop = UNKNOWN
        place = found.end()
    return hops


@lru_cache(maxsize=_PEERS)
def _trusted(peer: str, proxies: tuple[str, ...]) -> bool:
    try:
        address = ip_address(peer)
    except ValueError:
        return False
    return any(address in network for network in _networks(proxies))


@lru_cache(maxsize=8)  # one landscape in force, and those before it
def _networks(proxies: tuple[str, ...]) -> tuple[IPv4Network | IPv6Network, ...]:
    return tuple(ip_network(each) for each in proxies)
