"""What leaves no mark is found by sweeps: at their time, or at once when a fingerprint shows that something changed."""

from __future__ import annotations

import asyncio
from decimal import Decimal

import pytest
from tests.pure.retail.samples import price_list, rule
from tests.rooms.records.source import Erp
from tests.rooms.records.test_refresh import TENTH_OFF, loaded, news, shirt, shirts

from tillway.errors import Unavailable
from tillway.postgres import Database
from tillway.records import Refresher, reading_all, synced
from tillway.records.refreshing.products import PAGE, ProductsReading
from tillway.records.refreshing.progress import Progress, save
from tillway.records.refreshing.source import StockPlace
from tillway.records.refreshing.sweeping import PAGES_A_STEP
from tillway.records.stock import quantity
from tillway.retail import Page, StockLevel

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


class Quiet(Erp):
    """Whose price lists change without a mark."""

    async def versions(self, call):
        del call
        return "always the same"


async def test_price_lists_that_nobody_sees_change_are_read_where_that_is_asked_for(db):
    erp = Quiet(*shirts(2))
    erp.lists["7"] = TENTH_OFF
    await loaded(db, erp)
    erp.lists["7"] = price_list(rule(1, kind="percentage", percent="20", fixed=None), number="7")
    refresher = Refresher(db, erp.source())
    await refresher.once()
    assert await news(db) == []
    async with db.transaction() as tx:
        reading_all(tx, "odoo", "prices")
    await refresher.once()
    assert sorted(subject for kind, subject, _ in await news(db) if kind == "price.changed") == ["SKU-0000", "SKU-0001"]
    (found,) = [each for each in await synced(db) if each.domain == "prices"]
    assert (found.begun_at, found.ended_at is not None) == (None, True)


class Warehouses:
    """Stock of two companies: nothing is ever marked as changed."""

    def __init__(self):
        self.held = {"1": 5, "2": 7}
        self.swept = []

    async def changed(self, call, *, warehouses, cursor, limit):
        del call, warehouses, cursor, limit
        return Page(items=(), cursor="end", more=False)

    async def sweep(self, call, *, warehouse, cursor, limit):
        del call, cursor, limit
        self.swept.append(warehouse)
        held = Decimal(self.held[warehouse])
        return Page(
            items=(StockLevel(sku="MUG", warehouse=warehouse, quantity=held, reserved=Decimal(0)),),
            cursor=None,
            more=False,
        )

    async def levels(self, call, *, warehouses, skus):
        del call, warehouses, skus
        return ()


async def test_the_stock_of_every_company_is_read_whole_where_that_is_asked_for(db):
    erp, stock = Erp(), Warehouses()
    places = (
        StockPlace(warehouse="1", company="1", shops=("here",)),
        StockPlace(warehouse="2", company="2", shops=("there",)),
    )
    refresher = Refresher(db, erp.source(connection="stocks", stock=stock, places=places))
    await refresher.once()
    await refresher.once()
    assert stock.swept == ["1", "2"]  # their turn has not come again
    stock.held["2"] = 6
    async with db.transaction() as tx:
        reading_all(tx, "stocks", "stock")
    await refresher.once()
    assert stock.swept == ["1", "2", "1", "2"]
    assert await quantity(db, "stocks/2", "MUG") == 6
    found = [each for each in await synced(db) if each.connection == "stocks" and each.domain.startswith("stock")]
    assert [(each.domain, each.begun_at, each.ended_at is None) for each in found] == [
        ("stock", None, False),
        ("stock/2", None, False),
    ]
    await refresher.once()
    assert len(stock.swept) == 4


async def test_what_each_reading_reads_whole_needs_no_sweep(db):
    await save(db, "few", "taxes", Progress(loaded=True))
    async with db.transaction() as tx:
        reading_all(tx, "few", "taxes")
    assert [each.begun_at for each in await synced(db) if each.connection == "few"] == [None]
