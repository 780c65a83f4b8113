"""Cursors: (epoch, position) made opaque. Pure."""

from __future__ import annotations

import base64
import binascii
from uuid import UUID

import msgspec

from tillway.errors import Gone, Invalid, Violation

_EPOCH_BYTES = 16
_POSITION_BYTES = 8
_HIGHEST_BYTE = 0x7F  # of a position: Postgres counts in signed numbers


class Cursor(msgspec.Struct, frozen=True):
    """A place in the journal: `position` was the last one read. A restore from backup starts a new epoch."""

    epoch: UUID
    position: int


def encode(cursor: Cursor) -> str:
    """The opaque, URL-safe text of a cursor (32 characters)."""
    raw = cursor.epoch.bytes + cursor.position.to_bytes(_POSITION_BYTES, "big")
    return base64.urlsafe_b64encode(raw).decode()


def decode(text: str, *, pointer: str = "/query/after") -> Cursor:
    """The cursor behind a text; Invalid, pointing at the parameter, when it is none of ours."""
    try:
        raw = base64.b64decode(text.encode(), altchars=b"-_", validate=True)
    except (binascii.Error, UnicodeEncodeError):
        raw = b""
    if len(raw) != _EPOCH_BYTES + _POSITION_BYTES or raw[_EPOCH_BYTES] > _HIGHEST_BYTE:
        raise Invalid(
            violations=(Violation(pointer=pointer, detail="not a cursor that this hub gave out", rule="cursor"),)
        )
    return Cursor(UUID(bytes=raw[:_EPOCH_BYTES]), int.from_bytes(raw[_EPOCH_BYTES:], "big"))


def resume(cursor: Cursor | None, *, epoch: UUID, oldest: int) -> int:
    """The position to read after. Gone when the cursor's epoch ended or its next event is no longer kept."""
    if cursor is None:
        return max(0, oldest - 1)
    if cursor.epoch != epoch:
        raise Gone(
            "the cursor belongs to an epoch that ended with a restore",
            remedy="read the current state from the system APIs, then follow from the oldest event kept (no `after`)",
        )
    if oldest and cursor.position + 1 < oldest:
        raise Gone(
            "events after this cursor are no longer kept",
            remedy="read the current state from the system APIs, then follow from the oldest event kept (no `after`)",
        )
    return cursor.position
