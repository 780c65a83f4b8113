from __future__ import annotations

import asyncio
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from tests.pure.retail.samples import price_list, product, rule
from tests.rooms.journal.actors import until
from tests.rooms.journal.world import sequenced
from tests.rooms.records.source import Erp

from tillway import ids
from tillway.errors import Unavailable
from tillway.journal import read
from tillway.postgres import Database
from tillway.records import Refresher, freshness, keep_lease, missing_loads, products
from tillway.records.refreshing import products as reading_products
from tillway.records.refreshing.products import DECIDED, PAGE
from tillway.records.refreshing.progress import Progress, progress, save

TENTH_OFF = price_list(rule(1, kind="percentage", percent="10", fixed=None), number="7")


def shirt(number: int = 0, price: str = "20.00", sku: str | None = None) -> Any:
    return product(sku or f"SKU-{number:04}", price, variant=str(number), template=str(number))


def shirts(count: int) -> list[Any]:
    return [shirt(number) for number in range(count)]


async def news(db: Database, since: int = 0) -> list[tuple[str, str, Any]]:
    """What the journal tells after a position: type, SKU, and the lists or the change."""
    await sequenced(db)
    found, after = [], since
    while page := (await read(db, after)).events:
        found += page
        after = page[-1].position
    return [(each.type, each.subject, each.data.get("lists") or each.data.get("change")) for each in found]


async def loaded(db: Database, erp: Erp) -> Refresher:
    """A refresher whose first load is done, and which told nothing."""
    refresher = Refresher(db, erp.source())
    await refresher.once()
    assert await news(db) == []
    return refresher


async def test_a_first_load_takes_everything_and_tells_nothing(db: Database) -> None:
    erp = Erp(*shirts(PAGE + DECIDED + 3))
    erp.lists["7"] = TENTH_OFF
    refresher = Refresher(db, erp.source())
    assert missing_loads(("odoo",), await freshness(db)) == (
        "first load of products from odoo is not complete",
        "first load of prices from odoo is not complete",
    )
    await refresher.once()
    assert missing_loads(("odoo",), await freshness(db)) == ()
    assert await news(db) == []
    assert [len(await products.page_of(db, "odoo", after="", limit=500)), await products.price_list(db, "our-7")] == [
        PAGE + DECIDED + 3,
        msgspec.structs.replace(TENTH_OFF, id="our-7"),
    ]


async def test_a_first_load_that_broke_off_goes_on_where_it_was_and_still_tells_nothing(db: Database) -> None:
    erp = Erp(*shirts(2 * PAGE + 1))
    erp.away_after = 1
    with pytest.raises(Unavailable):
        await Refresher(db, erp.source()).once()
    assert missing_loads(("odoo",), await freshness(db))[0] == "first load of products from odoo is not complete"
    erp.away_after = None
    await Refresher(db, erp.source()).once()
    assert (erp.read.count("products"), await news(db)) == (3, [])
    assert await db.fetchval("SELECT count(*) FROM records.products") == 2 * PAGE + 1


async def test_a_change_is_told_once_and_what_comes_again_is_not(db: Database) -> None:
    erp = Erp(*shirts(5))
    refresher = await loaded(db, erp)
    erp.change(shirt(3, "21.00"), shirt(9))
    await refresher.once()
    told = [("price.changed", "SKU-0003", ["list"]), ("product.changed", "SKU-0009", "added")]
    assert await news(db) == told
    for _ in range(3):
        await refresher.once()
    assert await news(db) == told
    assert (await products.find(db, ["SKU-0003"]))["SKU-0003"].list_price == Decimal("21.00")


async def test_reading_without_news_is_noted(db: Database) -> None:
    erp = Erp()
    erp.lists["7"] = TENTH_OFF
    refresher = await loaded(db, erp)
    before = await freshness(db)
    await refresher.once()
    after = await freshness(db)
    assert {domain: after[domain] > before[domain] for domain in before} == {
        ("odoo", "products"): True,
        ("odoo", "prices"): True,
    }


async def test_what_vanished_over_there_is_archived_and_told_once(db: Database) -> None:
    erp = Erp(*shirts(DECIDED + 10))
    refresher = await loaded(db, erp)
    erp.vanish("4", "7")
    await refresher.once()
    await refresher.once()
    assert await news(db) == [("product.changed", "SKU-0004", "archived"), ("product.changed", "SKU-0007", "archived")]
    assert len(await products.page(db, after="", limit=500)) == DECIDED + 8
    erp.gone.clear()
    erp.change(shirt(4))
    await refresher.once()
    assert await news(db, 2) == [("product.changed", "SKU-0004", "changed")]


