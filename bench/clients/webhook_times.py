"""Subscribes a receiver of its own, appends events as a door does, and takes the time until each arrives."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable
from itertools import count
from typing import Any, Final

import aiohttp
import msgspec

from bench.client import serve
from bench.clients.price_changes import price_change
from bench.clients.receiver import Receiver, receiving, timed
from tillway.journal import appending
from tillway.postgres import Database

# A new subscription is followed within this.
FOLLOWED_SECONDS: Final = 30.0
LOOK_SECONDS: Final = 0.1

_HELD = "SELECT count(*) FROM journal.followers WHERE name = $1 AND owner IS NOT NULL"


async def main(*, dsn: str, base_url: str, token: str, kind: str, events: int) -> dict[str, Any]:
    """Median and 99th percentile in milliseconds."""
    numbers = count()
    headers = {"Authorization": f"Bearer {token}"}
    async with (
        Database(dsn, "bench") as db,
        aiohttp.ClientSession(base_url, headers=headers) as session,
        receiving(lambda given: str(given["webhook-id"])) as receiver,
    ):

        async def append(event: Any) -> None:
            async with db.transaction() as tx:
                tx.stage(appending([event]))

        def send() -> tuple[str, Awaitable[None]]:
            event = msgspec.structs.replace(price_change(next(numbers)), type=kind)
            return str(event.id), append(event)

        made = await _subscribe(session, receiver, kind)
        await _followed(db, f"webhook {made}")
        found = await timed(receiver, send, events)
        async with session.delete(f"/subscriptions/v1/subscriptions/{made}") as reply:
            reply.raise_for_status()
        return found


async def _subscribe(session: aiohttp.ClientSession, receiver: Receiver, kind: str) -> str:
    asked = {"types": [kind], "delivery": {"kind": "webhook", "url": receiver.url}}
    async with session.post("/subscriptions/v1/subscriptions", json=asked) as reply:
        reply.raise_for_status()
        made: str = (await reply.json())["id"]
        return made


async def _followed(db: Database, follower: str) -> None:
    deadline = time.monotonic() + FOLLOWED_SECONDS
    while not await db.fetchval(_HELD, follower):
        if time.monotonic() > deadline:
            raise RuntimeError(f"{follower} is not followed after {FOLLOWED_SECONDS:.0f} s")
        await asyncio.sleep(LOOK_SECONDS)


if __name__ == "__main__":
    serve(main)
