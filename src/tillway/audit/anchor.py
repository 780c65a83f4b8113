"""Anchors: signed statements of where the chains ended. Pure; signing itself is handed in.

Whoever rewrites entries can compute every hash anew, but cannot sign. Each anchor names the digest of the one before
it, so that none can be taken out.
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

Unsign = Callable[[str], bytes | None]
"""The bytes a token carries; None when its signature does not hold or its key is not known."""

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
        return "its signature does not hold, or was made with a key that is not known"
    if (said.anchor, said.number, said.at) != (kept.anchor, kept.number, kept.at):
        return "it was signed with other numbers or another time"
    if said.anchor != (1 if before is None else before.anchor + 1):
        return "the anchor before it is missing"
    if said.before != (FIRST if before is None else digest(before.token)):
        return "the anchor before it is not the one it names"
    return None


def read(kept: Signed, unsign: Unsign) -> Anchor | None:
    """What an anchor says; None when its signature does not hold."""
    payload = unsign(kept.token)
    if payload is None:
        return None
    try:
        said = _decode(payload)
        hashes = [bytes.fromhex(end.hash) for end in said.chains.values()]
    except (msgspec.DecodeError, ValueError):
        return None
    return said if all(len(each) == DIGEST_BYTES for each in hashes) else None
