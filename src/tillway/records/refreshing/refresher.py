"""Refresh: read the outside by cursor with overlap, decide purely, commit record, event and cursor together.

A nudge says only that it is worth reading now; its content is never trusted. The same code runs on a timer.
"""

from __future__ import annotations

import asyncio
import logging
from typing import Final

from tillway import clock
from tillway.errors import OutcomeUnknown, TillwayError, TryAgain
from tillway.postgres import Database
from tillway.records.refreshing.readings import Reading, Sequence, Timed, readings
from tillway.records.refreshing.source import Source

log = logging.getLogger(__name__)

# However many nudges come, a reading begins no sooner than this (seconds) after the one before: the first one after a
# rest is read at once, a flood costs the ERP one reading a second and domain.
REST_SECONDS: Final = 1.0

# What could not be read is tried again after this, doubled each time up to the poll's interval: the nudge that asked
# for it is not told again.
AGAIN_SECONDS: Final = 2.0
DOUBLINGS: Final = 16


class Refresher:
    """Keeps the records of one source fresh. One node at a time does this: its caller holds the lease."""

    def __init__(self, db: Database, source: Source) -> None:
        self._source = source
        self._sequences = readings(db, source)

    def nudge(self, domain: str | None = None) -> None:
        """It is worth reading this domain now; None: all of them."""
        for sequence in self._sequences:
            if domain is None or any(reading.domain == domain for reading in sequence.readings):
                sequence.nudged.set()

    async def run(self) -> None:
        """Until cancelled: read, then wait for the timer or a nudge. What cannot be read keeps nothing else waiting."""
        async with asyncio.TaskGroup() as tasks:
            for sequence in self._sequences:
                tasks.create_task(self._run(sequence))

    async def once(self) -> None:
        """One reading of everything that may have changed."""
        for sequence in self._sequences:
            for reading in sequence.readings:
                await reading.once()

    async def _run(self, sequence: Sequence) -> None:
        failed = 0
        while True:
            began = clock.monotonic()
            sequence.nudged.clear()  # what comes from here on may be missed by this reading, and is worth another
            well = [await self._read(reading) for reading in sequence.readings]
            failed = 0 if all(well) else min(failed + 1, DOUBLINGS)
            await self._pause(sequence, began, failed)

    async def _pause(self, sequence: Sequence, began: float, failed: int) -> None:
        seconds = self._source.poll_seconds
        for reading in sequence.readings:
            if isinstance(reading, Timed):
                seconds = min(seconds, reading.seconds())
        if failed:
            seconds = min(seconds, AGAIN_SECONDS * 2 ** (failed - 1))
        if await clock.wait(sequence.nudged, seconds):
            await asyncio.sleep(max(0.0, began + REST_SECONDS - clock.monotonic()))

    async def _read(self, reading: Reading) -> bool:
        what = f"refresh of {reading.domain} from {self._source.connection}"
        try:
            await reading.once()
        except (TryAgain, OutcomeUnknown) as error:
            log.warning("%s: %s", what, error.detail)
            return False
        except TillwayError as error:
            log.warning("%s cannot go on: %s %s", what, error.detail, error.remedy)
        return True
