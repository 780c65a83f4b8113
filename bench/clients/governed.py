"""A gate of a process of its own, as a hub's process has it."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator

from tillway.outbound import Client, Gate, InPostgres, ceiling, reach
from tillway.postgres import Database

OWN_USERS = 0.2


@contextlib.asynccontextmanager
async def gated(dsn: str, workers: int) -> AsyncIterator[tuple[Client, Gate]]:
    """The client and the gate of a connection with so many workers, their users' share left to them."""
    async with Database(dsn, "bench") as database, Client(reach(["127.0.0.0/8"])) as client:
        gate = Gate(client, InPostgres(database, "bench"), most=ceiling(workers, OWN_USERS))
        try:
            yield client, gate
        finally:
            await gate.close()
