from __future__ import annotations

import asyncio
import tempfile
from decimal import Decimal
from pathlib import Path

import asyncpg
import msgspec
import pytest
from tests.pure.retail.samples import price_list, product, rule
from tests.rooms.journal.actors import until
from tests.rooms.journal.world import Node, told
from tests.rooms.postgres.relay import relayed
from tests.rooms.records.source import Erp

from tillway.errors import Unavailable
from tillway.journal import Event
from tillway.postgres import Database
from tillway.records import Refresher, Shelf, Stale, cache

SHIRT = product()


async def stocked(db: Database) -> tuple[Erp, Node, Shelf]:
    erp = Erp(SHIRT)
    erp.lists["7"] = price_list(rule(1, fixed="9"), number="7")
    await Refresher(db, erp.source()).once()
    node = Node(db)
    await node.tail.start()
    return erp, node, Shelf(db, node.tail)


async def rewrite(db: Database, price: str) -> None:
    """Change what is stored without telling, to see who looks and who remembers."""
    text = msgspec.json.encode(msgspec.structs.replace(SHIRT, list_price=Decimal(price))).decode()
    await db.fetchval("UPDATE records.products SET document = $1", text)


async def price_of(shelf: Shelf) -> Decimal:
    return (await shelf.products(["SHIRT-S"]))["SHIRT-S"].list_price


async def test_what_was_read_is_remembered_until_an_event_of_its_key(db: Database) -> None:
    _, node, shelf = await stocked(db)
    assert await price_of(shelf) == Decimal("20.00")
    await rewrite(db, "21.00")
    await told(db, changed("OTHER"))
    await node.look()
    assert await price_of(shelf) == Decimal("20.00")
    await told(db, changed("SHIRT-S"))
    await node.look()
    assert await price_of(shelf) == Decimal("21.00")


async def test_a_refresh_reaches_the_shelf(db: Database) -> None:
    erp, node, shelf = await stocked(db)
    first = await shelf.price_list("our-7")
    assert first is not None
    erp.lists["7"] = price_list(rule(1, fixed="8"), number="7")
    await Refresher(db, erp.source()).once()
    assert await shelf.price_list("our-7") is first
    await told(db, changed("UNRELATED"))
    await node.look()
    second = await shelf.price_list("our-7")
    assert second is not None
    assert (first.rules[0].fixed, second.rules[0].fixed) == (Decimal(9), Decimal(8))


async def test_an_event_that_overtakes_a_read_keeps_it_from_being_remembered(db: Database, dsn: str) -> None:
    """The read is held in the middle by a lock, the change is told meanwhile."""
    _, node, shelf = await stocked(db)
    for read in (lambda: shelf.products(["SHIRT-S"]), lambda: shelf.price_list("our-7")):
        lock = await asyncpg.connect(dsn)
        await lock.execute("BEGIN")
        await lock.execute("LOCK TABLE records.products, records.price_lists IN ACCESS EXCLUSIVE MODE")
        reading = asyncio.create_task(read())
        await until(lambda: waiting(db))
        await told(db, changed("SHIRT-S", lists=["our-7"]))
        await node.look()
        await lock.execute("COMMIT")
        await lock.close()
        assert await reading
        assert (shelf._products, shelf._lists) == ({}, {})
    assert await price_of(shelf) == Decimal("20.00")
    assert list(shelf._products) == ["SHIRT-S"]


async def test_what_is_not_known_is_looked_for_each_time(db: Database) -> None:
    _, _, shelf = await stocked(db)
    assert (await shelf.products(["SHIRT-S", "NO-SUCH"])).keys() == {"SHIRT-S"}
    assert await shelf.price_list("our-9") is None


def changed(sku: str, lists: list[str] | None = None) -> Event:
    return Event(type="price.changed", subject=sku, data={"lists": lists or ["list"]}, correlation="c")


async def waiting(db: Database) -> bool:
    return await db.fetchval(
        "SELECT count(*) > 0 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
    )


async def test_with_postgres_away_only_who_allows_it_gets_what_is_remembered(
    db: Database, dsn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Past its tolerance a price is asked for; without an answer an old one is given, with its age, up to its limit."""
    await stocked(db)
    with tempfile.TemporaryDirectory(prefix="relay-") as name:
        async with relayed(dsn, Path(name)) as (far_dsn, relay), Database(far_dsn, "far") as far:
            node = Node(far)
            await node.tail.start()
            shelf = Shelf(far, node.tail)
            before = await price_of(shelf), await shelf.price_list("our-7")
            relay.answers = "drop"
            monkeypatch.setattr(cache, "TOLERANCE", 0.0)
            stale = Stale(60.0)
            found = await shelf.products(["SHIRT-S"], stale)
            after = found["SHIRT-S"].list_price, await shelf.price_list("our-7", stale)
            assert after == before
            assert 0 < stale.age < 60
            for given in (None, Stale(), Stale(1e-9)):
                with pytest.raises(Unavailable):
                    await shelf.products(["SHIRT-S"], given)
                with pytest.raises(Unavailable):
                    await shelf.price_list("our-7", given)
            with pytest.raises(Unavailable):
                await shelf.products(["SHIRT-S", "NEVER-READ"], stale)
