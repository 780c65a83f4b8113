"""Time comes from here and is always aware: pure code takes `now` as an argument, thin code asks these."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime


def now() -> datetime:
    """The present instant in UTC."""
    return datetime.now(UTC)


def monotonic() -> float:
    """Seconds on a clock that never goes back; only differences mean something."""
    return time.monotonic()


def aware(value: datetime) -> datetime:
    """The same instant in UTC. A naive value is a mistake of the caller and raises ValueError."""
    if value.tzinfo is None:
        raise ValueError("a datetime without a time zone says nothing; give one with a zone")
    return value.astimezone(UTC)


def iso(value: datetime) -> str:
    """RFC 3339 in UTC with microseconds and `Z`, e.g. `2026-11-23T10:15:00.000000Z`."""
    return aware(value).isoformat(timespec="microseconds").replace("+00:00", "Z")


async def wait(event: asyncio.Event, seconds: float) -> bool:
    """Wait until the event is set, at most so long; whether it was.

    Not `asyncio.wait_for`, which on Python 3.11 loses a cancellation that meets the wake-up.
    """
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        return False
    return True
