"""What must be done now and then: partitions made ahead, old answers and dead nodes forgotten."""

from __future__ import annotations

import asyncio
import logging
from typing import Final

from tillway import audit, clock
from tillway.errors import TryAgain
from tillway.gateway import forget
from tillway.identity import forget_enforced, forget_restrictions, people
from tillway.journal import bury, ensure_partitions
from tillway.postgres import Database

log = logging.getLogger(__name__)

# Partitions are made two months ahead, so a day's delay is nothing; hourly also bounds what is forgotten at once.
EVERY_SECONDS: Final = 3_600


class Upkeep:
    """Safe on any number of nodes: each act is idempotent."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            try:
                await ensure_partitions(self._db, clock.now())
                await forget(self._db, clock.now())
                await audit.keep(self._db, clock.now())
                await bury(self._db)
                await forget_restrictions(self._db, clock.now())
                await forget_enforced(self._db, clock.now())
                await people.forget_sessions(self._db, clock.now())
            except TryAgain as error:
                log.warning("upkeep: %s", error.detail)
            await asyncio.sleep(EVERY_SECONDS)
