"""Price changes that happen by the clock: told when they take effect, once, also when the hub was down then.

Nothing of the outside is asked, so this goes on while it is away. Told is up to a moment; what turns after it is told
page by page, each page in one transaction with how far the telling has come.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime
from typing import Final

import msgspec

from tillway import clock, journal
from tillway.errors import LeaseLost
from tillway.postgres import Database, Part
from tillway.records import products as known
from tillway.records.by_the_clock import concerned, decide_by_the_clock, next_turn, turning
from tillway.records.refreshing.source import cause
from tillway.records.statements import SQL
from tillway.retail import PriceList, Product

PRICE_CLOCK: Final = "price-clock"

# Products told in one transaction: each is priced twice on every list and quantity break, perhaps two milliseconds.
TOLD: Final = 25

# Lists change while nobody looks at this clock, so it is looked at this often (seconds): a comparison in memory.
LOOK_SECONDS: Final = 1.0

# While it is not known when a rule begins or ends next, it is asked for at once.
_AT_ONCE: Final = 0.0


class _State(msgspec.Struct, frozen=True):
    told_until: datetime
    telling_to: datetime | None
    telling_after: str


class PriceClock:
    """The clock of one connection's price lists."""

    domain: Final = PRICE_CLOCK

    def __init__(self, db: Database, connection: str) -> None:
        self._db = db
        self._connection = connection
        self._lock = asyncio.Lock()
        self._due: datetime | None = None
        self._known = False

    def seconds(self) -> float:
        """Until it is worth a look again."""
        if not self._known:
            return _AT_ONCE
        left = LOOK_SECONDS if self._due is None else (self._due - clock.now()).total_seconds()
        return min(LOOK_SECONDS, max(_AT_ONCE, left))

    async def once(self) -> None:
        """Tell what took effect until now. Costs nothing while nothing did."""
        if self._known and (self._due is None or clock.now() < self._due):
            return
        async with self._lock:
            await self.tell(clock.now(), mark=False)

    def holding(self) -> asyncio.Lock:
        """Whoever changes lists holds this from telling until they are changed: else a moment is told by the wrong
        rules, or by none.
        """
        return self._lock

    async def tell(self, at: datetime, *, mark: bool) -> None:
        """Tell all that took effect until `at`, by the lists as they are kept. With `mark` this moment counts as told
        also when nothing took effect. Hold the lock.
        """
        lists = await known.price_lists_of(self._db, self._connection)
        state = await self._state()
        if state is None:
            async with self._db.transaction() as tx:  # what was in force before the first look is no change
                tx.stage(Part("records_price_clock", SQL["start_price_clock"], (self._connection, at)))
            state = _State(at, None, "")
        while state.telling_to is not None or (at > state.told_until and turning(lists, state.told_until, at)):
            state = await self._told(state, lists, state.telling_to or at)
        if mark and at > state.told_until:
            state = await self._move(_State(at, None, ""))
        self._due, self._known = next_turn(lists, state.told_until), True

    def forget(self) -> None:
        """Lists changed: look anew at when the next rule begins or ends."""
        self._known = False

    async def _told(self, state: _State, lists: Sequence[PriceList], to: datetime) -> _State:
        """One telling, from where it stands to its end."""
        rules = turning(lists, state.told_until, to)
        after = state.telling_after
        while page := await known.page_of(self._db, self._connection, after=after):
            skus = [product.sku for product in page if concerned(product, lists, rules)]
            for start in range(0, len(skus), TOLD):
                some = skus[start : start + TOLD]
                state = await self._tell_some(state, _State(state.told_until, to, some[-1]), some, lists)
            after = page[-1].sku
        return await self._move(_State(to, None, ""))

    async def _tell_some(
        self, state: _State, reached: _State, skus: Sequence[str], lists: Sequence[PriceList]
    ) -> _State:
        """Tell of these products as they are now: their rows are locked, so no change of one is overtaken."""
        async with self._db.transaction() as tx:
            row = await tx.fetchrow(SQL["lock_price_clock"], self._connection)
            if _State(*row) != state:
                raise LeaseLost(f"another node tells the prices of {self._connection} that change by the clock")
            rows = await tx.fetch(SQL["lock_products_of"], list(skus), self._connection)
            products = [msgspec.json.decode(each["document"], type=Product) for each in rows]
            to = reached.telling_to or state.told_until
            events = decide_by_the_clock(products, lists, since=state.told_until, at=to, cause=cause())
            if events:
                tx.stage(journal.appending(events))
            tx.stage(_moving(self._connection, reached))
        return reached

    async def _state(self) -> _State | None:
        row = await self._db.fetchrow(SQL["price_clock"], self._connection)
        return None if row is None else _State(*row)

    async def _move(self, reached: _State) -> _State:
        async with self._db.transaction() as tx:
            tx.stage(_moving(self._connection, reached))
        return reached


def _moving(connection: str, reached: _State) -> Part:
    args = (connection, reached.told_until, reached.telling_to, reached.telling_after)
    return Part("records_price_clock_moved", SQL["move_price_clock"], args)
