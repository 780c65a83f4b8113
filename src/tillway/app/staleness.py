"""How old what is known is, in the numbers of a door: measured apart from whoever asks for them."""

from __future__ import annotations

import asyncio
import logging
from typing import Final

from prometheus_client import CollectorRegistry, Gauge

from tillway import clock, observe
from tillway.app.landscapes import Watched
from tillway.errors import TryAgain
from tillway.landscape import Landscape
from tillway.postgres import Database
from tillway.records import TOLERANCE

log = logging.getLogger(__name__)

# Numbers are collected every 15 s or less often; five short reads.
EVERY_SECONDS: Final = 10.0

# What a door remembers: products and price lists.
REMEMBERED: Final = ("prices", "catalogue")

_TOLERANCE: Final = "app.staleness.tolerance"


class Staleness:
    """The gauge `tillway_staleness_seconds`, by domain, what carries it and connection."""

    def __init__(self, db: Database, watched: Watched, registry: CollectorRegistry) -> None:
        self._db = db
        self._watched = watched
        self._gauge = Gauge(
            "tillway_staleness_seconds",
            "Age of what is known of a domain, by what brings it.",
            ("domain", "kind", "name", "connection"),
            registry=registry,
        )

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            try:
                await self.once()
            except TryAgain as error:
                log.info("staleness is not measured: %s", error.detail)
            await asyncio.sleep(EVERY_SECONDS)

    async def once(self) -> None:
        """Measure now."""
        found = await observe.measure(self._db, self._watched.active.current, clock.now())
        self._gauge.clear()
        for each in found:
            if each.seconds is not None:
                self._gauge.labels(each.domain, each.kind, each.name, each.connection or "").set(each.seconds)


def tolerated(landscape: Landscape) -> float:
    """How old what a door remembers may be, as its domains declare; looked up once a landscape."""
    found: float | None = landscape.derived.get(_TOLERANCE)
    if found is None:
        found = landscape.derived[_TOLERANCE] = observe.tolerance(landscape, REMEMBERED, TOLERANCE)
    return found
