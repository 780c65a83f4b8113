"""Which request this is: the correlation id that people quote and the W3C trace that machines follow. Pure.

Trace Context level 1 (https://www.w3.org/TR/trace-context/): `00-<trace id>-<parent id>-<flags>`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

# Fits every log line and database column that shows one, and needs no quoting in any of them.
_CORRELATION: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,63}\Z")

_TRACEPARENT: Final = re.compile(r"([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?\Z")
_INVALID_VERSION: Final = "ff"
_OUR_VERSION: Final = "00"


@dataclass(frozen=True, slots=True)
class Trace:
    """A place in a distributed trace: `trace_id` 32 and `parent_id` 16 lower-case hex digits, `flags` two."""

    trace_id: str
    parent_id: str
    flags: str

    @property
    def traceparent(self) -> str:
        """The header value that hands this place on."""
        return f"{_OUR_VERSION}-{self.trace_id}-{self.parent_id}-{self.flags}"


def parse_traceparent(text: str) -> Trace | None:
    """The place a `traceparent` names; None when it breaks the standard, which then says to begin a new trace."""
    match = _TRACEPARENT.match(text)
    if match is None:
        return None
    version, trace_id, parent_id, flags, more = match.groups()
    if version == _INVALID_VERSION or (version == _OUR_VERSION and more) or not trace_id.strip("0"):
        return None
    return Trace(trace_id, parent_id, flags) if parent_id.strip("0") else None


def begun(trace_id: str, span: str) -> str:
    """The `traceparent` of our place in a new, unsampled trace; 32 and 16 random hex digits."""
    return f"{_OUR_VERSION}-{trace_id}-{span}-00"


def continued(given: str | None, random: bytes) -> Trace:
    """Our own place: in the caller's trace when `given` is a good traceparent, else in a new, unsampled one.

    `random` is 24 random bytes: eight for our span, sixteen for a new trace.
    """
    caller = None if given is None else parse_traceparent(given)
    span = random[:8].hex()
    if caller is None:
        return Trace(random[8:24].hex(), span, "00")
    return Trace(caller.trace_id, span, caller.flags)


def correlation(given: str | None) -> str | None:
    """The caller's own correlation id when it may be used: 1 to 64 letters, digits and `._:-`, else None."""
    return given if given is not None and _CORRELATION.match(given) else None
