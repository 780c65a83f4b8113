"""The yardstick of `orders`: the same rows by bare asyncpg, one INSERT a row, one transaction an order."""

from __future__ import annotations

import base64
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import asyncpg

from bench.client import serve
from bench.clients.counting import counted

IDEMPOTENCY = """
INSERT INTO gateway.idempotency (consumer, key, fingerprint, status, headers, body) VALUES ($1, $2, $3, $4, $5, $6)
"""
ORDER = """
INSERT INTO records.orders (id, consumer, shop, reference, status, placed_at, document)
VALUES ($1, $2, $3, $4, $5, $6, $7)
"""
KEY = """
INSERT INTO journal.keys AS k (partitionkey, sequence) VALUES ($1, 1)
ON CONFLICT (partitionkey) DO UPDATE SET sequence = k.sequence + 1 RETURNING sequence
"""
STAGED = """
INSERT INTO journal.staged (append_id, id, type, subject, partitionkey, sequence, time, correlationid, causationid,
    traceparent, dataclass, retention, data, personal)
VALUES (nextval('journal.append_id'), $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
"""


class Writer:
    """One connection with its statements prepared. `like` is an order as the hub stored it."""

    def __init__(self, connection: asyncpg.Connection, like: dict[str, Any]) -> None:
        self._connection = connection
        self._like = like
        self._body = base64.b64decode(like["body"])
        self._fingerprint = base64.b64decode(like["fingerprint"])
        self._statements: list[Any] = []

    async def prepare(self) -> None:
        """Prepare the four statements."""
        self._statements = [await self._connection.prepare(sql) for sql in (IDEMPOTENCY, ORDER, KEY, STAGED)]

    async def write(self) -> None:
        """One order: BEGIN, four statements, COMMIT."""
        idempotency, order, key, staged = self._statements
        like, made, now = self._like, uuid4(), datetime.now(UTC)
        name = str(made)
        old, document = like["id"], like["document"].replace(like["id"], name)
        body, headers = self._body.replace(old.encode(), name.encode()), like["headers"].replace(old, name)
        await self._connection.execute("BEGIN")
        await idempotency.fetch(like["consumer"], name, self._fingerprint, like["status_code"], headers, body)
        await order.fetch(made, like["consumer"], like["shop"], None, like["status"], now, document)
        sequence = await key.fetchval(name)
        await staged.fetch(
            uuid4(),
            like["type"],
            name,
            name,
            sequence,
            now,
            name,
            None,
            like["traceparent"],
            like["dataclass"],
            like["retention"],
            like["data"],
            like["personal"],
        )
        await self._connection.execute("COMMIT")


async def main(*, dsn: str, like: dict[str, Any], connections: int, seconds: float) -> dict[str, Any]:
    """Committed orders a second."""
    writers = [Writer(await asyncpg.connect(dsn), like) for _ in range(connections)]
    for writer in writers:
        await writer.prepare()
    return await counted([writer.write for writer in writers], seconds)


if __name__ == "__main__":
    serve(main)
