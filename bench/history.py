"""Events made by the server itself: a long journal to have behind, and a backlog to follow."""

from __future__ import annotations

import time
from typing import Final

import asyncpg

# Rows of one statement: bounds what a statement holds.
STEP: Final = 500_000

# So many months back the oldest events lie, each month in partitions of its own.
MONTHS: Final = 5

# Products whose events these are; their number is that of the keys.
KEYS: Final = 100_000

_INDEXES: Final = {
    "events_position": "(position)",
    "events_subject": "(subject, position)",
    "events_correlation": "(correlationid, position)",
}

# What an event of a price says, about as long as a real one.
_DATA: Final = """
format('{"sku": "SKU-%s", "lists": ["store-prices"], "list_price": "%s.95", "currency": "EUR", "prices": [{"amount": '
    '"%s.95", "source": "rule", "currency": "EUR", "price_list": "store-prices", "valid_until": null}]}',
    n % $3, n % 500, n % 500)::jsonb
"""

_EVENTS: Final = f"""
INSERT INTO journal.events (position, append_id, recorded_at, id, type, subject, partitionkey, sequence, time,
    correlationid, dataclass, retention, data)
SELECT n, n, at, gen_random_uuid(), 'price.changed', 'SKU-' || n % $3, 'SKU-' || n % $3, 1 + n / $3, at,
    format('0198c1f2-3a4b-7000-8000-%s', lpad(n::text, 12, '0')), 'public',
    CASE WHEN n % 5 < 2 THEN 'standard' ELSE 'long' END, {_DATA}
FROM (
    SELECT n, now() - make_interval(days => 30 * $5::int) * (1 - n::float8 / $4::bigint) AS at
    FROM generate_series($1::bigint, $2::bigint) AS n
) AS made
"""

_MARKS: Final = """
INSERT INTO journal.marks (position, recorded_at)
SELECT position, recorded_at FROM journal.events WHERE position % 1000 = 1
"""

_HEAD: Final = "UPDATE journal.head SET position = $1, recorded_at = now()"

_STAGED: Final = f"""
WITH made AS (
    INSERT INTO journal.staged (append_id, id, type, subject, partitionkey, sequence, time, correlationid, dataclass,
        retention, data)
    SELECT nextval('journal.append_id'), gen_random_uuid(), 'price.changed', 'SKU-' || n % $2, 'SKU-' || n % $2, 1,
        now(), gen_random_uuid()::text, 'public', 'standard', {_DATA.replace("$3", "$2")}
    FROM generate_series(1, $1::bigint) AS n RETURNING 1
)
SELECT count(*) FROM made
"""


async def fill(connection: asyncpg.Connection, events: int) -> float:
    """Put so many events into an empty journal, over the past months' partitions; the seconds it took."""
    began = time.monotonic()
    await connection.execute(f"SELECT journal.ensure_partitions(now() - interval '{MONTHS} months', {MONTHS + 1})")
    await connection.execute("SET maintenance_work_mem = '256MB'")
    for name in _INDEXES:
        await connection.execute(f"DROP INDEX journal.{name}")
    for first in range(1, events + 1, STEP):
        last = min(first + STEP - 1, events)
        await connection.execute(_EVENTS, first, last, KEYS, events, MONTHS)
    for name, columns in _INDEXES.items():
        await connection.execute(f"CREATE INDEX {name} ON journal.events {columns}")
    await connection.execute(_MARKS)
    await connection.execute(_HEAD, events)
    await connection.execute("SELECT setval('journal.append_id', $1)", events)
    await connection.execute("VACUUM (ANALYZE) journal.events")
    await connection.execute("CHECKPOINT")
    return time.monotonic() - began


async def stage(connection: asyncpg.Connection, events: int) -> None:
    """Commit so many events that wait for their position, in one transaction."""
    await connection.fetchval(_STAGED, events, KEYS)
    await connection.execute("VACUUM (ANALYZE) journal.staged")
