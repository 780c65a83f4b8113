"""What identity needs every minute: emptying what may be used once, and keys that are made and dropped in time."""

from __future__ import annotations

import asyncio
import logging
from typing import Final

from tillway import clock
from tillway.errors import TryAgain
from tillway.identity import forget_used, tend_keys
from tillway.postgres import Database

log = logging.getLogger(__name__)

# A slot of used proofs takes its turn every three minutes; the look itself is three short reads.
EVERY_SECONDS: Final = 30


class Tending:
    """Safe on any number of nodes: each act is idempotent, keys are made under a lock."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            try:
                await forget_used(self._db, clock.now())
                await tend_keys(self._db, clock.now())
            except TryAgain as error:
                log.warning("identity: %s", error.detail)
            await asyncio.sleep(EVERY_SECONDS)
