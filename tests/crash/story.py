"""What every story has: a client that repeats itself until it is answered, and effects that must be there once."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections import Counter
from typing import Any

from tests.crash.waiting import STORY_SECONDS, until
from tests.crash.world import SUBSCRIPTION, World

AGAIN = {409, 503}
"""What a client may be told when it repeats itself while its first try is still under way, or the hub just starts."""

AGAIN_SECONDS = 0.05

EVENTS = "SELECT type, id::text FROM journal.events WHERE subject = $1 ORDER BY position"
INSTANCES = "SELECT definition, state, owed::text[], exception_code FROM processes.instances WHERE subject = $1"
PARKED = "SELECT follower, reason, detail FROM journal.parked"
DELIVERED = """
SELECT count(*) FROM subscriptions.deliveries d JOIN journal.events e ON e.id = d.event_id
WHERE e.subject = $1 AND e.type = $2 AND d.delivered_at IS NOT NULL
"""
DELIVERIES = (
    "SELECT delivered_at IS NOT NULL, failure FROM subscriptions.deliveries WHERE subscription = $1 AND event_id = $2"
)


class Story(ABC):
    """One order or sale. `subject` is our id of it, once the client knows it."""

    path: str
    end: str
    """The event that ends it, which the subscriber is told."""
    waymarks: frozenset[str]
    """Messages that must be among those counted: what decides, so that counting cannot fall silent."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._received = 0
        self.subject = ""
        self.answers: list[Any] = []

    async def tell(self) -> None:
        """The client's part: the same request again until it is answered with 201."""
        self._received = max((entry["number"] for entry in await self._world.outside.received(0)), default=0)
        await self._ask()

    async def over(self) -> None:
        """Wait until the subscriber has been told the end and the hub is at rest."""
        await until(self._is_told, f"{self.end} of {self.subject}")
        await self._world.settled()

    async def is_over(self) -> bool:
        """Whether it came to its end, with nothing on the wires."""
        done = bool(self.answers) and await self._is_told() and await self._world.is_settled()
        return done and self._world.narrator.quiet

    async def _effects(self) -> dict[str, Any]:
        """Everything that can be counted of it, in the hub and outside; the client repeats itself once more before."""
        await self._ask()
        events = await self._world.db.fetch(EVENTS, self.subject)
        ends = [row["id"] for row in events if row["type"] == self.end]
        told = await self._world.outside.received(self._received)
        kept = await self._world.db.fetch(DELIVERIES, SUBSCRIPTION, ends[0]) if ends else []
        return {
            "events": dict(Counter(row["type"] for row in events)),
            "told": {(entry["id"] in ends, entry["verified"], entry["answered"]) for entry in told},
            "delivered": [tuple(row) for row in kept],
            "instances": [tuple(row) for row in await self._world.db.fetch(INSTANCES, self.subject)],
            "parked": [tuple(row) for row in await self._world.db.fetch(PARKED)],
            **await self.own_effects(),
        }

    async def wrong(self) -> dict[str, tuple[Any, Any]]:
        """What is not as it must be, crash or no crash: found and expected. Empty when all is well."""
        found = await self._effects()
        expected = {"told": {(True, True, 204)}, "delivered": [(True, None)], "parked": [], **self.own_expectation()}
        assert found.keys() == expected.keys()
        return {name: (found[name], expected[name]) for name in expected if found[name] != expected[name]}

    async def _ask(self) -> None:
        known = len(self.answers)
        async with asyncio.timeout(STORY_SECONDS):
            while len(self.answers) == known:
                reply = await self._world.post(self.path, self.body(), self.key())
                if reply is None or reply[0] in AGAIN:
                    await asyncio.sleep(AGAIN_SECONDS)
                    continue
                status, answer = reply
                assert status == 201, answer
                self.subject = self.answered(answer)
                self.answers.append(answer)

    async def _is_told(self) -> bool:
        return bool(await self._world.db.fetchval(DELIVERED, self.subject, self.end))

    @abstractmethod
    def body(self) -> Any:
        """The request, the same each time."""

    @abstractmethod
    def key(self) -> str | None:
        """Its Idempotency-Key, if it has one."""

    @abstractmethod
    def answered(self, answer: Any) -> str:
        """Our id in a 201."""

    @abstractmethod
    async def after(self) -> None:
        """What people do before the next story."""

    @abstractmethod
    async def own_effects(self) -> dict[str, Any]:
        """What only this kind of story does."""

    @abstractmethod
    def own_expectation(self) -> dict[str, Any]:
        """How that must be, with the kind's `events` and `instances`."""