async def test_what_vanished_of_a_large_range_is_found_by_and_by(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """As many calls in one reading as are allowed, each about a page of what is held; then it begins anew."""
    monkeypatch.setattr(reading_products, "SOUGHT", 2)
    monkeypatch.setattr(reading_products, "SOUGHT_PAGES", 2)
    erp = Erp(*shirts(7))
    reading = reading_products.ProductsReading(db, erp.source(), asyncio.Event())
    await reading.once()
    told = []
    for vanished in ("6", "1"):
        erp.vanish(vanished)
        asked = erp.read.count("coded")
        await reading.once()
        assert erp.read.count("coded") - asked <= 2
        told.append(await news(db))
        await reading.once()
    assert told[0] == [("product.changed", "SKU-0006", "archived")]
    assert sorted(await news(db)) == [("product.changed", "SKU-0001", "archived"), told[0][0]]


async def test_a_changed_code_archives_the_old_one(db: Database) -> None:
    erp = Erp(*shirts(3))
    refresher = await loaded(db, erp)
    erp.change(shirt(1, sku="NEW"))
    await refresher.once()
    assert await news(db) == [("product.changed", "SKU-0001", "archived"), ("product.changed", "NEW", "added")]
    await refresher.once()
    assert len(await news(db)) == 2
    assert [each.sku for each in await products.page(db, after="", limit=9)] == ["NEW", "SKU-0000", "SKU-0002"]


async def test_codes_may_be_exchanged(db: Database) -> None:
    erp = Erp(*shirts(2))
    refresher = await loaded(db, erp)
    erp.change(shirt(0, sku="SKU-0001"), shirt(1, sku="SKU-0000"))
    await refresher.once()
    found = await products.find(db, ["SKU-0000", "SKU-0001"])
    assert {sku: (each.variant, each.active) for sku, each in found.items()} == {
        "SKU-0000": ("1", True),
        "SKU-0001": ("0", True),
    }


async def test_a_changed_list_tells_each_product_once_page_by_page(db: Database) -> None:
    count = 620
    erp = Erp(*shirts(count))
    erp.lists["7"] = TENTH_OFF
    refresher = await loaded(db, erp)
    erp.lists["7"] = price_list(rule(1, kind="percentage", percent="20", fixed=None), number="7")
    await refresher.once()
    told = [("price.changed", f"SKU-{number:04}", ["our-7"]) for number in range(count)]
    assert await news(db) == told
    await refresher.once()
    assert await news(db) == told
    assert erp.read.count("price_list 7") == 2


@pytest.mark.parametrize("new_list", [False, True])
async def test_an_announcement_that_broke_off_is_made_again(db: Database, new_list: bool) -> None:
    """The list is stored before it is announced; whoever comes next knows that the announcement is not complete."""
    count = 620
    erp = Erp(*shirts(count))
    if not new_list:
        erp.lists["7"] = TENTH_OFF
    await loaded(db, erp)
    erp.lists["7"] = price_list(rule(1, fixed="5"), number="7")
    await db.fetchval("""
        CREATE FUNCTION break_off() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN IF new.subject = 'SKU-0450' THEN RAISE deadlock_detected; END IF; RETURN new; END $$""")
    await db.fetchval(
        "CREATE TRIGGER break_off BEFORE INSERT ON journal.staged FOR EACH ROW EXECUTE FUNCTION break_off()"
    )
    with pytest.raises(Exception, match="another transaction was in the way"):
        await Refresher(db, erp.source()).once()
    told = await news(db)
    assert 0 < len(told) < count
    stored = await products.price_list(db, "our-7")
    assert stored is not None
    assert stored.rules == erp.lists["7"].rules
    await db.fetchval("DROP TRIGGER break_off ON journal.staged")
    await Refresher(db, erp.source()).once()
    everybody = {f"SKU-{number:04}" for number in range(count)}
    assert {sku for _, sku, _ in (await news(db))[len(told) :]} == everybody
    await Refresher(db, erp.source()).once()
    assert len(await news(db)) == len(told) + count


async def test_a_list_added_later_tells_every_product(db: Database) -> None:
    erp = Erp(*shirts(3))
    await loaded(db, erp)
    erp.lists["7"] = TENTH_OFF
    await Refresher(db, erp.source()).once()
    assert await news(db) == [("price.changed", f"SKU-{number:04}", ["our-7"]) for number in range(3)]


async def test_lists_go_by_our_names_also_where_rules_start_from_them(db: Database) -> None:
    erp = Erp(*shirts(1))
    erp.lists["7"] = TENTH_OFF
    halved = rule(1, kind="percentage", percent="50", fixed=None, base="other-list", base_list="7")
    erp.lists["8"] = price_list(halved, number="8")
    refresher = await loaded(db, erp)
    stored = await products.price_list(db, "our-8")
    assert stored is not None
    assert stored.rules[0].base_list == "our-7"
    erp.lists["7"] = price_list(rule(1, fixed="10"), number="7")
    await refresher.once()
    assert await news(db) == [("price.changed", "SKU-0000", ["our-7", "our-8"])]


async def test_a_list_that_is_not_there_does_not_stop_the_others(db: Database) -> None:
    erp = Erp(*shirts(1))
    erp.lists["8"] = TENTH_OFF
    await Refresher(db, erp.source(lists={"our-7": "7", "our-8": "8"})).once()
    assert (await products.price_list(db, "our-7"), await products.price_list(db, "our-8") is None) == (None, False)


async def test_a_nudge_makes_it_read_at_once_and_a_fault_does_not_end_it(db: Database) -> None:
    erp = Erp(*shirts(1))
    erp.away_after = 0
    refresher = Refresher(db, erp.source())
    task = asyncio.create_task(refresher.run())
    refresher.nudge()
    erp.away_after = None
    refresher.nudge()
    await until(lambda: ready(db))
    erp.change(shirt(0, "21.00"))
    refresher.nudge()

    async def told() -> bool:
        return len(await news(db)) == 1

    await until(told)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_one_node_refreshes_a_connection_and_another_takes_over(db: Database) -> None:
    first, second = ids.named("first"), ids.named("second")
    assert [await keep_lease(db, "odoo", node) for node in (first, second, first)] == [True, False, True]
    assert await keep_lease(db, "other", second)
    await db.fetchval("UPDATE records.refreshers SET expires_at = now() - interval '1 second'")
    assert [await keep_lease(db, "odoo", node) for node in (second, first)] == [True, False]


async def ready(db: Database) -> bool:
    return missing_loads(("odoo",), await freshness(db)) == ()


async def test_how_far_the_stock_of_another_company_was_read_is_kept_too(db: Database) -> None:
    await save(db, "odoo", "stock/3", Progress("7", None, loaded=True))
    assert await progress(db, "odoo", "stock/3") == Progress("7", None, loaded=True)
    assert await progress(db, "odoo", "stock") == Progress()
