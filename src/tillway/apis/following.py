"""Following the journal over HTTP: a cursor in, events and the next cursor out, at once or as soon as there is one."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Sequence
from typing import Final

from tillway import clock, journal
from tillway.gateway import Ask, Leaving, wait_allowed
from tillway.journal import Recorded, Tail, by_subject, cursor
from tillway.postgres import Database

# Events in one answer when the request does not say.
PAGE: Final = 100

# Pages looked through for one that holds anything; an answer without events still moves the cursor on.
PAGES_MAX: Final = 20

# How long the oldest position kept is remembered: it moves when a month's partition is dropped.
OLDEST_SECONDS: Final = 5.0

Choose = Callable[[Recorded], bool]


class Following:
    """The way to read the journal for the handlers of one door."""

    def __init__(self, db: Database, tail: Tail, leaving: Leaving) -> None:
        self._db = db
        self._tail = tail
        self._leaving = leaving
        self._oldest = 0
        self._oldest_until = 0.0

    async def read(
        self, ask: Ask, *, types: frozenset[str] | None, choose: Choose, subject: str | None = None
    ) -> tuple[Sequence[Recorded], str]:
        """Events after the request's cursor that are of these types (None: any) and chosen, and the next cursor.

        Invalid for a cursor that is none, Gone for one whose events are no longer kept.
        """
        position = await self._start(ask.query.get("after", ""))
        limit = ask.query.get("limit", PAGE)
        if subject is not None:
            found, position = await self._of_subject(subject, position, limit, _all(types, choose))
            if found:
                return found, self._cursor(position)
            choose = _about(subject, choose)
        wake = asyncio.Event()
        stops = (self._tail.watch(types, wake), self._leaving.watch(wake))
        try:
            until = clock.monotonic() + wait_allowed(ask.query, (ask.deadline - clock.now()).total_seconds())
            while True:
                wake.clear()
                found, position = await self._look(position, limit, types, choose)
                left = until - clock.monotonic()
                if found or left <= 0 or self._leaving.now:
                    return found, self._cursor(position)
                await _until(wake, left)
        finally:
            for stop in stops:
                stop()

    def here(self) -> str:
        """The cursor after which all that is not yet known comes."""
        return self._cursor(self._tail.head)

    async def _start(self, text: str) -> int:
        given = cursor.decode(text) if text else None
        if given is not None and given.epoch == self._tail.epoch and given.position >= self._tail.head:
            return given.position
        if clock.monotonic() >= self._oldest_until:
            self._oldest = await journal.oldest(self._db)
            self._oldest_until = clock.monotonic() + OLDEST_SECONDS
        return cursor.resume(given, epoch=self._tail.epoch, oldest=self._oldest)

    async def _look(
        self, position: int, limit: int, types: frozenset[str] | None, choose: Choose
    ) -> tuple[Sequence[Recorded], int]:
        for _ in range(PAGES_MAX):
            page = await self._tail.page(position, limit=limit, types=types)
            position = page.reached
            found = [event for event in page.events if choose(event)]
            if found or position >= self._tail.head:
                return found, position
        return (), position

    async def _of_subject(
        self, subject: str, position: int, limit: int, choose: Choose
    ) -> tuple[Sequence[Recorded], int]:
        for _ in range(PAGES_MAX):
            head = self._tail.head
            page = await by_subject(self._db, subject, after=position, limit=limit)
            whole = len(page) < limit
            position = max(position, head if whole else 0, page[-1].position if page else 0)
            found = [event for event in page if choose(event)]
            if found or whole:
                return found, position
        return (), position

    def _cursor(self, position: int) -> str:
        return cursor.encode(cursor.Cursor(self._tail.epoch, position))


def _all(types: frozenset[str] | None, choose: Choose) -> Choose:
    return choose if types is None else lambda event: event.type in types and choose(event)


def _about(subject: str, choose: Choose) -> Choose:
    return lambda event: event.subject == subject and choose(event)


async def _until(wake: asyncio.Event, seconds: float) -> None:
    """Until it is set or the time is over."""
    # Not wait_for: in Python 3.11 it loses a cancellation that comes together with the event.
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await wake.wait()
