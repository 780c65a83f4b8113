"""A receiver of webhooks in the measuring process: notes when each event's id arrived."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from statistics import quantiles
from typing import Any, Final

from aiohttp import web

# Between two events: long enough for the hub to rest again, and never in step with any of its timers.
PAUSE_SECONDS: Final = (0.02, 0.12)

# Not counted: connections and statements of a first delivery.
WARM_EVENTS: Final = 10

ARRIVAL_SECONDS: Final = 30.0


class Receiver:
    """Where webhooks arrive; `url` is where it listens."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._waiting: dict[str, asyncio.Future[float]] = {}

    def arrived(self, event_id: str) -> None:
        """A delivery of this event is here."""
        waiting = self._waiting.pop(event_id, None)
        if waiting is not None:
            waiting.set_result(time.perf_counter())

    async def arrival(self, event_id: str, act: Awaitable[None]) -> float:
        """Seconds from the beginning of `act` to the arrival."""
        waiting = self._waiting[event_id] = asyncio.get_running_loop().create_future()
        began = time.perf_counter()
        await act
        async with asyncio.timeout(ARRIVAL_SECONDS):
            return await waiting - began


@asynccontextmanager
async def receiving(id_of: Callable[[Any], str]) -> AsyncIterator[Receiver]:
    """A receiver on a free port of loopback; `id_of` finds the event's id in a request's headers."""

    async def receive(request: web.Request) -> web.Response:
        receiver.arrived(id_of(request.headers))
        await request.read()
        return web.Response(status=204)

    app = web.Application()
    app.router.add_post("/", receive)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    receiver = Receiver(f"http://127.0.0.1:{runner.addresses[0][1]}/")
    try:
        yield receiver
    finally:
        await runner.cleanup()


async def timed(receiver: Receiver, send: Callable[[], tuple[str, Awaitable[None]]], events: int) -> dict[str, Any]:
    """Send so many events one after the other; median and 99th percentile of milliseconds to arrival."""
    taken = []
    for number in range(WARM_EVENTS + events):
        event_id, act = send()
        seconds = await receiver.arrival(event_id, act)
        if number >= WARM_EVENTS:
            taken.append(seconds * 1000)
        await asyncio.sleep(random.uniform(*PAUSE_SECONDS))
    cuts = quantiles(taken, n=100, method="inclusive")
    return {"p50_ms": cuts[49], "p99_ms": cuts[98], "longest_ms": max(taken)}
