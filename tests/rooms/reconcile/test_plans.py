"""What reconciling costs among 50,000 breaks, most of them over, and as many rows that a run put aside."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from tests.postgres_cluster import RunningCluster
from tests.rooms.plans import loaded, plans, rows_looked_at, scanned_whole

from tillway.reconcile.statements import SQL

RUN, FIRST = UUID("c4ca4238-a0b9-2382-0dcc-509a6f75849b"), UUID(int=0)
NOON, NEVER = datetime(2026, 11, 23, 12, tzinfo=UTC), datetime(1970, 1, 1, tzinfo=UTC)

LOAD = (
    """
    INSERT INTO reconcile.runs (id, domain, connection, asked_by, reason, correlation, status, queued_at)
    SELECT md5(n::text)::uuid, 'orders', 'odoo', 'schedule', '', 'c', CASE WHEN n = 1 THEN 'queued' ELSE 'done' END,
        timestamptz '2026-11-23 12:00Z' - n * interval '1 hour' FROM generate_series(1, 20000) AS n
    """,
    """
    INSERT INTO reconcile.breaks (id, domain, connection, key, type, units, at_stake, detail, owner, status, found_at,
        found_run, seen_at, seen_run)
    SELECT md5('b' || n)::uuid, 'orders', 'odoo', n::text, 'amount', 1, 1, '', 'o',
        CASE WHEN n % 100 = 0 THEN 'open' ELSE 'ended' END, at, md5((n / 100)::text)::uuid, at, md5((n / 100)::text)::uuid
    FROM generate_series(1, 50000) AS n, LATERAL (SELECT timestamptz '2026-01-01Z' + n * interval '1 minute' AS at)
    """,
    """
    INSERT INTO reconcile.staged (run, side, key, number, entry)
    SELECT md5((n % 2)::text)::uuid, 'right', n::text, n, '{}' FROM generate_series(1, 50000) AS n
    """,
    "ANALYZE reconcile.runs, reconcile.breaks, reconcile.staged",
)


@pytest.fixture(scope="module")
def large(cluster: RunningCluster) -> Iterator[str]:
    yield from loaded(cluster, LOAD)


@pytest.mark.parametrize(
    ("name", "args", "most"),
    [
        ("run_under_way", ("orders", "odoo"), 1),
        ("claim_run", (RUN, 30), 3),
        ("units_seen", (RUN, NOON), 100),
        ("unseen_breaks", ("orders", "odoo", RUN, None, None, 100, None, NOON), 510),
        ("end_breaks", ([RUN], RUN, "unseen"), 1),
        ("fixable_breaks", (RUN, ["amount"], FIRST, 100, NOON), 100),
        ("breaks_page", (None, None, None, None, NEVER, FIRST, 100), 110),
        ("breaks_ended_page", (None, None, None, None, NEVER, FIRST, 100), 110),
        ("staged_page", (RUN, "right", "3", 0, 500), 510),
    ],
)
async def test_a_statement_looks_at_no_more_than_it_is_about(
    large: str, name: str, args: tuple[Any, ...], most: int
) -> None:
    for plan in await plans(large, SQL[name], *args):
        assert scanned_whole(plan) == []
        assert rows_looked_at(plan) <= most
