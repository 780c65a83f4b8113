"""Waiting for a condition, never for a time; a condition that does not come fails loudly."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any

START_SECONDS = 60.0
"""A process that does not listen by then will not any more, however busy the machine."""

STORY_SECONDS = 60.0
"""From a crash to the end of the story: a start of the hub, leases, and a busy machine."""

LOOK_SECONDS = 0.02


async def until(look: Callable[[], Awaitable[Any]], what: str, seconds: float = STORY_SECONDS) -> Any:
    """What `look` finds, as soon as it finds anything."""
    deadline = time.monotonic() + seconds
    while not (found := await look()):
        assert time.monotonic() < deadline, f"waited {seconds:.0f} s for {what}"
        await asyncio.sleep(LOOK_SECONDS)
    return found
