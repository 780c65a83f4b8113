"""The tail: one per process, reads each new event once and hands it to everybody at the head.

A follower that lags behind what the tail remembers reads for itself; everybody else costs one wake-up per batch that
holds a type they follow, and nothing at all while nothing happens.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Iterable
from itertools import islice
from typing import Final
from uuid import UUID

from tillway import clock
from tillway.errors import TryAgain
from tillway.journal import reading
from tillway.journal.event import Recorded
from tillway.journal.reading import READ_LIMIT, Page
from tillway.journal.sequencer import POSITION_CHANNEL
from tillway.postgres import Database

log = logging.getLogger(__name__)

# Events remembered: a follower that is at most this far behind the head reads nothing itself (about 10 MB).
REMEMBERED: Final = 10_000

# A lost nudge delays the tail no longer than this.
POLL_SECONDS: Final = 0.5

Local = Callable[[Recorded], None]


class Tail:
    """Where the journal ends, for this process."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._ring: deque[Recorded] = deque(maxlen=REMEMBERED)
        self._nudged = asyncio.Event()
        self._locals: dict[str, list[Local]] = {}
        self._waiters: dict[str, set[asyncio.Event]] = {}
        self._any: set[asyncio.Event] = set()
        self.head = 0
        self.epoch = UUID(int=0)

    async def start(self) -> None:
        """Find the head. What happened before is history to local followers."""
        found = await reading.head(self._db)
        self.head, self.epoch = found.position, found.epoch

    def local(self, types: Iterable[str], apply: Local) -> None:
        """Call `apply` with each new event of these types, in order, in memory, from the head on. It must not fail."""
        for kind in types:
            self._locals.setdefault(kind, []).append(apply)

    def watch(self, types: Iterable[str] | None, wake: asyncio.Event) -> Callable[[], None]:
        """Set `wake` whenever an event of these types (None: any) arrives; returns the way to stop it."""
        places = [self._any] if types is None else [self._waiters.setdefault(kind, set()) for kind in types]
        for place in places:
            place.add(wake)

        def stop() -> None:
            for place in places:
                place.discard(wake)

        return stop

    async def run(self) -> None:
        """Until cancelled."""
        stop_listening = await self._db.listen(POSITION_CHANNEL, self._nudged.set)
        try:
            while True:
                try:
                    grew = await self._advance()
                except TryAgain as error:
                    log.warning("tail: %s", error.detail)
                    await asyncio.sleep(POLL_SECONDS)
                    continue
                if not grew:
                    await self._rest()
        finally:
            stop_listening()

    async def page(self, after: int, *, limit: int = READ_LIMIT, types: frozenset[str] | None = None) -> Page:
        """Events after a position: from memory when it reaches back far enough, otherwise from the database."""
        if after >= self.head:
            return Page((), after)
        if self._ring and self._ring[0].position <= after + 1:
            events = self._remembered(after + 1 - self._ring[0].position, limit)
            reached = events[-1].position
            chosen = events if types is None else tuple(event for event in events if event.type in types)
            return Page(chosen, reached)
        return await reading.read(
            self._db, after, limit=limit, types=None if types is None else sorted(types), head_at=self.head
        )

    def _remembered(self, start: int, limit: int) -> tuple[Recorded, ...]:
        """Events from a place in memory on, counted from the nearer end: nearly everybody reads near the head."""
        left = len(self._ring) - start
        if left < start:
            newest = tuple(islice(reversed(self._ring), left))
            return newest[: -limit - 1 : -1]
        return tuple(islice(self._ring, start, start + limit))

    async def _advance(self) -> bool:
        page = await reading.read(self._db, self.head)
        if not page.events:
            return False
        for event in page.events:
            self._ring.append(event)
            for apply in self._locals.get(event.type, ()):
                apply(event)
        self.head = page.reached
        for kind in {event.type for event in page.events}:
            for wake in self._waiters.get(kind, ()):
                wake.set()
        for wake in self._any:
            wake.set()
        return len(page.events) == READ_LIMIT

    async def _rest(self) -> None:
        if await clock.wait(self._nudged, POLL_SECONDS):
            self._nudged.clear()
