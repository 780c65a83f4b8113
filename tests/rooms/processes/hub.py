"""A hub that runs flows against a scripted back office: the journal runs, engines are started and lost by the test."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any
from uuid import UUID

import msgspec
from tests.pure.processes.test_verdicts import line, order
from tests.pure.retail.samples import sale
from tests.rooms.journal.actors import until
from tests.rooms.journal.world import running
from tests.rooms.processes.far_side import FarSide, Offices

from tillway import ids
from tillway.journal import Recorded, by_subject
from tillway.postgres import Database
from tillway.processes import Definition, Engine, Way, book_sale, place_order, ways
from tillway.records import Cause, orders, sales
from tillway.retail import Order, Sale, sale_id

FIRST, SECOND = ids.named("first"), ids.named("second")

# Short, so that what a lost engine had in hand is soon another's.
LEASE_SECONDS = 0.4


def quick(definition: Definition, *, wait: timedelta = timedelta(milliseconds=10), **given: Any) -> Definition:
    """The same flow with waits that a test can wait for."""
    steps = tuple(dataclasses.replace(step, retry=(wait,)) for step in definition.steps)
    return dataclasses.replace(definition, steps=steps, **given)


class Hub:
    def __init__(self, db: Database, **given: Any) -> None:
        self.db = db
        self.far = FarSide()
        offices = Offices(self.far)
        self.place_order = quick(place_order(db, offices), **given)
        self.book_sale = quick(book_sale(db, offices), **given)
        self.engines: dict[UUID, asyncio.Task[None]] = {}

    @property
    def definitions(self) -> tuple[Definition, ...]:
        return (self.place_order, self.book_sale)

    def engine(self, node: UUID = FIRST, definitions: Sequence[Definition] | None = None) -> None:
        """Start an engine on this node."""
        made = Engine(self.db, node, definitions or self.definitions, lease_seconds=LEASE_SECONDS)
        self.engines[node] = asyncio.create_task(made.run())

    async def lose(self, node: UUID = FIRST) -> None:
        """The engine ends as if its node had died: what it had in hand stays leased."""
        task = self.engines.pop(node)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    async def place(self, number: int = 1, **given: Any) -> Order:
        """Take an order in as the front door does."""
        made = order(line(1, "A", "2"), line(2, "B", "1.5"))
        made = msgspec.structs.replace(made, **{"id": str(ids.named("order", str(number))), **given})
        async with self.db.transaction() as tx:
            orders.accept(tx, made, Cause(correlation=f"correlation-{number}"))
        return made

    async def sell(self, sequence: int = 1, **given: Any) -> Sale:
        """Take a till's sale in as the front door does."""
        made = sale(id=sale_id("till-1", "a", sequence), sequence=sequence, **given)
        receipt = sales.Receipt(id=made.id, body=msgspec.to_builtins(made), sale=made, owner="store-operations")
        async with self.db.transaction() as tx:
            await sales.record(tx, [receipt], consumer="till-1", cause=Cause(correlation=f"correlation-{sequence}"))
        return made

    async def way(self, subject: str) -> Way:
        (found,) = await ways(self.db, subject)
        return found

    async def comes_to(self, subject: str, state: str) -> Way:
        """Wait until its flow is in this state and rests there."""

        async def there() -> Way | None:
            found = await ways(self.db, subject)
            return found[0] if found and found[0].state == state else None

        return await until(there)

    async def told(self, subject: str) -> list[Recorded]:
        """What the journal tells of it, all of it sequenced."""

        async def nothing_staged() -> bool:
            return not await self.db.fetchval("SELECT EXISTS (SELECT FROM journal.staged)")

        await until(nothing_staged)
        return list(await by_subject(self.db, subject))


def steps(way: Way) -> list[tuple[str, str, str]]:
    """The transitions as (state, event, state)."""
    return [(item.was, item.event, item.state) for item in way.transitions]


@asynccontextmanager
async def hub(db: Database, **given: Any) -> AsyncIterator[Hub]:
    made = Hub(db, **given)
    followers = Engine(db, FIRST, made.definitions).followers()
    async with running(db, *followers):
        try:
            yield made
        finally:
            for node in tuple(made.engines):
                await made.lose(node)
