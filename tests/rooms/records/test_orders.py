from __future__ import annotations

import tempfile
from pathlib import Path

import asyncpg
import msgspec
import pytest
from tests.pure.processes.test_verdicts import line, order
from tests.rooms.journal.actors import until
from tests.rooms.journal.test_appending import nudged
from tests.rooms.journal.world import sequenced
from tests.rooms.postgres.relay import relayed

from tillway import ids
from tillway.errors import NotFound
from tillway.journal import read
from tillway.postgres import Database
from tillway.records import Cause, links, orders

ORDER = order(line(1, "A", "2"), line(2, "B", "1.5"))
CAUSE = Cause(correlation="correlation-1", traceparent="00-1-2-01")


async def test_an_order_is_taken_in_with_its_event_in_one_round_trip(db: Database) -> None:
    with tempfile.TemporaryDirectory(prefix="relay-") as directory:
        async with relayed(db.dsn, Path(directory)) as (dsn, relay), Database(dsn, "far") as far:
            for number in range(2):
                await until(lambda: nudged(far))
                relay.rounds = 0
                async with far.transaction() as tx:
                    orders.accept(tx, msgspec.structs.replace(ORDER, id=str(ids.named(str(number)))), CAUSE)
                rounds = relay.rounds
    assert rounds == 1
    assert await db.fetchval("SELECT count(*) FROM records.orders") == 2
    await sequenced(db)
    assert [event.type for event in (await read(db, 0)).events] == ["order.placed"] * 2


async def test_an_order_comes_out_as_it_went_in(db: Database) -> None:
    async with db.transaction() as tx:
        orders.accept(tx, ORDER, CAUSE)
    assert await orders.get(db, ORDER.id) == orders.Kept("webshop", ORDER)


async def test_whom_an_order_is_for_is_told_apart(db: Database) -> None:
    async with db.transaction() as tx:
        orders.accept(tx, msgspec.structs.replace(ORDER, customer="ada"), CAUSE)
    await sequenced(db)
    (event,) = (await read(db, 0)).events
    assert ("customer" in event.data, event.whole["customer"], event.dataclass) == (False, "ada", "personal")
    assert (event.subject, event.correlation, event.traceparent) == (ORDER.id, "correlation-1", "00-1-2-01")
    assert {"id", "status"}.isdisjoint(event.data)


async def test_an_order_is_taken_in_once(db: Database) -> None:
    async with db.transaction() as tx:
        orders.accept(tx, ORDER, CAUSE)
    with pytest.raises(asyncpg.UniqueViolationError):
        async with db.transaction() as tx:
            orders.accept(tx, ORDER, CAUSE)
    await sequenced(db)
    assert len((await read(db, 0)).events) == 1


async def test_how_far_an_order_got_is_noted(db: Database) -> None:
    async with db.transaction() as tx:
        orders.accept(tx, ORDER, CAUSE)
    async with db.transaction() as tx:
        tx.stage(orders.settle(ORDER.id, "accepted"))
        tx.stage(links.linking("order", ORDER.id, "odoo", "7", "S00007"))
    assert (await orders.get(db, ORDER.id)).order.status == "accepted"
    assert await links.find(db, "order", ORDER.id, "odoo") == links.Link("7", "S00007")
    assert await links.find(db, "order", ORDER.id, "elsewhere") is None
    assert await links.named(db, "S00007") == (("order", ORDER.id),)


@pytest.mark.parametrize("order_id", ["", "not-a-uuid", ORDER.id])
async def test_an_order_that_is_not_there_is_not_found(db: Database, order_id: str) -> None:
    with pytest.raises(NotFound):
        await orders.get(db, order_id)
