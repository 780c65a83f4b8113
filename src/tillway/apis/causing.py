"""What the events of a request carry along of it."""

from __future__ import annotations

from tillway.gateway import Ask
from tillway.records import Cause


def cause(ask: Ask) -> Cause:
    """The request as the cause of what it makes happen."""
    return Cause(correlation=ask.correlation, causation=ask.causation, traceparent=ask.traceparent)
