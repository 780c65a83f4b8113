"""Promises of stock: never more than is held, however they come and end."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from decimal import Decimal

import pytest
from tests.pure.processes.test_verdicts import line, order
from tests.rooms.journal.world import sequenced
from tests.rooms.records.shelves import CAUSE, LONG, SKU, SPOT, known, left, make, promise, read

from tillway import clock, ids, journal
from tillway.errors import Conflict, Invalid
from tillway.postgres import Database
from tillway.records import claims, orders, promises, stock
from tillway.records.stock import Spot

BUYERS, UNITS, DOORS = 2_000, 100, 4
HARBOUR = ("harbour", "web")


async def told(db: Database) -> list[str]:
    await sequenced(db)
    return [event.type for event in (await journal.read(db, 0)).events]


async def placed(db: Database, quantity: str, named: tuple[str, ...] = ()) -> str:
    """An order of the web's at the harbour; its id."""
    order_id, wanted = str(ids.new()), {SKU: Decimal(quantity)}
    async with db.transaction() as tx:
        took = await promises.convert(tx, named, (order_id, "web", SPOT.shop), wanted, CAUSE, at=clock.now())
        for part in claims.claiming("order", claims.claims_of(order_id, SPOT.shop, wanted.items(), took)):
            tx.stage(part)
    return order_id


async def committed(db: Database, order_id: str) -> None:
    async with db.transaction() as tx:
        tx.stage(claims.committed(order_id))
        tx.stage(promises.committed(order_id))


async def test_what_is_promised_is_not_promised_again(db: Database) -> None:
    await read(db, [(SKU, "3")])
    assert [await make(db, promise("2")), await make(db, promise("2")), await make(db, promise("1"))] == [
        True,
        False,
        True,
    ]
    assert await left(db) == 0
    assert await told(db) == ["stock.changed", "stock.promised", "stock.promised"]


async def test_nothing_is_promised_of_what_was_never_read(db: Database) -> None:
    assert not await make(db, promise())


async def test_what_a_shop_keeps_is_not_promised(db: Database) -> None:
    await read(db, [(SKU, "5")])
    careful = Spot(shop="harbour", place=SPOT.place, shops=SPOT.shops, offline=Decimal(1), safety=Decimal(3))
    assert not await make(db, promise("2"), spot=careful)
    assert await make(db, promise("1"), spot=careful)
    assert await left(db, spot=careful) == 0
    assert await left(db) == 4


async def test_a_promise_that_expired_counts_no_more_before_it_is_swept(db: Database) -> None:
    await read(db, [(SKU, "1")])
    old = promise(at=clock.now() - 2 * LONG)
    assert await make(db, old)
    assert await left(db) == 1
    # It still stands in the row that is locked, so whoever is refused sweeps first.
    assert not await make(db, promise())
    assert await promises.sweep_here(db, SPOT.place, SKU, at=clock.now()) == 1
    assert await make(db, promise())
    assert (await promises.get(db, old.id, at=clock.now())).promise.state == "expired"


async def test_each_promise_is_swept_and_told_once_by_however_many(db: Database) -> None:
    await read(db, [(SKU, "9")])
    for _ in range(5):
        assert await make(db, promise(at=clock.now() - 2 * LONG))
    swept = await asyncio.gather(*(promises.sweep(db, at=clock.now()) for _ in range(4)))
    assert sum(swept) == 5
    assert (await told(db)).count("stock.promise-ended") == 5
    assert (await known(db)).promised == 0


async def test_a_promise_is_given_back_once(db: Database) -> None:
    await read(db, [(SKU, "1")])
    made = promise()
    assert await make(db, made)

    async def back() -> bool:
        async with db.transaction() as tx:
            return await promises.release(tx, made.id, CAUSE, at=clock.now())

    assert sorted(await asyncio.gather(back(), back(), back())) == [False, False, True]
    assert await left(db) == 1


