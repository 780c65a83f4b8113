"""Sweeps: everything read anew now and then, for what leaves no change mark behind.

A sweep goes in steps between the readings of what changed, in the same task: what is read late is then never older
than what was stored. A step goes on until somebody waits for a reading, or the next one is due. It is kept how far it
has come, so a hub that starts anew goes on there. What is read again without being changed is stored and told by
nobody, for contents are compared.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Final

import msgspec

from tillway import clock
from tillway.postgres import Database, Part
from tillway.records.statements import SQL

# Pages of a sweep that are read at least between two readings of what changed, however many nudges come: a second of
# one of the ERP's workers.
PAGES_A_STEP: Final = 8


class Sweeping(msgspec.Struct, frozen=True):
    """How a sweep stands."""

    cursor: str | None = None
    begun_at: datetime | None = None
    ended_at: datetime | None = None
    fingerprint: str | None = None

    @property
    def under_way(self) -> bool:
        """Whether one has begun and not ended."""
        return self.begun_at is not None


class Sweep:
    """The sweep of one domain of one connection."""

    def __init__(self, db: Database, connection: str, domain: str, every_seconds: float = 0.0) -> None:
        self._db = db
        self._key = (connection, domain)
        self._every = timedelta(seconds=every_seconds)

    async def due(self, fingerprint: Callable[[], Awaitable[str]] | None = None) -> Sweeping | None:
        """The sweep that is under way, or one that begins now; None when everything was read not long ago.

        `fingerprint` asks for one of what marks no change at its records, where a sweep may begin: when it is another
        than when the last one began, that one may have missed something. The first time nothing is due: everything was
        just read.
        """
        row = await self._db.fetchrow(SQL["sweep"], *self._key)
        state = Sweeping() if row is None else Sweeping(*row)
        if state.under_way:
            return state
        found, now = None if fingerprint is None else await fingerprint(), clock.now()
        if row is None:
            await self.save(Sweeping(ended_at=now, fingerprint=found))
            return None
        aged = state.ended_at is None or now - state.ended_at >= self._every
        if not aged and state.fingerprint == found:
            return None
        return Sweeping(None, now, state.ended_at, found)

    async def asked(self) -> Sweeping | None:
        """The one that is under way; None where nobody asked for one."""
        row = await self._db.fetchrow(SQL["sweep"], *self._key)
        state = None if row is None else Sweeping(*row)
        return state if state is not None and state.under_way else None

    async def ended(self, state: Sweeping) -> None:
        """Note that everything was read."""
        await self.save(advanced(state, None, more=False, now=clock.now()))

    def saving(self, state: Sweeping) -> Part:
        """The part that notes how far it has come: in the transaction of what was read."""
        args = (*self._key, state.cursor, state.begun_at, state.ended_at, state.fingerprint)
        return Part("records_sweep", SQL["save_sweep"], args)

    async def save(self, state: Sweeping) -> None:
        """Note how far it has come when nothing came of it."""
        async with self._db.transaction() as tx:
            tx.stage(self.saving(state))


def advanced(state: Sweeping, cursor: str | None, *, more: bool, now: datetime) -> Sweeping:
    """How it stands after a page. Pure."""
    if more:
        return msgspec.structs.replace(state, cursor=cursor)
    return Sweeping(ended_at=now, fingerprint=state.fingerprint)


class Again:
    """Everything of a domain read once more where somebody asked for it: a step of pages after each reading."""

    def __init__(self, db: Database, connection: str, domain: str) -> None:
        self._sweep = Sweep(db, connection, domain)
        self.under_way = False

    async def step(self, keep: Callable[[str | None], Awaitable[tuple[str | None, bool]]]) -> None:
        """Some pages, if it was asked for. `keep` reads and stores the page after a cursor, and says how far that one
        reaches and whether there are more.
        """
        self.under_way, pages = False, 0
        state = await self._sweep.asked()
        while state is not None and state.under_way and pages < PAGES_A_STEP:
            cursor, more = await keep(state.cursor)
            state, pages = advanced(state, cursor, more=more, now=clock.now()), pages + 1
            await self._sweep.save(state)
        self.under_way = state is not None and state.under_way
