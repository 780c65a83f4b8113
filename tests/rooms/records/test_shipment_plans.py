"""What lists of shipments cost among 50,000 of them."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import UUID

import pytest
from tests.postgres_cluster import RunningCluster, run
from tests.rooms.plans import plans, rows_looked_at, scanned_whole

from tillway.postgres import Database
from tillway.records.seen import SQL
from tillway.records.shipments import NEVER

LOAD = """
INSERT INTO records.shipments (id, connection, theirs, order_id, shop, milestone, document, updated_at)
SELECT md5(n::text)::uuid, 'erp', n::text, md5('o' || n / 2)::uuid, 'shop-' || n % 20, 'shipped', '{}',
    timestamptz '2026-11-23 00:00Z' + n * interval '1 second'
FROM generate_series(1, 50000) AS n
"""
FIRST, LIMIT = UUID(int=0), 100


@pytest.fixture(scope="module")
def large(cluster: RunningCluster) -> Iterator[str]:
    made = cluster.database()

    async def load() -> None:
        async with Database(made, "load") as db:
            await db.fetch(LOAD)
            await db.fetch("ANALYZE records.shipments")

    run(load())
    yield made
    cluster.drop(made)


@pytest.mark.parametrize(
    ("name", "wanted"),
    [("shipments_changed", ()), ("shipments_of_shop", ("shop-7",)), ("shipments_of_order", (UUID(int=7),))],
)
async def test_a_page_looks_at_no_more_than_it_shows(large: str, name: str, wanted: tuple[object, ...]) -> None:
    for plan in await plans(large, SQL[name], *wanted, None, NEVER, NEVER, FIRST, LIMIT):
        assert scanned_whole(plan) == []
        assert rows_looked_at(plan) <= 2 * LIMIT
