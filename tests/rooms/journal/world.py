"""A journal to test with: writers, a node whose parts are driven step by step or run by themselves."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from typing import Any, Self
from uuid import UUID

from tests.rooms.journal.actors import until

from tillway import ids
from tillway.journal import Event, Follower, Recorded, Runner, Sequencer, Tail, appending
from tillway.postgres import Database, Tx

# A beat is a quarter of it: what a beat looks after, a test need not wait for long.
LEASE_SECONDS = 1.0

NODE, OTHER = ids.named("node"), ids.named("other")


def event(key: str, number: int = 0, **given: Any) -> Event:
    return Event(**{"type": "thing.happened", "subject": key, "data": {"n": number}, "correlation": "c", **given})


async def append(db: Database, *events: Event) -> None:
    async with db.transaction() as tx:
        tx.stage(appending(events))


async def told(db: Database, *events: Event, node: UUID = NODE) -> None:
    """Append in one transaction and give the positions."""
    await append(db, *events)
    await sequenced(db, node)


async def sequenced(db: Database, node: UUID = NODE) -> None:
    sequencer = Sequencer(db, node)
    assert await sequencer.lease()
    while await sequencer.step():
        pass


class Node:
    """A node that does nothing by itself: its runner beats when told, its lanes run as tasks."""

    def __init__(self, db: Database, *followers: Follower, node: UUID = NODE) -> None:
        self.db = db
        self.node = node
        self.tail = Tail(db)
        self.runner = Runner(db, self.tail, node, followers, lease_seconds=LEASE_SECONDS)

    async def beat(self) -> None:
        await self.runner._beat()

    def tasks(self) -> list[asyncio.Task[None]]:
        """The lanes it holds."""
        return [task for _, task in self.runner._held.values()]

    async def leave(self) -> None:
        """Stop its lanes and sign off."""
        await self.runner._stop(list(self.runner._held))
        await self.runner._leave()

    async def look(self) -> None:
        """The tail reads what is new."""
        while await self.tail._advance():
            pass


@asynccontextmanager
async def running(db: Database, *followers: Follower, node: UUID = NODE) -> AsyncIterator[Node]:
    """A works node as it runs: sequencer, tail and followers."""
    made = Node(db, *followers, node=node)
    await made.tail.start()
    tasks = [asyncio.create_task(work) for work in (Sequencer(db, node).run(), made.tail.run(), made.runner.run())]
    try:
        yield made
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


class Effects:
    """What an applying follower did, in a table, so that what is rolled back is gone. `faults` are raised by event."""

    def __init__(self, db: Database) -> None:
        self.faults: dict[tuple[str, int], Exception] = {}
        self._db = db

    async def make(self) -> Self:
        await self._db.fetchval("CREATE TABLE effects (serial bigserial, follower text, key text, n int)")
        return self

    def follower(self, name: str = "effects", **given: Any) -> Follower:
        async def apply(tx: Tx, events: Sequence[Recorded]) -> None:
            for each in events:
                fault = self.faults.get((each.partitionkey, each.data["n"]))
                if fault is not None:
                    raise fault
                await tx.execute(
                    "INSERT INTO effects (follower, key, n) VALUES ($1, $2, $3)",
                    name,
                    each.partitionkey,
                    each.data["n"],
                )

        return Follower(**{"name": name, "types": None, "owner": "test", "starts": "oldest", "apply": apply, **given})

    async def seen(self, follower: str = "effects") -> list[tuple[str, int]]:
        rows = await self._db.fetch("SELECT key, n FROM effects WHERE follower = $1 ORDER BY serial", follower)
        return [tuple(row) for row in rows]


def numbers(events: Iterable[Recorded]) -> list[tuple[str, int]]:
    return [(each.partitionkey, each.data["n"]) for each in events]


async def position(db: Database, follower: str = "effects") -> int | None:
    """How far all lanes of a follower are; None before it was enrolled."""
    return await db.fetchval("SELECT min(position) FROM journal.followers WHERE name = $1", follower)


async def reached(db: Database, wanted: int, follower: str = "effects") -> None:
    async def there() -> bool:
        return (await position(db, follower) or 0) >= wanted

    await until(there)
