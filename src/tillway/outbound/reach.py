"""Where calls may go: the whole of the public internet and the networks an operator named, nothing else. Pure.

A URL that somebody else gave us (a webhook, an image) must not reach our own metadata service, database or console.
So the *address* that is about to be connected decides, not the name: a name can point anywhere, and elsewhere a
second later.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Final
from urllib.parse import urlsplit

_NAT64: Final = IPv6Network("64:ff9b::/96")
"""RFC 6052: an IPv6 address whose last 32 bits are an IPv4 address that a gateway calls for us."""

_IPV4_BITS: Final = 0xFFFFFFFF


@dataclass(frozen=True, slots=True)
class Reach:
    """The networks that may be called beside the public internet. Build it with `reach`."""

    networks: tuple[IPv4Network | IPv6Network, ...] = ()

    def allows(self, address: str) -> bool:
        """Whether a connection to this literal IP address is allowed. What is no address is not allowed."""
        try:
            parsed = ip_address(address)
        except ValueError:
            return False
        return all(self._one(each) for each in _meant(parsed))

    def _one(self, address: IPv4Address | IPv6Address) -> bool:
        return self._named(address) or (address.is_global and not address.is_multicast)

    def _named(self, address: IPv4Address | IPv6Address) -> bool:
        return any(address in network for network in self.networks)


def reach(networks: Iterable[str] = ()) -> Reach:
    """The public internet and these networks in CIDR notation, e.g. `127.0.0.0/8`. ValueError for what is none."""
    return Reach(tuple(ip_network(each) for each in networks))


def origin(url: str) -> str:
    """Scheme, host and port of a URL: all of it that may be put into a message, for paths can hold secrets.

    ValueError when it is not an absolute http or https URL, or carries a user name or password.
    """
    if not url.isascii() or not url.isprintable() or " " in url:
        raise ValueError("a URL to call has only printable ASCII characters: escape the others")
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ValueError("a URL to call begins with http:// or https:// and names a host")
    if parts.username is not None or parts.password is not None:
        raise ValueError("a URL to call carries no user name or password")
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    return f"{parts.scheme}://{host}" + ("" if parts.port is None else f":{parts.port}")


def _meant(address: IPv4Address | IPv6Address) -> tuple[IPv4Address | IPv6Address, ...]:
    """The address, and the IPv4 addresses that an IPv6 address stands for: whoever calls it ends up there."""
    if isinstance(address, IPv4Address):
        return (address,)
    if address.ipv4_mapped is not None:
        return (address.ipv4_mapped,)
    found = [address.sixtofour, *(address.teredo or ())]
    if address in _NAT64:
        found.append(IPv4Address(int(address) & _IPV4_BITS))
    return (address, *(each for each in found if each is not None))
