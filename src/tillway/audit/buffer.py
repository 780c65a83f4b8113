"""Entries of reads and refusals on their way to Postgres: held for 100 ms at most, never dropped.

While Postgres is away they are held until it is back. Once no more can be held, whoever comes waits for room, and is
refused after ROOM_SECONDS: nothing goes out untold, and nobody waits for ever.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Iterable
from typing import Final, Self

import asyncpg

from tillway import clock
from tillway.audit.census import Census
from tillway.audit.entry import Entry, line
from tillway.audit.staging import SQL
from tillway.audit.strangers import Strangers
from tillway.errors import TryAgain, Unavailable
from tillway.postgres import Database

log = logging.getLogger(__name__)

# Entries are gathered this long before they go out together: half of the 100 ms that one may take to be kept.
FLUSH_SECONDS: Final = 0.05

# Entries of one statement: a few milliseconds of Postgres.
BATCH: Final = 1_000

# Entries held at most, some 5 MB: seconds of full load. Whoever comes then waits until there is room.
HELD_MAX: Final = 10_000

# The longest that an answer waits for room: a server that restarts is back by then, one that is away stays so.
ROOM_SECONDS: Final = 2.0

# After a failure of Postgres, so long until the next attempt.
RETRY_SECONDS: Final = 0.5

# Strangers and the census go out this often.
COUNTED_SECONDS: Final = 1.0

# A door that stops gives what it holds so long to be kept.
CLOSE_SECONDS: Final = 5.0


class Buffer:
    """What one door has to tell. `async with` runs it; leaving keeps what is left, also what was only counted."""

    def __init__(self, db: Database, strangers: Strangers, census: Census, *, held_max: int = HELD_MAX) -> None:
        self._db = db
        self._strangers = strangers
        self._census = census
        self._held_max = held_max
        # As they will be kept: a text is smaller than its entry, and written while that is at hand costs less.
        self._held: deque[str] = deque()
        self._wake = asyncio.Event()
        self._room = asyncio.Event()
        self._room.set()
        self._tasks: tuple[asyncio.Task[None], ...] = ()
        self._flushing = asyncio.Lock()

    def offer(self, entry: Entry) -> bool:
        """Take the entry if there is room; whether it was taken."""
        held = self._held
        if len(held) >= self._held_max:
            return False
        held.append(line(entry))
        if len(held) == 1:
            self._wake.set()
        return True

    async def put(self, entry: Entry) -> None:
        """Take the entry, waiting for room. Unavailable, and not taken, when there is none within ROOM_SECONDS.

        Taken all the same when the waiting is cut off: what happened is told.
        """
        try:
            async with asyncio.timeout(ROOM_SECONDS):
                while self._full():
                    self._room.clear()
                    await self._room.wait()
        except TimeoutError:
            raise Unavailable("the audit has no room: Postgres is away", retry_after=ROOM_SECONDS) from None
        except asyncio.CancelledError:
            self._take([entry])
            raise
        self._take([entry])

    async def __aenter__(self) -> Self:
        self._tasks = (asyncio.create_task(self._run()), asyncio.create_task(self._count()))
        return self

    async def __aexit__(self, *_: object) -> None:
        try:
            async with asyncio.timeout(CLOSE_SECONDS):
                # Not in the middle of a statement: nobody would know whether it was done.
                async with self._flushing:
                    for task in self._tasks:
                        task.cancel()
                await asyncio.gather(*self._tasks, return_exceptions=True)
                await self._close()
        except TimeoutError:
            log.error(  # noqa: TRY400 - where it stood tells nothing
                "%d audit entries could not be kept: Postgres did not answer in time", len(self._held)
            )

    async def flush(self) -> None:
        """Keep all that is held now. TryAgain when Postgres cannot; nothing is lost then."""
        async with self._flushing:
            while self._held:
                await self._flush_batch()

    async def _flush_batch(self) -> None:
        held = self._held
        batch = [held.popleft() for _ in range(min(len(held), BATCH))]
        try:
            await self._db.fetch(SQL["stage_many"], batch)
        except BaseException:
            # A line that broke may have kept them: then they are told twice, which is better than not at all.
            held.extendleft(reversed(batch))
            raise
        if not self._full():
            self._room.set()

    def _full(self) -> bool:
        return len(self._held) >= self._held_max

    def _take(self, entries: Iterable[Entry]) -> None:
        self._held.extend(line(entry) for entry in entries)
        if self._held:
            self._wake.set()

    async def _run(self) -> None:
        while True:
            await self._wake.wait()
            self._wake.clear()
            await asyncio.sleep(FLUSH_SECONDS)
            try:
                await self.flush()
            except (TryAgain, asyncpg.PostgresError) as error:
                log.warning("audit entries wait for Postgres (%s)", type(error).__name__)
                await asyncio.sleep(RETRY_SECONDS)
                self._wake.set()

    async def _count(self) -> None:
        while True:
            await asyncio.sleep(COUNTED_SECONDS)
            await self._tell_counted()

    async def _tell_counted(self, *, everything: bool = False) -> None:
        # Without waiting, for they are few, and nobody else keeps what was taken. Without room they count on.
        if everything or not self._full():
            self._take(self._strangers.take(clock.now()))
        try:
            async with self._flushing:
                await self._census.flush(self._db, clock.now(), everything=everything)
        except (TryAgain, asyncpg.PostgresError) as error:
            log.warning("the usage census waits for Postgres (%s)", type(error).__name__)

    async def _close(self) -> None:
        await self._tell_counted(everything=True)
        while self._held:
            try:
                await self.flush()
            except (TryAgain, asyncpg.PostgresError) as error:
                log.warning("audit entries wait for Postgres (%s)", type(error).__name__)
                await asyncio.sleep(RETRY_SECONDS)
