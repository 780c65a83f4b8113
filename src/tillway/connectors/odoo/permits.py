"""How many calls one Odoo gets at once from this process, and who goes first when it is short of room."""

from __future__ import annotations

import asyncio
import heapq
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import count

from tillway.errors import TryAgain
from tillway.retail import Criticality


class Permits:
    """A fixed number of permits, given in order of criticality and then of asking."""

    def __init__(self, number: int) -> None:
        if number < 1:
            raise ValueError("at least one call must be possible")
        self._number = number
        self._free = number
        self._order = count()
        self._waiting: list[tuple[Criticality, int, asyncio.Future[None]]] = []

    @asynccontextmanager
    async def hold(self, criticality: Criticality, seconds: float) -> AsyncIterator[None]:
        """Hold one permit inside the block. TryAgain when none came free within `seconds`."""
        await self._take(criticality, seconds)
        try:
            yield
        finally:
            self._give()

    def resize(self, number: int) -> None:
        """Another number from now on. Fewer: calls under way go on, and none begins until there is room again."""
        self._free += number - self._number
        self._number = number
        while self._free > 0 and self._waiting:
            self._free -= 1
            self._give()

    async def _take(self, criticality: Criticality, seconds: float) -> None:
        if self._free > 0:
            self._free -= 1
            return
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._waiting, (criticality, next(self._order), turn))
        try:
            async with asyncio.timeout(seconds):
                await turn
        except BaseException as error:
            # The permit may have been handed over in the very moment the wait was given up: pass it on.
            if turn.done() and not turn.cancelled():
                self._give()
            if isinstance(error, TimeoutError):
                raise TryAgain("Odoo is busy with other calls of ours until the deadline") from None
            raise

    def _give(self) -> None:
        while self._waiting and self._free >= 0:
            _, _, turn = heapq.heappop(self._waiting)
            if not turn.done():
                turn.set_result(None)
                return
        self._free += 1
