"""What searching and walking cost when the audit is large: 120,000 entries of 500 consumers in four months."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime

import pytest
from tests.postgres_cluster import RunningCluster, run
from tests.rooms.plans import plans, rows_looked_at, scanned_whole

from tillway.audit import LAST, Wanted
from tillway.audit.searching import statement
from tillway.audit.staging import SQL
from tillway.postgres import Database

ENTRIES = 120_000

LOAD = f"""
INSERT INTO audit.entries SELECT n, (ARRAY['read', 'read', 'write', 'refusal', 'act'])[1 + n % 5], n,
    timestamptz '2026-01-01 00:00Z' + n * interval '118 days' / {ENTRIES},
    timestamptz '2026-01-01 00:00Z' + n * interval '118 days' / {ENTRIES}, '00000000-0000-0000-0000-000000000000',
    'c' || n % 500, 'machine', NULL, 'op' || n % 40, 'orders', 's' || n % 9000, 200 + 200 * (n % 5 = 3)::int, NULL, '{{}}',
    'r', 'x' || n % 50000, 'private', 1, NULL, NULL, NULL, '\\x00'
FROM generate_series(1, {ENTRIES}) AS n
"""

# A hundred consumers with a dozen fields over a month, one in 120 unknown.
USAGE = """
INSERT INTO audit.usage_fields SELECT date '2026-01-01' + d, 'c' || c, 'op',
    CASE WHEN c < 10 AND f = 1 THEN 'unknown' ELSE 'sent' END, '/f' || f, 1, now()
FROM generate_series(0, 29) AS d, generate_series(1, 100) AS c, generate_series(1, 12) AS f
"""


# Four hundred consumers with fifty tills each, on three days.
CALLS = """
INSERT INTO audit.calls SELECT date '2026-01-01' + n % 3, 'orders', 1 + n % 2, 'c' || n % 400, 'd' || n / 800, 's', 1,
    timestamptz '2026-01-03 00:00Z'
FROM generate_series(1, 120000) AS n ON CONFLICT DO NOTHING
"""


# Sixty consumers with ten operations, on each of 130 days.
USED = """
INSERT INTO audit.usage SELECT date '2026-01-01' + d, 'c' || c, 'op' || o, 1, 0, 0, now()
FROM generate_series(0, 129) AS d, generate_series(1, 60) AS c, generate_series(1, 10) AS o
"""


@pytest.fixture(scope="module")
def large(cluster: RunningCluster) -> Iterator[str]:
    made = cluster.database()

    async def load() -> None:
        async with Database(made, "load") as db:
            await db.fetchval(SQL["ensure_partitions"], datetime(2026, 1, 1, tzinfo=UTC), 4)
            await db.fetch(LOAD)
            await db.fetch(USAGE)
            await db.fetch(CALLS)
            await db.fetch(USED)
            await db.fetch("ANALYZE audit.entries, audit.usage_fields, audit.calls, audit.usage")

    run(load())
    yield made
    cluster.drop(made)


@pytest.mark.parametrize(
    "wanted",
    [
        Wanted(),
        Wanted(below=60_000),
        Wanted(consumer="c7"),
        Wanted(consumer="c7", operation="op7"),
        Wanted(operation="op7"),
        Wanted(subject="s7"),
        Wanted(correlation="x7"),
        Wanted(consumer="c7", since=datetime(2026, 4, 1, tzinfo=UTC), below=LAST),
    ],
)
async def test_searching_looks_at_about_what_it_shows(large: str, wanted: Wanted) -> None:
    text, values = statement(wanted, 50)
    for plan in await plans(large, text, *values):
        assert scanned_whole(plan) == []
        # A few for each that is shown: months hand over one more each, and a common operation is passed by on the way.
        assert rows_looked_at(plan) <= 50 * 10


@pytest.mark.parametrize("after", [0, 60_000, ENTRIES - 10])
async def test_walking_looks_at_its_page(large: str, after: int) -> None:
    for plan in await plans(large, SQL["walk"], after, 400):
        assert scanned_whole(plan) == []
        assert rows_looked_at(plan) <= 400 + 20


async def test_the_ends_before_a_page_are_found_without_looking_through_it(large: str) -> None:
    for plan in await plans(large, SQL["ends_before"], 60_000):
        assert [name for name in scanned_whole(plan) if name != "chains"] == []
        assert rows_looked_at(plan) <= 40


async def test_unknown_fields_are_found_among_all_that_are_known(large: str) -> None:
    for consumer in (None, "c7"):
        for plan in await plans(large, SQL["unknown_fields"], date(2026, 1, 1), date(2026, 1, 30), 200, consumer):
            assert scanned_whole(plan) == []
            assert rows_looked_at(plan) <= 30 * 12


async def test_a_page_of_callers_looks_at_itself_among_all_days_and_tills(large: str) -> None:
    for plan in await plans(large, SQL["callers"], "orders", 1, date(2026, 1, 1), "orders", 2, "c7", "", 50):
        assert scanned_whole(plan) == []
        # A page of 50 with three days each, and what follows once for each of them.
        assert rows_looked_at(plan) <= 50 * 3 * 5


async def test_who_was_seen_first_is_found_by_key(large: str) -> None:
    for plan in await plans(large, SQL["first_seen"], "orders", 1, "c7", ["op1", "op2"]):
        assert [name for name in scanned_whole(plan) if name != "callers"] == []
        assert rows_looked_at(plan) <= 2_000


async def test_what_everybody_used_looks_at_the_days_that_are_asked_only(large: str) -> None:
    for plan in await plans(large, SQL["usage_of_all"], date(2026, 5, 1), date(2026, 5, 10), 20_000):
        assert scanned_whole(plan) == []
