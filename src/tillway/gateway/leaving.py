"""Leaving: what a door tells its long polls when it drains, so that they answer at once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable


class Leaving:
    """Whether this door drains. For one asyncio loop."""

    __slots__ = ("_waiting", "now")

    def __init__(self) -> None:
        self.now = False
        self._waiting: set[asyncio.Event] = set()

    def begin(self) -> None:
        """From now on nobody waits: every watched event is set."""
        self.now = True
        for event in self._waiting:
            event.set()

    def watch(self, event: asyncio.Event) -> Callable[[], None]:
        """Set `event` when the door begins to drain; the answer ends the watch."""
        self._waiting.add(event)
        if self.now:
            event.set()
        return lambda: self._waiting.discard(event)
