"""The yardstick of `append`: COPY of the same rows, with sequences and append ids ready-made."""

from __future__ import annotations

import json
from itertools import count, cycle
from typing import Any

import asyncpg

from bench.client import serve
from bench.clients.counting import counted
from bench.clients.price_changes import KEYS, price_change

COLUMNS = (
    *("append_id", "id", "type", "subject", "partitionkey", "sequence", "time", "correlationid", "causationid"),
    *("traceparent", "dataclass", "retention", "data", "personal"),
)


async def main(*, dsn: str, batch: int, seconds: float) -> dict[str, Any]:
    """Events a second."""
    rows = [_row(number) for number in range(KEYS)]
    batches = cycle([rows[start : start + batch] for start in range(0, KEYS, batch)])
    numbers = count(1)
    connection = await asyncpg.connect(dsn)

    async def copy() -> None:
        await connection.copy_records_to_table(
            "staged",
            schema_name="journal",
            columns=COLUMNS,
            records=[(next(numbers), *row) for row in next(batches)],
        )

    return await counted([copy], seconds, each=batch)


def _row(number: int) -> tuple[Any, ...]:
    event = price_change(number)
    return (
        *(event.id, event.type, event.subject, event.key, 1, event.time, event.correlation, event.causation),
        *(event.traceparent, event.dataclass, event.retention, json.dumps(event.data, separators=(",", ":")), None),
    )


if __name__ == "__main__":
    serve(main)
