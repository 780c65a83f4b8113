"""Price changes by the clock are told when they take effect, once, whatever happened to the hub meanwhile."""

from __future__ import annotations

from datetime import timedelta

import pytest
from tests.pure.retail.samples import price_list, rule
from tests.rooms.records.source import Erp
from tests.rooms.records.test_refresh import loaded, news, shirt

from tillway import clock
from tillway.errors import Unavailable
from tillway.postgres import Database
from tillway.records.refreshing.price_clock import TOLD, PriceClock

MINUTE = timedelta(minutes=1)


@pytest.fixture
async def db(dsn):
    async with Database(dsn, "clock test") as opened:
        yield opened


async def promoted(db, count=3, **dates):
    """A loaded source with a promotion of the first products, which is ahead."""
    erp = Erp(*(shirt(number) for number in range(count + 2)))
    rules = [rule(n + 1, scope="variant", target=str(n), fixed="15.00", **dates) for n in range(count)]
    erp.lists["7"] = price_list(*rules, number="7")
    return erp, await loaded(db, erp)


async def at(db, moment):
    """A hub that begins to look only now."""
    by_time = PriceClock(db, "odoo")
    async with by_time.holding():
        await by_time.tell(moment, mark=False)


async def test_each_beginning_and_end_is_told_once(db):
    now = clock.now()
    erp, refresher = await promoted(db, starts_at=now + MINUTE, ends_at=now + 2 * MINUTE)
    asked = len(erp.read)
    await at(db, now + MINUTE / 2)
    assert await news(db) == []
    for _ in range(2):
        await at(db, now + 1.5 * MINUTE)
    began = [("price.changed", f"SKU-000{number}", ["our-7"]) for number in range(3)]
    assert await news(db) == began
    for _ in range(2):
        await at(db, now + 10 * MINUTE)  # a hub that was down meanwhile
    assert await news(db) == began * 2
    assert len(erp.read) == asked  # nothing of the outside was asked
    await refresher.once()
    assert await news(db) == began * 2


class Breaking(Database):
    """A database that goes away after so many transactions."""

    left = 0

    def transaction(self, *given, **more):
        if not self.left:
            raise Unavailable("the database is away")
        self.left -= 1
        return super().transaction(*given, **more)


async def test_a_telling_that_broke_off_goes_on_where_it_was(db, dsn):
    now, count = clock.now(), 3 * TOLD
    await promoted(db, count, starts_at=now + MINUTE)
    async with Breaking(dsn, "breaking") as breaking:
        for survived in (1, 1, 2):
            breaking.left = survived
            try:
                await at(breaking, now + 2 * MINUTE)
            except Unavailable:
                continue
    told = await news(db)
    assert (len(told), len({sku for _, sku, _ in told})) == (count, count)
    await at(db, now + 3 * MINUTE)
    assert await news(db) == told


async def test_a_list_changed_by_people_is_not_told_by_the_clock_as_well(db):
    """The rule that is new began before it was made: its price is news of the list, and no news of the clock."""
    now = clock.now()
    erp, refresher = await promoted(db, 1, starts_at=now + MINUTE)
    erp.lists["7"] = price_list(rule(9, fixed="11.00", starts_at=now - MINUTE), number="7")
    await refresher.once()
    told = await news(db)
    assert len(told) == 3  # every product of this list
    await at(db, clock.now())
    await refresher.once()
    assert await news(db) == told
