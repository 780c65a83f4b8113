"""Identifiers: UUIDs by time (RFC 9562 version 7) for what we make, by name (version 5) for what must repeat."""

from __future__ import annotations

import os
import time
import uuid

# Ours alone: a version 5 UUID of this namespace names the same thing on every node, every time.
NAMESPACE = uuid.UUID("6f1d3c1e-7b0a-5c4e-9a55-74696c6c7761")

_VERSION_7 = 0x7 << 76
_VARIANT = 0x2 << 62


# Bytes drawn from the kernel at once: a system call for each id costs more than making the id.
_DRAWN = 4_096

_drawn = bytearray()
# Of sixteen hex digits each.
_words: list[str] = []
# A forked child must not go on with its parent's bytes.
os.register_at_fork(after_in_child=_drawn.clear)
os.register_at_fork(after_in_child=_words.clear)

_VARIANT_DIGITS = {digit: "89ab"[int(digit, 16) & 3] for digit in "0123456789abcdef"}


def random_bytes(count: int) -> bytes:
    """Unpredictable bytes of the kernel, each given out once. ValueError for more than are drawn at once."""
    if not 0 < count <= _DRAWN:
        raise ValueError(f"1 to {_DRAWN} bytes, not {count}")
    if len(_drawn) < count:
        _drawn[:] = os.urandom(_DRAWN)
    taken = bytes(_drawn[-count:])
    del _drawn[-count:]
    return taken


def random_word() -> str:
    """Sixteen unpredictable hex digits, as `random_bytes`: cut to size beforehand, for what every request needs."""
    if not _words:
        digits = os.urandom(_DRAWN).hex()
        _words.extend(digits[at : at + 16] for at in range(0, len(digits), 16))
    return _words.pop()


def new() -> uuid.UUID:
    """A fresh UUID version 7: sorts by the millisecond it was made, so index inserts stay at the right edge."""
    milliseconds = time.time_ns() // 1_000_000
    random = int.from_bytes(random_bytes(10), "big")
    return uuid.UUID(
        int=(milliseconds << 80) | _VERSION_7 | ((random >> 62 & 0xFFF) << 64) | _VARIANT | (random & (2**62 - 1))
    )


def new_text() -> str:
    """As `new`, as text: made without an object in between, for what is only ever written down."""
    at, random = f"{time.time_ns() // 1_000_000:012x}", random_word()
    # The high bits of the 13th and 17th digit are the version and the variant.
    variant = _VARIANT_DIGITS[random[3]]
    return f"{at[:8]}-{at[8:]}-7{random[:3]}-{variant}{random[4:7]}-{random_word()[:12]}"


def named(*parts: str) -> uuid.UUID:
    """The UUID version 5 of these parts: equal parts give the equal id, on any node and after any crash."""
    return uuid.uuid5(NAMESPACE, "\x1f".join(parts))
