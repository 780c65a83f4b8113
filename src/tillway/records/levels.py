"""What counts of stock, read together for all who ask at the same time.

Nothing is remembered: each answer is read after it was asked for, so what anybody has promised, sold or ordered until
then counts in it, on whatever node. While a reading is under way, those who come meanwhile wait for the next one, which
is one statement for all of them: the more ask at once, the less each of them costs.
"""

from __future__ import annotations

import asyncio
from contextvars import Context
from datetime import datetime
from typing import Final

from tillway.postgres import Database
from tillway.records import stock
from tillway.records.stock import Known, Spot

# Readings under way at once: one is answered while the next is on its way.
UNDER_WAY: Final = 2

# SKUs of one reading: some milliseconds of Postgres.
AT_ONCE: Final = 256

_Key = tuple[str, tuple[str, ...], str]


class _Wanted:
    """One SKU at one place, and who waits for it."""

    def __init__(self, spot: Spot, at: datetime) -> None:
        self.spot = spot
        self.at = at
        self.known: asyncio.Future[Known | None] = asyncio.get_running_loop().create_future()


class Levels:
    """Of one process. For one event loop."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._wanted: dict[_Key, _Wanted] = {}
        self._reading: set[asyncio.Task[None]] = set()

    async def known(self, spot: Spot, sku: str, *, at: datetime) -> Known | None:
        """What counts of a SKU at a shop's place; None until that was read once. Errors as `Database.fetch`."""
        key = (spot.place, spot.shops, sku)
        wanted = self._wanted.get(key)
        if wanted is None:
            wanted = self._wanted[key] = _Wanted(spot, at)
            if len(self._reading) < UNDER_WAY:
                # Not in the asker's context: it is for others as well.
                task = asyncio.get_running_loop().create_task(self._read_all(), context=Context())
                self._reading.add(task)
                task.add_done_callback(self._reading.discard)
        wanted.at = max(wanted.at, at)
        # Who gives up waiting takes the answer from nobody else.
        return await asyncio.shield(wanted.known)

    async def _read_all(self) -> None:
        while self._wanted:
            await self._read(self._taken())

    def _taken(self) -> dict[tuple[str, str], _Wanted]:
        """What is read next, by place and SKU. Of two landscapes that let different shops sell from a place, the later
        one waits its turn.
        """
        shops: dict[str, tuple[str, ...]] = {}
        taken: dict[tuple[str, str], _Wanted] = {}
        for place, sold, sku in list(self._wanted):
            if len(taken) < AT_ONCE and shops.setdefault(place, sold) == sold:
                taken[place, sku] = self._wanted.pop((place, sold, sku))
        return taken

    async def _read(self, taken: dict[tuple[str, str], _Wanted]) -> None:
        spots = {wanted.spot.place: wanted.spot for wanted in taken.values()}
        at = max(wanted.at for wanted in taken.values())
        try:
            found = await stock.held_pairs(self._db, tuple(spots.values()), tuple(taken), at=at)
        except Exception as error:  # noqa: BLE001 - told to everybody who waits for it
            for wanted in taken.values():
                wanted.known.set_exception(error)
                wanted.known.exception()  # it is no fault of ours when nobody waits any more
            return
        for key, wanted in taken.items():
            wanted.known.set_result(found.get(key))
