"""A works process of journal and subscriptions, and a real receiver, for the tests of this room."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from typing import Any, Self

from aiohttp import web

from tillway import clock, ids, journal
from tillway.identity import Overlay
from tillway.journal import Event, Follower, Runner, Sequencer, Tail
from tillway.landscape import Active, SecretRef
from tillway.outbound import Client, reach
from tillway.postgres import Database, Room
from tillway.subscriptions import Subscription, Webhooks, ask, create

ROOMS = [Room(name, f"tillway.{name}") for name in ("journal", "identity", "records", "processes", "subscriptions")]

# Whatever a test waits for comes within milliseconds; this only ends a test that fails.
PATIENCE = 10.0

# A receiver that fails is asked again at once, or the tests would take as long as the real schedule.
HOLD = (timedelta(milliseconds=20),)

# The first secret of the landscape's own subscription.
HOOK_SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"

Answer = int | tuple[int, dict[str, str]]


class Received:
    """One request of a delivery."""

    def __init__(self, request: web.Request, body: bytes) -> None:
        self.method, self.path = request.method, request.path
        self.headers = request.headers
        self.body = body
        self.event = json.loads(body)
        self.id: str = request.headers["webhook-id"]
        self.subject: str = self.event["subject"]
        self.number: int = int(self.event["data"].get("reference", 0))


class Receiver:
    """Somebody's webhook: keeps each request and answers as the test says."""

    def __init__(self) -> None:
        self.answer: Callable[[Received], Answer] = lambda _: 204
        self.url = ""
        self._arrived: asyncio.Queue[Received] = asyncio.Queue()

    async def handle(self, request: web.Request) -> web.Response:
        received = Received(request, await request.read())
        answered = self.answer(received)
        self._arrived.put_nowait(received)
        status, headers = answered if isinstance(answered, tuple) else (answered, {})
        return web.Response(status=status, headers=headers)

    async def next(self) -> Received:
        """The next request, as soon as it is there."""
        return await asyncio.wait_for(self._arrived.get(), PATIENCE)

    async def some(self, count: int) -> list[Received]:
        """The next requests."""
        return [await self.next() for _ in range(count)]

    @property
    def unread(self) -> int:
        """Requests that no test asked for."""
        return self._arrived.qsize()


class Works:
    """One works process: sequencer, tail, runner and webhooks."""

    def __init__(
        self,
        db: Database,
        active: Active,
        *,
        secrets: dict[str, str] | None = None,
        hold: tuple[timedelta, ...] = HOLD,
        others: tuple[Follower, ...] = (),
        webhooks: bool = True,
    ) -> None:
        self.db = db
        self.active = active
        self.secrets = {"HOOK_SECRET": HOOK_SECRET} if secrets is None else secrets
        self.followers: tuple[Follower, ...] = ()
        self._others = others
        self._delivers = webhooks
        self._client = Client(reach(active.current.outbound.allow_networks))
        self._hold = hold
        self._changed = asyncio.Condition()
        self._tasks: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> Self:
        node = ids.new()
        tail, sequencer = Tail(self.db), Sequencer(self.db, node)
        await tail.start()
        await sequencer.lease()
        self._runner = Runner(self.db, tail, node, self._others)
        overlay = Overlay(self.db, tail)
        await overlay.load()
        self._webhooks = Webhooks(self.db, self._client, self.active, self._reveal, restricted=overlay, hold=self._hold)
        loops = {
            "sequencer": sequencer.run(),
            "tail": tail.run(),
            "overlay": overlay.run(),
            "runner": self._runner.run(),
        }
        if self._delivers:
            loops["webhooks"] = self._webhooks.watch(self._exchange)
        self._tasks = [asyncio.create_task(loop, name=name) for name, loop in loops.items()]
        return self

    async def __aexit__(self, *_: object) -> None:
        left = set(self._tasks)
        async with asyncio.timeout(PATIENCE):
            while left:
                # On Python 3.11 `asyncio.wait_for` loses a cancellation that meets the end of what it waits for.
                for task in left:
                    task.cancel()
                _, left = await asyncio.wait(left, timeout=0.5)
        await self._client.close()
        for task in self._tasks:
            if not task.cancelled():
                task.result()

    async def follows(self, names: Sequence[str]) -> None:
        """Wait until exactly these webhooks are followed."""

        async def look() -> bool:
            return {follower.name for follower in self.followers} == set(names)

        await until(look)

    async def holds(self, name: str) -> None:
        """Wait until this node holds the lane of a follower."""

        async def look() -> bool:
            return any(state.name == name and state.alive for state in await journal.follower_states(self.db))

        await until(look)

    def _exchange(self, followers: tuple[Follower, ...]) -> None:
        self.followers = followers
        self._runner.set_followers([*self._others, *followers])

    def _reveal(self, ref: SecretRef) -> str:
        return self.secrets[ref.env or ""]


async def subscribe(db: Database, active: Active, url: str, **more: Any) -> Subscription:
    """What a consumer gets that asks for `order.accepted`."""
    asked = {"consumer": "webshop", "types": ["order.accepted"], "now": clock.now()} | more
    made = ask(active.current, url=url, **asked)
    async with db.transaction() as tx:
        create(tx, made)
    return made


async def append(db: Database, *events: Event) -> None:
    """Each event in a transaction of its own, in this order."""
    for event in events:
        async with db.transaction() as tx:
            tx.stage(journal.appending([event]))


def accepted(subject: str, number: int = 1, *, shop: str = "berlin", **more: Any) -> Event:
    """`order.accepted` as far as these tests look at it."""
    data = {"reference": str(number), "shop": shop}
    return Event(type="order.accepted", subject=subject, data=data, correlation=f"c-{subject}", **more)


async def sequenced(db: Database, position: int) -> None:
    """Wait until the journal has come to this position."""

    async def look() -> bool:
        return (await journal.head(db)).position >= position

    await until(look)


async def until(look: Callable[[], Awaitable[Any]]) -> Any:
    """What a look gives once it is true. Each look yields to the loop; nothing waits for a fixed time."""
    async with asyncio.timeout(PATIENCE):
        while not (found := await look()):
            await asyncio.sleep(0)
    return found
