"""What is kept of one request: who, on whose behalf, what, about what, how it ended, and why it was allowed. Pure.

No body and nothing personal in clear: what is personal has a field of its own, which can be erased.
"""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import Final, Literal
from uuid import UUID

import msgspec

from tillway import clock

Class = Literal["act", "write", "read", "refusal"]

CLASSES: Final[tuple[Class, ...]] = ("act", "write", "read", "refusal")
"""Administrative acts, business writes, reads, and whatever was refused or failed: each a chain with its retention."""

DIGEST_BYTES: Final = 32
GENESIS: Final = bytes(DIGEST_BYTES)
"""What the first entry of a chain is hashed with."""

SALT_BYTES: Final = 16
"""So that a digest of a name cannot be found by trying names."""

FIRST_REFUSAL: Final = 400

_FORMAT: Final = "tillway-audit-1"


class Entry(msgspec.Struct, frozen=True, kw_only=True, array_like=True):
    """One request as its door saw it. New fields go to the end and have a default: older lines may still be staged.

    `principal` is None for those nobody knows; `count` is then how many were alike within a second. `actor` is who
    acted for the principal. `network` is a class of addresses, never an address. `personal` is JSON text.
    """

    kind_of: Class
    at: datetime
    node: UUID
    operation: str
    status: int
    network: str
    release: str
    principal: str | None = None
    kind: str | None = None
    actor: str | None = None
    api: str | None = None
    subject: str | None = None
    code: str | None = None
    policies: tuple[str, ...] = ()
    correlation: str | None = None
    count: int = 1
    personal: str | None = None


class Link(msgspec.Struct, frozen=True):
    """The end of a chain: how many entries it has, and the hash of the last."""

    seq: int = 0
    hash: bytes = GENESIS


class Sealed(msgspec.Struct, frozen=True, kw_only=True):
    """An entry with its place in everything (`number`) and in its chain (`seq`)."""

    number: int
    seq: int
    sealed_at: datetime
    entry: Entry
    salt: bytes | None
    personal_digest: bytes | None
    hash: bytes


_line = msgspec.json.Encoder().encode
_read = msgspec.json.Decoder(Entry).decode


def line(entry: Entry) -> str:
    """The entry as it waits for the sealer."""
    return _line(entry).decode()


def read_line(text: str, *, at: datetime, node: UUID) -> Entry:
    """The entry of a waiting line. One that cannot be read is kept as evidence of just that, by digest."""
    try:
        found = None if "\\u0000" in text else _read(text)  # U+0000 cannot be kept
    except (msgspec.DecodeError, ValueError):
        found = None
    return found or _unreadable(text, at, node)


def _unreadable(text: str, at: datetime, node: UUID) -> Entry:
    return Entry(
        kind_of="refusal",
        at=at,
        node=node,
        operation="-",
        status=0,
        network="unknown",
        release="-",
        code="unreadable-line",
        subject=hashlib.sha256(text.encode()).hexdigest(),
    )


def class_of(api: str | None, status: int, *, writes: bool) -> Class:
    """Which chain an outcome belongs to."""
    if status >= FIRST_REFUSAL:
        return "refusal"
    if writes:
        return "act" if api == "operations" else "write"
    return "read"


def personal_digest(personal: str, salt: bytes) -> bytes:
    """What the chain holds of the personal part."""
    return hashlib.sha256(salt + personal.encode()).digest()


def canonical(number: int, seq: int, sealed_at: datetime, entry: Entry, digest: bytes | None) -> bytes:
    """The bytes that are hashed: one JSON array, its first element names this very order of fields."""
    return _line(
        (
            _FORMAT,
            number,
            entry.kind_of,
            seq,
            clock.iso(sealed_at),
            clock.iso(entry.at),
            str(entry.node),
            entry.principal,
            entry.kind,
            entry.actor,
            entry.operation,
            entry.api,
            entry.subject,
            entry.status,
            entry.code,
            entry.policies,
            entry.release,
            entry.correlation,
            entry.network,
            entry.count,
            None if digest is None else digest.hex(),
        )
    )


def chained(before: bytes, content: bytes) -> bytes:
    """The hash of an entry whose predecessor has the hash `before`."""
    return hashlib.sha256(before + content).digest()


def seal(entry: Entry, after: Link, *, number: int, sealed_at: datetime, salt: bytes) -> Sealed:
    """The entry at the end of its chain; `salt` is used when it has a personal part."""
    digest = None if entry.personal is None else personal_digest(entry.personal, salt)
    seq = after.seq + 1
    return Sealed(
        number=number,
        seq=seq,
        sealed_at=sealed_at,
        entry=entry,
        salt=None if entry.personal is None else salt,
        personal_digest=digest,
        hash=chained(after.hash, canonical(number, seq, sealed_at, entry, digest)),
    )
