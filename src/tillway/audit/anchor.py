"""Anchors: signed statements of where the chains ended. Pure; signing itself is handed in.

Whoever rewrites entries can compute every hash anew, but cannot sign. Each anchor names the digest of the one before
it, so that none can be taken out, and so that the last one vouches for all: keys are renewed and dropped, and the
signatures of those that are gone need not be checked any more.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Final

import msgspec

from tillway.audit.entry import DIGEST_BYTES, Class, Link

Sign = Callable[[bytes], str]
"""A signed token that carries these bytes."""

Unsign = Callable[[str], tuple[bytes, bool] | None]
"""The bytes a token carries, and whether a key that is known signed them; None when a signature does not hold."""

FIRST: Final = ""
"""What the first anchor names as its predecessor."""


class End(msgspec.Struct, frozen=True):
    """The end of one chain; `hash` in hexadecimal."""

    seq: int
    hash: str


class Anchor(msgspec.Struct, frozen=True, kw_only=True):
    """The chains after entry `number`, at a time. `before` is the SHA-256 of the previous anchor's token."""

    anchor: int
    before: str
    at: datetime
    number: int
    chains: dict[Class, End]

    def end(self, chain: Class) -> Link:
        """Where it says that a chain ended."""
        end = self.chains.get(chain)
        return Link() if end is None else Link(end.seq, bytes.fromhex(end.hash))


class Signed(msgspec.Struct, frozen=True, kw_only=True):
    """An anchor as it is kept."""

    anchor: int
    number: int
    at: datetime
    token: str


_encode = msgspec.json.Encoder(order="deterministic").encode
_decode = msgspec.json.Decoder(Anchor).decode


def digest(token: str) -> str:
    """What the next anchor names a token by."""
    return hashlib.sha256(token.encode()).hexdigest()


def anchored(*, anchor: int, before: str, at: datetime, number: int, ends: Mapping[Class, Link], sign: Sign) -> Signed:
    """The anchor over these ends of chains; `before` is the previous token, FIRST for none."""
    chains = {name: End(link.seq, link.hash.hex()) for name, link in ends.items()}
    said = Anchor(anchor=anchor, before=digest(before) if before else FIRST, at=at, number=number, chains=chains)
    return Signed(anchor=anchor, number=number, at=at, token=sign(_encode(said)))


def fault(kept: Signed, before: Signed | None, unsign: Unsign) -> str | None:
    """What is wrong with an anchor, given the one kept before it; None when it holds."""
    said = read(kept, unsign)
    if said is None:
        return "its signature does not hold"
    if (said.anchor, said.number, said.at) != (kept.anchor, kept.number, kept.at):
        return "it was signed with other numbers or another time"
    if said.anchor != (1 if before is None else before.anchor + 1):
        return "the anchor before it is missing"
    if said.before != (FIRST if before is None else digest(before.token)):
        return "the anchor before it is not the one it names"
    return None


def known(kept: Signed, unsign: Unsign) -> bool:
    """Whether a key that is known now signed it: the last anchor must be signed so."""
    found = unsign(kept.token)
    return found is not None and found[1]


def read(kept: Signed, unsign: Unsign) -> Anchor | None:
    """What an anchor says; None when its signature does not hold."""
    found = unsign(kept.token)
    if found is None:
        return None
    try:
        said = _decode(found[0])
        hashes = [bytes.fromhex(end.hash) for end in said.chains.values()]
    except (msgspec.DecodeError, ValueError):
        return None
    return said if all(len(each) == DIGEST_BYTES for each in hashes) else None
