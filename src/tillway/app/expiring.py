"""Promises that nobody came for are given back, and told of, within seconds; they count no more before that."""

from __future__ import annotations

import asyncio
import logging
from typing import Final

from tillway import clock
from tillway.errors import TillwayError
from tillway.postgres import Database
from tillway.records import promises

log = logging.getLogger(__name__)

# An expired promise counts no more in any answer; only its event waits for this.
EVERY_SECONDS: Final = 2.0

# Looks between two at what may be forgotten: about every hour.
FORGET_EVERY: Final = 1_800


class Expiring:
    """Safe on any number of nodes: what one is just at, the others pass over."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def run(self) -> None:
        """Until cancelled."""
        looks = 0
        while True:
            try:
                await promises.sweep(self._db, at=clock.now())
                if looks % FORGET_EVERY == 0:
                    await promises.forget(self._db, at=clock.now())
            except TillwayError as error:
                log.warning("promises: %s", error.detail)
            looks += 1
            await asyncio.sleep(EVERY_SECONDS)
