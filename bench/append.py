"""`append`: events in batches of 100, each with its key's sequence, beside COPY of the same rows."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Final

from bench import ground
from bench.client import measured
from bench.report import Line, alternate, line, load

BATCH: Final = 100
SECONDS: Final = 5.0


async def lines() -> AsyncIterator[Line]:
    """One line: events a second."""
    with ground.cluster() as server:
        dsn = await ground.database(server.dsn(), "append")

        async def side(client: str) -> float:
            async with ground.connected(dsn) as connection:
                await connection.execute("TRUNCATE journal.staged")
            return float((await measured(client, dsn=dsn, batch=BATCH, seconds=SECONDS))["rate"])

        rates = await alternate(lambda: side("append_events"), lambda: side("copy_events"))
    yield line(
        "append",
        *rates,
        unit="events/s",
        note=(
            f"price changes in batches of {BATCH}, one durable commit a batch, one connection; ours locks and counts"
            f" {BATCH} of 10,000 keys a batch; yardstick: COPY of the same rows into journal.staged with its index,"
            f" sequences and append ids ready-made and no keys kept; {load()}"
        ),
    )
