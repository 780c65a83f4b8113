"""Each ERP is looked at some time after the start and once a day: what of it is missing, and when our key ends.

What is wrong is a line in the log each time, in plain words, and a number among the metrics. Each door looks for
itself: some fifty short calls, behind everything else that wants to be asked.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Final

from prometheus_client import CollectorRegistry, Gauge

from tillway import clock
from tillway.connectors.odoo import NEXT_KEY, URGENT, Odoo, ending
from tillway.errors import TillwayError
from tillway.retail import Call, Criticality

log = logging.getLogger(__name__)

# After a start everything is read at once, and doors of a release that rolls out start one after another.
START_SECONDS: Final = 20.0

EVERY_SECONDS: Final = 86_400.0

# An ERP that could not be looked at, and any whose key is about to end, is looked at again after this.
AGAIN_SECONDS: Final = 900.0

# One look at one ERP may take this long: it comes after all else.
LOOK_SECONDS: Final = 120

Sides = Callable[[], Mapping[str, tuple[Odoo, str]]]
"""The connectors of now by connection, with the company that is asked."""


class Lookout:
    """Safe on any number of nodes: it only looks."""

    def __init__(self, sides: Sides, registry: CollectorRegistry) -> None:
        self._sides = sides
        self._lacking = Gauge(
            "tillway_odoo_lacking",
            "Modules, settings and rights that an ERP lacks for what is declared; and 1 if it could not be looked at.",
            ("connection",),
            registry=registry,
        )
        self._key_ends = Gauge(
            "tillway_odoo_key_ends_timestamp_seconds",
            "When the key of an ERP stops working, where that is known.",
            ("connection",),
            registry=registry,
        )
        self._seen: set[str] = set()
        self._ending: set[str] = set()

    async def run(self) -> None:
        """Until cancelled."""
        await asyncio.sleep(START_SECONDS)
        while True:
            well = await self.once()
            await asyncio.sleep(EVERY_SECONDS if well else AGAIN_SECONDS)

    async def once(self) -> bool:
        """Look at all of them; whether a day may pass until the next time."""
        sides = self._sides()
        for name in self._seen - set(sides):
            self._lacking.remove(name)
            self._say_when_key_ends(name, None)
        self._seen = set(sides)
        return all([await self._look(name, odoo, company) for name, (odoo, company) in sides.items()])

    async def _look(self, name: str, odoo: Odoo, company: str) -> bool:
        call = Call(
            criticality=Criticality.LOW,
            deadline=clock.now() + timedelta(seconds=LOOK_SECONDS),
            correlation="lookout",
            reference="lookout",
            company=company,
        )
        try:
            found = await odoo.probe(call)
            ends = await odoo.key_expiry(call) if found.key_accepted else None
        except TillwayError as error:
            log.warning("odoo %s could not be looked at: %s %s", name, error.detail, error.remedy)
            self._lacking.labels(name).set(1)
            self._say_when_key_ends(name, None)
            return False
        self._lacking.labels(name).set(len(found.lacks) + bool(found.problem))
        for each in found.lacks:
            log.warning("odoo %s lacks %s", name, each)
        if found.problem:
            log.warning("odoo %s could not be looked at: %s", name, found.problem)
        self._say_when_key_ends(name, ends)
        now = clock.now()
        soon = ending(ends, now)
        urgent = ends is not None and ends - now <= URGENT
        if soon is not None:
            log.log(logging.ERROR if urgent else logging.WARNING, "odoo %s: %s; %s", name, soon, NEXT_KEY)
        return not (found.problem or urgent)

    def _say_when_key_ends(self, name: str, ends: datetime | None) -> None:
        """In place of what was said before, which stood until now: a scrape always sees one of the two."""
        if ends is not None:
            self._key_ends.labels(name).set(ends.timestamp())
            self._ending.add(name)
        elif name in self._ending:
            self._key_ends.remove(name)
            self._ending.discard(name)
