"""Appends ready-made events in batches, as any room does: a part staged in a transaction."""

from __future__ import annotations

from itertools import cycle
from typing import Any, Final

from bench.client import serve
from bench.clients.counting import counted
from bench.clients.price_changes import KEYS, price_change
from tillway.journal import appending
from tillway.postgres import Database

WHO: Final = "bench"


async def main(*, dsn: str, batch: int, seconds: float) -> dict[str, Any]:
    """Events a second."""
    events = [price_change(number) for number in range(KEYS)]
    batches = cycle([events[start : start + batch] for start in range(0, KEYS, batch)])
    async with Database(dsn, WHO) as db:

        async def append() -> None:
            async with db.transaction() as tx:
                tx.stage(appending(next(batches)))

        return await counted([append], seconds, each=batch)


if __name__ == "__main__":
    serve(main)
