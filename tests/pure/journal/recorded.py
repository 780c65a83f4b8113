"""Recorded events as followers read them, with what matters given."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from tillway.journal import Recorded

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


def recorded(position: int, key: str = "a", **given: Any) -> Recorded:
    return Recorded(
        **{
            "position": position,
            "id": UUID(int=position),
            "type": "order.accepted",
            "subject": key,
            "partitionkey": key,
            "sequence": position,
            "time": NOON,
            "recorded_at": NOON,
            "correlation": "corr-1",
            "causation": None,
            "traceparent": None,
            "dataclass": "internal",
            "data_json": '{"gross":"12.30"}',
            "personal_json": None,
            **given,
        }
    )
