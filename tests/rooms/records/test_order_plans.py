"""What statements about orders, sales, customers and findings cost when many years of them are held."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from tests.postgres_cluster import RunningCluster
from tests.rooms.plans import loaded, nodes, plans, rows_looked_at, scanned_whole

from tillway.records import BACK_OFFICE, customers, order_changes, payments, returns, seen
from tillway.records.statements import SQL

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
SINCE = datetime(2026, 11, 23, 0, tzinfo=UTC)
KEY, FIRST = UUID("c4ca4238-a0b9-2382-0dcc-509a6f75849b"), UUID(int=0)
"""What md5 makes of 1, and of nothing."""

LOAD = (
    """
    INSERT INTO records.orders (id, consumer, shop, reference, status, placed_at, document)
    SELECT md5(n::text)::uuid, 'web', 'shop-' || n % 10, 'R' || n, 'accepted',
        timestamptz '2026-11-23 12:00Z' - n * interval '1 minute', '{"gross": "1", "currency": "EUR", "lines": [1]}'
    FROM generate_series(1, 50000) AS n
    """,
    """
    INSERT INTO records.sales (id, consumer, till, epoch, sequence, shop, status, content_hash, document, received_at)
    SELECT md5(n::text)::uuid, 'till', 't', 'e', n, 'shop-' || n % 10, 'recorded', '', '{"gross": "1", "currency": "EUR"}',
        timestamptz '2026-11-23 12:00Z' - n * interval '1 minute'
    FROM generate_series(1, 50000) AS n
    """,
    """
    INSERT INTO records.order_changes (id, order_id, kind, status, asked_at)
    SELECT md5(n::text)::uuid, md5(n::text)::uuid, 'invoice', CASE WHEN n % 1000 = 0 THEN 'asked' ELSE 'done' END, now()
    FROM generate_series(1, 50000) AS n
    """,
    """
    INSERT INTO records.payments (id, order_id, status, content_hash, document)
    SELECT md5(n::text)::uuid, md5(n::text)::uuid, 'recorded', '', '{}' FROM generate_series(1, 20000) AS n
    """,
    """
    INSERT INTO records.sold_lines (sold, line, quantity)
    SELECT md5((n / 4)::text)::uuid, n % 4, 1 FROM generate_series(1, 20000) AS n
    """,
    """
    INSERT INTO records.customers (id, connection, status, merged_into, version, delivered, document)
    SELECT md5(n::text)::uuid, 'odoo', 'active', CASE WHEN n % 100 = 0 THEN md5((n - 1)::text)::uuid END, 1, 1, '{}'
    FROM generate_series(1, 20000) AS n
    """,
    """
    INSERT INTO records.customer_keys (digest, customer, kind)
    SELECT md5(n::text), md5(n::text)::uuid, 'email' FROM generate_series(1, 20000) AS n
    """,
    """
    INSERT INTO records.links (kind, ours, connection, theirs, name)
    SELECT kind, md5(n::text)::uuid::text, 'odoo', n::text, n::text
    FROM generate_series(1, 20000) AS n, unnest(ARRAY['customer', 'order']) AS kind
    """,
    """
    INSERT INTO records.documents (connection, kind, theirs, waiting)
    SELECT 'odoo', 'order', n::text, CASE WHEN n % 1000 = 0 THEN '{}'::jsonb END FROM generate_series(1, 20000) AS n
    """,
    """
    INSERT INTO records.data_findings (connection, foreign_id, kind, sku, left_out, detail, ended_at)
    SELECT 'odoo', n::text, 'no-code', 'SKU-' || n, true, '', CASE WHEN n % 100 > 0 OR n < 40000 THEN now() END
    FROM generate_series(1, 50000) AS n
    """,
    "ANALYZE records.orders, records.sales, records.order_changes, records.payments, records.sold_lines",
    "ANALYZE records.customers, records.customer_keys, records.links, records.documents, records.data_findings",
)


@pytest.fixture(scope="module")
def large(cluster: RunningCluster) -> Iterator[str]:
    yield from loaded(cluster, LOAD)


@pytest.mark.parametrize(
    ("sql", "args", "most"),
    [
        (order_changes.SQL["held_order"], (KEY,), 6),
        (order_changes.SQL["orders_of"], ("web", NOON, FIRST, 100), 200),
        (order_changes.SQL["orders_of_by_reference"], ("web", NOON, FIRST, 100, "R7000"), 2),
        (order_changes.SQL["settle_change"], (KEY, "done", None), 1),
        (payments.SQL["payments_of"], (KEY, 100), 2),
        (payments.SQL["settle_payment"], (KEY, "recorded"), 1),
        (returns.SQL["lock_lines"], (KEY, [1, 2]), 4),
        (returns.SQL["authorise"], (KEY, [1, 2], [1, 1]), 8),
        (seen.SQL["lock_documents"], ("odoo", "order", ["1", "2"]), 4),
        (seen.SQL["waiting_documents"], ("odoo", "order", 100), 100),
        (seen.SQL["orders_linked"], ("odoo", ["1", "2"]), 4),
        (seen.SQL["orders_unlinked"], ("odoo", [KEY]), 2),
        (seen.SQL["lock_orders"], ([KEY],), 2),
        (seen.SQL["invoicings"], ([KEY],), 2),
        (SQL["orders_by_reference"], ("R7", 10), 2),
        (SQL["sale_by_sequence"], ("t", "e", 7), 1),
        (SQL["quarantined"], (100,), 0),
        (SQL["linked_by_name"], ("7", 10), 2),
    ],
)
async def test_orders_are_found_without_looking_at_others(
    large: str, sql: str, args: tuple[Any, ...], most: int
) -> None:
    for plan in await plans(large, sql, *args):
        assert scanned_whole(plan) == []
        assert rows_looked_at(plan) <= most


@pytest.mark.parametrize(("kind", "but_for"), [("orders", (BACK_OFFICE,)), ("sales", ())])
async def test_what_is_compared_is_looked_for_in_its_span(large: str, kind: str, but_for: tuple[str, ...]) -> None:
    for plan in await plans(large, SQL[f"{kind}_in_span"], FIRST, ["shop-1", "shop-2"], SINCE, NOON, 20_000):
        assert scanned_whole(plan) == []
        assert rows_looked_at(plan) <= 12 * 60
        assert {node.get("Index Name") for node in nodes(plan)} & {"orders_placed", "sales_received"}
    for plan in await plans(large, SQL[f"{kind}_to_compare"], [KEY], *but_for):
        assert scanned_whole(plan) == []
        assert rows_looked_at(plan) <= 1


@pytest.mark.parametrize(
    ("name", "args", "most"),
    [
        ("customer", (KEY,), 2),
        ("lock_customers", ([KEY],), 1),
        ("customers_by_keys", (["c4ca4238a0b923820dcc509a6f75849b"], ["odoo"], 10), 2),
        ("drop_customer_keys", ([KEY],), 1),
        ("merge_customers", (KEY, [KEY]), 4),
        ("erase_customers", ([KEY],), 4),
        ("customers_with_keys", (["c4ca4238a0b923820dcc509a6f75849b"],), 1),
        ("customers_there", ("odoo", ["1", "2", "3"]), 9),
        ("customers_named", ([KEY],), 2),
        ("customers_unlinked", (["c4ca4238a0b923820dcc509a6f75849b"], "odoo"), 3),
        ("customer_links", ("odoo", "a", 100), 210),
        ("customers_of", ("odoo", "7", "x"), 3),
    ],
)
async def test_customers_are_found_without_looking_at_others(
    large: str, name: str, args: tuple[Any, ...], most: int
) -> None:
    for plan in await plans(large, customers.SQL[name], *args):
        assert scanned_whole(plan) == []
        assert rows_looked_at(plan) <= most


@pytest.mark.parametrize(
    ("name", "args", "most"),
    [
        ("end_findings", ("odoo", ["40000", "40100", "41001"], [], []), 3),
        ("left_out_records", ("odoo", "4", 50), 110),
        ("findings_page", (None, None, None, 0, 100), 101),
        ("findings_counted", (None,), 101),
    ],
)
async def test_findings_that_ended_are_not_looked_at(large: str, name: str, args: tuple[Any, ...], most: int) -> None:
    for plan in await plans(large, SQL[name], *args):
        assert scanned_whole(plan) == []
        assert rows_looked_at(plan) <= most
