"""The yardstick of `follow`: a plain cursor over rows that have their position already."""

from __future__ import annotations

import time
from typing import Any

import asyncpg

from bench.client import serve

_READ = """
SELECT position, id, type, subject, partitionkey, sequence, time, recorded_at, correlationid, causationid, traceparent,
    dataclass, data, personal
FROM journal.events WHERE position > $1 ORDER BY position LIMIT 500
"""
_MAKE = "INSERT INTO journal.followers (name, lane, lanes, position) VALUES ($1, 0, 1, $2)"
_MOVE = "UPDATE journal.followers SET position = $2 WHERE name = $1"
_DROP = "DELETE FROM journal.followers WHERE name = $1"
_NAME = "plain cursor"


async def main(*, dsn: str, after: int, until: int) -> dict[str, Any]:
    """Events a second."""
    connection = await asyncpg.connect(dsn)
    await connection.execute(_MAKE, _NAME, after)
    began, position = time.perf_counter(), after
    while position < until:
        rows = await connection.fetch(_READ, position)
        position = rows[-1]["position"]
        await connection.execute(_MOVE, _NAME, position)
    elapsed = time.perf_counter() - began
    await connection.execute(_DROP, _NAME)
    return {"rate": (until - after) / elapsed}


if __name__ == "__main__":
    serve(main)
