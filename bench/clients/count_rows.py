"""Counts in one row, one durable commit each time, on plain connections."""

from __future__ import annotations

from typing import Any, Final

import asyncpg

from bench.client import serve
from bench.clients.counting import counted

_COUNT: Final = """
INSERT INTO told (domain, heard, last_at) VALUES ($1, 1, clock_timestamp())
ON CONFLICT (domain) DO UPDATE SET heard = told.heard + 1, last_at = excluded.last_at
"""


async def main(*, dsn: str, connections: int, seconds: float) -> dict[str, Any]:
    """Commits a second, and how long each took. Each connection has a row of its own."""
    opened = [await asyncpg.connect(dsn) for _ in range(connections)]

    def counting(connection: asyncpg.Connection, name: str) -> Any:
        async def count() -> None:
            await connection.execute(_COUNT, name)

        return count

    found = await counted([counting(each, f"domain {number}") for number, each in enumerate(opened)], seconds)
    for each in opened:
        await each.close()
    return found


if __name__ == "__main__":
    serve(main)