async def test_an_order_takes_a_promise_and_it_counts_until_a_reading_that_began_after_the_commit(db: Database) -> None:
    await read(db, [(SKU, "3")])
    made = promise("2")
    assert await make(db, made)
    order_id = await placed(db, "3", (made.id,))
    assert await left(db) == 0  # two promised, one more ordered
    before = await stock.read_clock(db)
    await committed(db, order_id)
    await read(db, [(SKU, "3")], began=before)
    assert await left(db) == 0  # what it read may be from before the order was reserved there
    await read(db, [(SKU, "0")])
    assert ((await known(db)).promised, (await known(db)).unseen, await left(db)) == (0, 0, 0)
    await read(db, [(SKU, "4")])
    assert await left(db) == 4


async def test_a_reading_that_began_earlier_does_not_undo_a_later_one(db: Database) -> None:
    early = await stock.read_clock(db)
    await read(db, [(SKU, "1")])
    await read(db, [(SKU, "9")], began=early)
    assert await left(db) == 1


async def test_a_promise_is_taken_once_and_by_whom_it_was_made_to(db: Database) -> None:
    await read(db, [(SKU, "3")])
    made = promise("2")
    assert await make(db, made)
    with pytest.raises(Invalid, match="contract"):
        await placed(db, "1", (made.id,))
    await placed(db, "2", (made.id,))
    with pytest.raises(Conflict, match="another order took it"):
        await placed(db, "2", (made.id,))


async def test_what_a_called_off_order_took_is_there_again(db: Database) -> None:
    await read(db, [(SKU, "3")])
    made = promise("2")
    assert await make(db, made)
    order_id = await placed(db, "3", (made.id,))
    async with db.transaction() as tx:
        for part in (claims.dropped(order_id), *promises.dropped(order_id)):
            tx.stage(part)
    assert await left(db) == 3
    await read(db, [(SKU, "3")])
    assert await left(db) == 3


async def test_an_order_counts_from_when_it_is_taken_in(db: Database) -> None:
    await read(db, [("A", "5")])
    async with db.transaction() as tx:
        orders.accept(tx, order(line(1, "A", "2"), line(2, "A", "1"), line(3, "B", "1")), CAUSE)
    shop = order(line(1, "A", "2")).shop
    rows = await db.fetch("SELECT sku, shop, quantity FROM records.stock_claims ORDER BY sku")
    assert [tuple(row) for row in rows] == [("A", shop, Decimal(3)), ("B", shop, Decimal(1))]


async def test_two_thousand_buyers_get_a_hundred_units(db: Database) -> None:
    """A flash sale over sixteen connections: exactly as many promises as there are units."""
    await read(db, [(SKU, str(UNITS))])
    doors = [Database(db.dsn, f"door-{number}") for number in range(DOORS)]
    for door in doors:
        await door.open()
    try:

        async def buyer(door: Database, count: int) -> int:
            return sum([await make(door, promise()) for _ in range(count)])

        per_task = BUYERS // (DOORS * 4)
        got = await asyncio.gather(*(buyer(door, per_task) for door in doors for _ in range(4)))
    finally:
        for door in doors:
            await door.close()
    assert sum(got) == UNITS
    assert await left(db) == 0
    assert await db.fetchval("SELECT count(*) FROM records.promises") == UNITS


async def test_promises_orders_and_readings_at_once_end_in_order(db: Database) -> None:
    """Nothing waits for ever, and what counts is what is there, whoever came between."""
    await read(db, [(SKU, "50")])
    # More at once than connections; a whole queue for these would wait longer than a transaction may.
    turns = asyncio.Semaphore(8)

    async def buy(number: int) -> None:
        async with turns:
            await bought(number)

    async def bought(number: int) -> None:
        made = promise(lasts=LONG if number % 3 else timedelta(microseconds=1))
        if not await make(db, made):
            return
        if number % 2 and number % 3:
            await committed(db, await placed(db, "1", (made.id,)))
        elif number % 3:
            async with db.transaction() as tx:
                await promises.release(tx, made.id, CAUSE, at=clock.now())

    async def watch() -> None:
        for _ in range(10):
            await read(db, [(SKU, "50"), ("OTHER", "1")])
            await promises.sweep(db, at=clock.now())

    await asyncio.gather(*(buy(number) for number in range(60)), watch())
    await promises.sweep(db, at=clock.now() + timedelta(seconds=1))
    await read(db, [(SKU, "50")])
    assert (await known(db)).promised == 0
    assert await left(db) == 50
