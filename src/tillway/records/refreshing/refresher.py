"""Refresh: read the outside by cursor with overlap, decide purely, commit record, event and cursor together.

A nudge says only that it is worth reading now; its content is never trusted. The same code runs on a timer.
"""

from __future__ import annotations

import asyncio
import logging

from tillway import clock
from tillway.errors import OutcomeUnknown, TillwayError, TryAgain
from tillway.postgres import Database
from tillway.records.refreshing.readings import Reading, readings
from tillway.records.refreshing.source import Source

log = logging.getLogger(__name__)


class Refresher:
    """Keeps the records of one source fresh. One node at a time does this: its caller holds the lease."""

    def __init__(self, db: Database, source: Source) -> None:
        self._source = source
        self._sequences = tuple((sequence, asyncio.Event()) for sequence in readings(db, source))

    def nudge(self, domain: str | None = None) -> None:
        """It is worth reading this domain now; None: all of them."""
        for sequence, nudged in self._sequences:
            if domain is None or any(reading.domain == domain for reading in sequence):
                nudged.set()

    async def run(self) -> None:
        """Until cancelled: read, then wait for the timer or a nudge. What cannot be read keeps nothing else waiting."""
        async with asyncio.TaskGroup() as tasks:
            for sequence, nudged in self._sequences:
                tasks.create_task(self._run(sequence, nudged))

    async def once(self) -> None:
        """One reading of everything that may have changed."""
        for sequence, _ in self._sequences:
            for reading in sequence:
                await reading.once()

    async def _run(self, sequence: tuple[Reading, ...], nudged: asyncio.Event) -> None:
        while True:
            for reading in sequence:
                await self._read(reading)
            if await clock.wait(nudged, self._source.poll_seconds):
                nudged.clear()

    async def _read(self, reading: Reading) -> None:
        what = f"refresh of {reading.domain} from {self._source.connection}"
        try:
            await reading.once()
        except (TryAgain, OutcomeUnknown) as error:
            log.warning("%s: %s", what, error.detail)
        except TillwayError as error:
            log.warning("%s cannot go on: %s %s", what, error.detail, error.remedy)
