"""Documents of the back office: a reading that breaks off in the middle of a page goes on without telling twice."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from tests.rooms.journal.world import sequenced

from tillway.errors import Unavailable
from tillway.journal import read
from tillway.postgres import Database
from tillway.records import Synced, reading_all, swept_until, synced
from tillway.records.keeping_documents import take_orders
from tillway.records.refreshing.documents import DECIDED, ORDERS, PAGE, DocumentsReading
from tillway.records.refreshing.source import Source
from tillway.records.refreshing.sweeping import PAGES_A_STEP
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


class Shelves:
    """A back office with pages: what changed lately, which is nothing, and everything from the beginning."""

    def __init__(self, held: list[OrderThere]) -> None:
        self.held = held
        self.asked: list[str | None] = []
        self.away_after: int | None = None

    async def orders(self, call: Call, *, cursor: str | None, limit: int) -> Page[OrderThere]:
        del call
        self.asked.append(cursor)
        if self.away_after is not None and len(self.asked) > self.away_after:
            raise Unavailable("it is away")
        if cursor == "now":
            return Page(items=(), cursor="now", more=False)
        start = int(cursor or 0)
        rest = self.held[start : start + limit]
        more = start + limit < len(self.held)
        return Page(items=tuple(rest), cursor=str(start + limit) if more else "now", more=more)


async def asked_for(db: Database, connection: str, domain: str) -> None:
    async with db.transaction() as tx:
        reading_all(tx, connection, domain)


async def sweep_of(db: Database, domain: str) -> Synced:
    return next(each for each in await synced(db) if each.domain == domain and each.connection == "shelves")


async def test_everything_is_read_once_more_where_that_is_asked_for_and_goes_on_where_it_was(db: Database) -> None:
    count = (PAGES_A_STEP + 2) * PAGE
    office = Shelves([order(number) for number in range(10_001, 10_001 + count)])

    def anew() -> DocumentsReading:
        source = Source(
            connection="shelves", company="1", catalogue=office, price_lists=office, lists={}, poll_seconds=60
        )
        return DocumentsReading(db, source, office, ORDERS)

    first = anew()
    await first.once()
    await first.once()
    assert office.asked[-1] == "now"
    assert first.seconds() == 60
    # Made without a mark, and the last of all.
    office.held.append(order(10_001 + count))
    await asked_for(db, "shelves", "orders")
    assert (await sweep_of(db, "orders")).begun_at is not None
    office.away_after = len(office.asked) + 4
    with pytest.raises(Unavailable):
        await first.once()
    assert first.seconds() == 60  # what fails is tried again at its time
    office.away_after = None

    second, began = anew(), len(office.asked)
    await second.once()
    assert office.asked[began : began + 2] == ["now", str(3 * PAGE)]  # three pages were kept
    while second.seconds() == 0:
        await second.once()
    done = await sweep_of(db, "orders")
    assert (done.begun_at, done.ended_at is not None) == (None, True)
    counted = "SELECT count(*) FROM records.documents WHERE connection = 'shelves'"
    assert await db.fetchval(counted) == count + 1
    assert await swept_until(db) == ()  # it comes round by itself no more, and so it is never late
