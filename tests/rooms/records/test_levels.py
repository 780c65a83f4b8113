from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from decimal import Decimal

import asyncpg
import msgspec
from tests.rooms.journal.actors import until
from tests.rooms.records.shelves import SKU, SPOT, known, make, promise, read

from tillway import clock
from tillway.errors import TillwayError
from tillway.postgres import Database
from tillway.records import Levels

SKUS = tuple(f"{SKU}-{number}" for number in range(40))


@asynccontextmanager
async def held_up(db: Database, dsn: str) -> AsyncIterator[None]:
    """Readings of stock that begin meanwhile wait until the end."""
    lock = await asyncpg.connect(dsn)
    try:
        await lock.execute("BEGIN; LOCK TABLE records.stock_levels IN ACCESS EXCLUSIVE MODE")
        yield
        await lock.execute("COMMIT")
    finally:
        await lock.close()


async def waiting(db: Database) -> int:
    found: int = await db.fetchval(
        "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
    )
    return found


async def test_who_asks_together_is_told_what_each_would_be_told_alone(db: Database) -> None:
    await read(db, [(sku, str(number)) for number, sku in enumerate(SKUS)])
    assert await make(db, promise("2", sku=SKUS[9]))
    levels, now = Levels(db), clock.now()
    never_read = msgspec.structs.replace(SPOT, place="odoo/2")
    asked = (*SKUS, "NOWHERE", SKUS[9])
    found = await asyncio.gather(*(levels.known(SPOT, sku, at=now) for sku in asked))
    assert found == [await known(db, sku, at=now) for sku in asked]
    assert found[9] is not None
    assert (found[9].quantity, found[9].promised) == (Decimal(9), Decimal(2))
    assert await levels.known(never_read, SKU, at=now) is None


async def test_while_a_reading_is_under_way_all_who_come_wait_for_one(db: Database, dsn: str) -> None:
    await read(db, [(sku, "3") for sku in SKUS])
    levels = Levels(db)
    async with held_up(db, dsn):
        first = asyncio.create_task(levels.known(SPOT, SKUS[0], at=clock.now()))
        await until(lambda: at_least(db, 1))
        rest = [asyncio.create_task(levels.known(SPOT, sku, at=clock.now())) for sku in SKUS]
        await until(lambda: at_least(db, 2))
        assert await waiting(db) == 2
        rest[0].cancel()
        late = asyncio.create_task(levels.known(SPOT, SKUS[1], at=clock.now()))
        making = asyncio.create_task(make(db, promise("1", sku=SKUS[1])))
        await until(lambda: at_least(db, 3))
    assert await making
    told = await asyncio.gather(first, *rest[1:], late)
    assert [each.quantity for each in told if each is not None] == [Decimal(3)] * (len(SKUS) + 1)
    after = await levels.known(SPOT, SKUS[1], at=clock.now())
    assert after is not None
    assert after.promised == 1


async def test_of_two_landscapes_each_is_told_by_its_own_shops(db: Database) -> None:
    await read(db, [(SKU, "3")])
    await db.fetch(
        "INSERT INTO records.stock_claims (source, sku, shop, kind, quantity)"
        " VALUES (gen_random_uuid(), $1, 'airport', 'sale', 1)",
        SKU,
    )
    levels, both = Levels(db), msgspec.structs.replace(SPOT, shops=("harbour", "airport"))
    found = await asyncio.gather(*(levels.known(spot, SKU, at=clock.now()) for spot in (SPOT, both, SPOT)))
    assert [each.unseen for each in found if each is not None] == [0, 1, 0]


async def test_a_reading_that_fails_is_told_to_all_and_the_next_is_another(db: Database) -> None:
    await read(db, [(SKU, "3")])
    levels = Levels(db)
    await db.fetch("ALTER TABLE records.stock_levels RENAME TO away")
    for answer in await asyncio.gather(
        *(levels.known(SPOT, sku, at=clock.now()) for sku in (SKU, *SKUS)), return_exceptions=True
    ):
        assert isinstance(answer, TillwayError | asyncpg.PostgresError)
    await db.fetch("ALTER TABLE records.away RENAME TO stock_levels")
    found = await levels.known(SPOT, SKU, at=clock.now())
    assert found is not None
    assert found.quantity == 3


async def at_least(db: Database, count: int) -> bool:
    return await waiting(db) >= count
