"""Documents of the back office: a reading that breaks off in the middle of a page goes on without telling twice."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from tests.rooms.journal.world import sequenced

from tillway.journal import read
from tillway.postgres import Database
from tillway.records.keeping_documents import take_orders
from tillway.records.refreshing.documents import DECIDED, ORDERS, DocumentsReading
from tillway.records.refreshing.source import Source
from tillway.records.seen import Given
from tillway.records.tracing import Cause
from tillway.retail import Call, OrderLine, OrderThere, Page

NOW = datetime(2126, 11, 23, 12, tzinfo=UTC)
LINE = OrderLine(
    number=1,
    sku="SHIRT-S",
    quantity=Decimal(1),
    unit_price=Decimal(20),
    net=Decimal("20.00"),
    tax=Decimal("3.00"),
    gross=Decimal("23.00"),
)


def order(number: int, name: str = "S") -> OrderThere:
    return OrderThere(
        foreign_id=str(number),
        name=name,
        state="confirmed",
        shop="web",
        currency="USD",
        made_at=NOW,
        placed_at=NOW,
        lines=(LINE,),
        net=LINE.net,
        tax=LINE.tax,
        gross=LINE.gross,
    )


class Office:
    """A back office whose every page is all it has."""

    def __init__(self) -> None:
        self.held: list[OrderThere] = []

    async def orders(self, call: Call, *, cursor: str | None, limit: int) -> Page[OrderThere]:
        del call, cursor, limit
        return Page(items=tuple(self.held), cursor="again", more=False)


def reading(db: Database, office: Any) -> DocumentsReading:
    source = Source(
        connection="erp", company="1", catalogue=office, price_lists=office, lists={}, poll_seconds=60, documents=office
    )
    return DocumentsReading(db, source, office, ORDERS)


async def told(db: Database) -> Counter[tuple[str, str]]:
    await sequenced(db)
    found, after = Counter[tuple[str, str]](), 0
    while page := (await read(db, after)).events:
        found.update((each.type, each.data["back_office"]["id"]) for each in page if each.type == "order.accepted")
        after = page[-1].position
    return found


async def test_a_reading_that_breaks_off_in_mid_page_tells_each_order_once(db: Database) -> None:
    office = Office()
    await reading(db, office).once()
    count = DECIDED + 10
    office.held = [order(number) for number in range(1, count + 1)]
    spoilt = DECIDED + 5
    office.held[spoilt - 1] = order(spoilt, name="no text for Postgres: \x00")
    with pytest.raises(Exception, match="0x00"):
        await reading(db, office).once()
    assert len(await told(db)) == DECIDED

    office.held[spoilt - 1] = order(spoilt)
    await reading(db, office).once()
    await reading(db, office).once()
    found = await told(db)
    assert (len(found), set(found.values())) == (count, {1})


async def test_two_that_read_the_same_at_once_tell_it_once(db: Database) -> None:
    given = Given(connection="two", began=NOW, first=False, cause=Cause(correlation="c"))
    item = order(7001)

    async def take() -> None:
        async with db.transaction() as tx:
            await take_orders(tx, given, [item])

    await asyncio.gather(take(), take(), take())
    assert (await told(db))["order.accepted", "7001"] == 1
