"""Inserts rows for the raw courier and takes the time until each arrives."""

from __future__ import annotations

import json
from collections.abc import Awaitable
from itertools import count
from typing import Any
from uuid import uuid4

import asyncpg

from bench.client import serve
from bench.clients.price_changes import price_change
from bench.clients.receiver import receiving, timed

_INSERT = "WITH made AS (INSERT INTO hooks (id, data) VALUES ($1, $2)) SELECT pg_notify('hooks', '')"


async def main(*, dsn: str, events: int) -> dict[str, Any]:
    """Median and 99th percentile in milliseconds."""
    numbers = count()
    connection = await asyncpg.connect(dsn)
    async with receiving(lambda given: str(given["webhook-id"])) as receiver:

        async def insert(row_id: Any, data: str) -> None:
            await connection.execute(_INSERT, row_id, data)

        def send() -> tuple[str, Awaitable[None]]:
            row_id = uuid4()
            data = {**price_change(next(numbers)).data, "url": receiver.url}
            return str(row_id), insert(row_id, json.dumps(data))

        return await timed(receiver, send, events)


if __name__ == "__main__":
    serve(main)
