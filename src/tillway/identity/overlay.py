"""The restrictions of one process: loaded at the start, kept by the journal's tail, looked at anew now and then.

Two ways lead here on purpose. An `access.changed` of the tail is applied from memory; the nudge that the write sends
makes every process read the table itself, so that a restriction counts also while no event gets a position.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Final
from uuid import UUID

import msgspec

from tillway import clock
from tillway.errors import OutcomeUnknown, TryAgain
from tillway.identity.access import CHANGED_CHANNEL, SQL
from tillway.identity.offboarding import enforce
from tillway.identity.restrictions import EVENT, UNRESTRICTED, AccessChange, Restrictions, restrictions
from tillway.journal import Recorded, Tail
from tillway.postgres import Database

log = logging.getLogger(__name__)

# Read at least this often, in case a nudge was lost; one small read.
RELOAD_SECONDS: Final = 30.0

# Many nudges become one read in this time; far below the two seconds in which a restriction must count everywhere.
SPACING_SECONDS: Final = 0.2

# Restrictions in force at once, about 200 B each in every door: 5,000 shops revoking every token they get.
RESTRICTIONS_MAX: Final = 50_000


class Overlay:
    """What is restricted now, as this process knows it: call it for the value. For one asyncio loop."""

    def __init__(self, db: Database, tail: Tail, node: UUID | None = None) -> None:
        """`node` names the process when it says whom it refuses; None: it keeps silent."""
        self._db = db
        self._node = node
        self._said: frozenset[str] = frozenset()
        self._known = UNRESTRICTED
        self._changes = 0
        self._nudged = asyncio.Event()
        self._listeners: list[Callable[[], object]] = []
        tail.local((EVENT,), self._apply)

    def __call__(self) -> Restrictions:
        """The restrictions in force."""
        return self._known

    async def load(self) -> None:
        """Read all of them; a change that the tail tells meanwhile makes it read again."""
        while True:
            began = self._changes
            rows = await self._db.fetch(SQL["restrictions_in_force"], clock.now(), RESTRICTIONS_MAX)
            if began == self._changes:
                self._take(restrictions((row["kind"], row["id"], row["until"]) for row in rows))
                return

    def subscribe(self, listener: Callable[[], object]) -> Callable[[], None]:
        """Call `listener` after each change of what is restricted; the answer ends that."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    async def run(self) -> None:
        """Until cancelled."""
        stop_listening = await self._db.listen(CHANGED_CHANNEL, self._nudged.set)
        self._nudged.set()  # what was told between `load` and now was not heard
        try:
            while True:
                await clock.wait(self._nudged, RELOAD_SECONDS)
                self._nudged.clear()
                try:
                    await self.load()
                    await self._say()
                except (TryAgain, OutcomeUnknown) as error:
                    log.warning("restrictions: %s", error.detail)
                await asyncio.sleep(SPACING_SECONDS)
        finally:
            stop_listening()

    async def _say(self) -> None:
        """Tell whom this process refuses from now on, so that an off-boarding can be proven."""
        refused = self._known.consumers()
        if self._node is not None and refused - self._said:
            await enforce(self._db, self._node, refused - self._said, clock.now())
        self._said = refused

    def _apply(self, event: Recorded) -> None:
        self._changes += 1
        self._take(self._known.after(read_change(event), clock.now()))

    def _take(self, known: Restrictions) -> None:
        changed, self._known = known != self._known, known
        for listener in tuple(self._listeners) if changed else ():
            listener()


def read_change(event: Recorded) -> AccessChange:
    """What an `access.changed` says."""
    return msgspec.json.decode(event.data_json, type=AccessChange)
