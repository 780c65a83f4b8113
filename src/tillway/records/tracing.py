"""What an event needs to know of the request or the work that caused it."""

from __future__ import annotations

import msgspec


class Cause(msgspec.Struct, frozen=True, kw_only=True):
    """`correlation` ties one business transaction together, `causation` is the id of the event that led here."""

    correlation: str
    causation: str | None = None
    traceparent: str | None = None
