"""What the statements of stock cost among 100,000 levels, 50,000 promises and 50,000 claims."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from tests.postgres_cluster import RunningCluster
from tests.rooms.plans import loaded, plans, rows_looked_at, scanned_whole

from tillway.records.statements import STOCK

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
PLACE, SHOPS = "odoo/1", ["shop-1", "shop-6"]

LOAD = (
    """
    INSERT INTO records.stock_levels (place, sku, quantity, reserved, read_began_at)
    SELECT 'odoo/' || n % 5, 'SKU-' || n, 9, 1, timestamptz '2026-11-23 11:00Z' FROM generate_series(1, 100000) AS n
    """,
    """
    INSERT INTO records.promises (id, consumer, shop, place, sku, quantity, state, promised_at, expires_at, ended_at,
        order_id, committed_at, seen_at, correlation, left_after)
    SELECT md5('p' || n)::uuid, 'web', 'shop-' || n % 10, 'odoo/' || n % 5, 'SKU-' || 1 + n % 10000, 1,
        CASE WHEN n % 100 = 0 THEN 'open' WHEN n % 2 = 0 THEN 'released' ELSE 'converted' END, at, at,
        CASE WHEN n % 100 > 0 THEN at END, CASE WHEN n % 2 = 1 THEN md5('o' || n)::uuid END, at,
        CASE WHEN n % 500 <> 1 THEN at END, 'c', 1
    FROM generate_series(1, 50000) AS n, LATERAL (SELECT timestamptz '2026-11-23 13:00Z' - n * interval '1 minute' AS at)
    """,
    """
    INSERT INTO records.stock_claims (source, sku, shop, kind, quantity, committed_at)
    SELECT md5('s' || n)::uuid, 'SKU-' || n, 'shop-' || n % 10, 'sale', 1,
        CASE WHEN n % 500 = 1 THEN timestamptz '2026-11-23 11:00Z' END FROM generate_series(1, 50000) AS n
    """,
    "INSERT INTO records.stock_places SELECT 'odoo/' || n, now(), now() FROM generate_series(0, 4) AS n",
    "ANALYZE records.stock_levels, records.promises, records.stock_claims, records.stock_places",
)


@pytest.fixture(scope="module")
def large(cluster: RunningCluster) -> Iterator[str]:
    yield from loaded(cluster, LOAD)


SKUS = [f"SKU-{number}" for number in range(1, 1000, 5)]
KEY = UUID("c4ca4238-a0b9-2382-0dcc-509a6f75849b")


@pytest.mark.parametrize(
    ("name", "args", "most"),
    [
        ("held", ([PLACE] * 2, SKUS[:2], SHOPS, [PLACE] * 2, NOON), 20),
        ("held", ([PLACE] * len(SKUS), SKUS, SHOPS, [PLACE] * 2, NOON), 5 * len(SKUS)),
        ("set_aside", (PLACE, "SKU-1", 1, 0, SHOPS), 10),
        ("promise", (KEY, NOON), 1),
        ("release_promise", (KEY, NOON), 1),
        ("due_promises", (NOON, 100), 300),
        ("due_promises_here", (NOON, PLACE, "SKU-1", 100), 30),
        ("lock_levels", ([PLACE] * len(SKUS), SKUS), 2 * len(SKUS)),
        ("give_back", ([PLACE] * len(SKUS), SKUS, [1] * len(SKUS)), 2 * len(SKUS)),
        ("convert_promises", ([KEY], KEY, "web", "shop-1", NOON), 1),
        ("promises_named", ([KEY], NOON), 1),
        ("promised_to_order", (KEY,), 1),
        ("commit_promises", (KEY,), 1),
        ("drop_converted", (KEY,), 1),
        ("commit_claims", (KEY,), 1),
        ("drop_claims", (KEY,), 1),
        ("read_levels", (PLACE, SKUS), 2 * len(SKUS)),
        ("apply_levels", (PLACE, SKUS, [1] * len(SKUS), [0] * len(SKUS), NOON, SHOPS), 10 * len(SKUS)),
        ("waiting_to_be_seen", (SHOPS, PLACE, 1000), 500),
        ("forget_promises", (NOON - timedelta(days=32), 500), 2000),
        ("not_named", (PLACE, NOON, "SKU-9", 200), 400),
        ("levels_of_place", (PLACE, "SKU-3", 100), 100),
        ("quantity", (PLACE, "SKU-1"), 1),
    ],
)
async def test_a_statement_looks_at_what_it_is_about(
    large: str, name: str, args: tuple[object, ...], most: int
) -> None:
    for plan in await plans(large, STOCK[name], *args):
        assert [table for table in scanned_whole(plan) if table != "stock_places"] == []
        assert rows_looked_at(plan) <= most
