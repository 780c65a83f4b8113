"""What leaves no mark is found by sweeps: at their time, or at once when a fingerprint shows that something changed."""

from __future__ import annotations

import asyncio

import pytest
from tests.rooms.records.source import Erp
from tests.rooms.records.test_refresh import loaded, news, shirt, shirts

from tillway.errors import Unavailable
from tillway.postgres import Database
from tillway.records import Refresher
from tillway.records.refreshing.products import PAGE, ProductsReading
from tillway.records.refreshing.sweeping import PAGES_A_STEP

COUNT = (PAGES_A_STEP + 1) * PAGE


@pytest.fixture
async def db(dsn):
    async with Database(dsn, "sweep test") as opened:
        yield opened


async def swept(db, erp, **given) -> int:
    """Read until no sweep is under way; how many readings that took."""
    reading, times = ProductsReading(db, erp.source(**given), asyncio.Event()), 0
    while times == 0 or reading.seconds() == 0:
        await reading.once()
        times += 1
    return times


async def test_a_surcharge_that_marks_nothing_is_found_at_once_by_its_fingerprint(db):
    erp = Erp(*shirts(5))
    await loaded(db, erp)
    erp.recategorise(shirt(0, "25.00"))
    await swept(db, erp)
    assert await news(db) == []
    erp.related = "2"
    await swept(db, erp)
    assert await news(db) == [("price.changed", "SKU-0000", ["list"])]
    asked = erp.read.count("products")
    await swept(db, erp)
    assert erp.read.count("products") == asked + 1  # of what changed, and no sweep


async def test_what_shows_nowhere_is_found_when_it_is_time(db):
    erp = Erp(*shirts(3))
    await loaded(db, erp)
    erp.recategorise(shirt(0, "25.00"))
    await swept(db, erp, sweep_seconds=0.0)
    assert await news(db) == [("price.changed", "SKU-0000", ["list"])]


async def test_a_sweep_that_nobody_waits_for_goes_on_to_its_end(db):
    erp = Erp(*shirts(COUNT))
    await loaded(db, erp)
    erp.related = "2"
    assert await swept(db, erp) == 1


async def test_a_sweep_goes_on_where_it_was_and_lets_changes_pass(db):
    erp = Erp(*shirts(COUNT))
    await loaded(db, erp)
    erp.related = "2"
    erp.recategorise(shirt(COUNT - 5, "25.00"))
    nudged = asyncio.Event()
    nudged.set()
    reading = ProductsReading(db, erp.source(), nudged)
    await reading.once()
    assert (reading.seconds(), await news(db)) == (0, [])  # the last page is still ahead
    erp.away_after = len(erp.read)
    with pytest.raises(Unavailable):
        await reading.once()
    erp.away_after = None
    erp.change(shirt(1, "21.00"))
    asked = erp.read.count("products")
    await swept(db, erp)  # a hub that starts anew
    assert await news(db) == [
        ("price.changed", "SKU-0001", ["list"]),
        ("price.changed", f"SKU-{COUNT - 5:04}", ["list"]),
    ]
    assert erp.read.count("products") - asked <= 3
    await Refresher(db, erp.source()).once()
    assert len(await news(db)) == 2
