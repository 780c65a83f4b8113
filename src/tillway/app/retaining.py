"""How long events are kept: the landscape's word, brought to the sequencer whenever it changes."""

from __future__ import annotations

import asyncio
import logging
from typing import Final

from tillway.errors import OutcomeUnknown, TryAgain
from tillway.journal import retain
from tillway.landscape import Active
from tillway.postgres import Database

log = logging.getLogger(__name__)

# While Postgres is away it is asked again after this; until then events are kept as was declared before.
AGAIN_SECONDS: Final = 5.0


class Retaining:
    """Safe on any number of nodes: all write the same."""

    def __init__(self, db: Database, active: Active) -> None:
        self._db = db
        self._active = active

    async def run(self) -> None:
        """Until cancelled."""
        wake = asyncio.Event()
        stop = self._active.subscribe(lambda _: wake.set())
        wake.set()
        try:
            while True:
                await wake.wait()
                wake.clear()
                try:
                    declared = self._active.current.events.items()
                    await retain(self._db, {name: entry.retention for name, entry in declared})
                except (TryAgain, OutcomeUnknown) as error:
                    log.warning("retention: %s", error.detail)
                    await asyncio.sleep(AGAIN_SECONDS)
                    wake.set()
        finally:
            stop()
