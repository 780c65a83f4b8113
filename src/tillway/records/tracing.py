"""What an event needs to know of the request or the work that caused it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec

from tillway import clock
from tillway.journal import Event


class Cause(msgspec.Struct, frozen=True, kw_only=True):
    """`correlation` ties one business transaction together, `causation` is the id of the event that led here."""

    correlation: str
    causation: str | None = None
    traceparent: str | None = None

    def event(
        self,
        kind: str,
        *,
        subject: str,
        data: dict[str, Any],
        personal: dict[str, Any] | None = None,
        partitionkey: str = "",
        dataclass: str = "internal",
        time: datetime | None = None,
    ) -> Event:
        """What came of it: an event of this short name, with the cause on it."""
        return Event(
            type=kind,
            subject=subject,
            data=data,
            personal=personal,
            partitionkey=partitionkey,
            dataclass=dataclass,
            time=time or clock.now(),
            correlation=self.correlation,
            causation=self.causation,
            traceparent=self.traceparent,
        )
