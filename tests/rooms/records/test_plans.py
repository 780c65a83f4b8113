"""What the statements of a refresh cost among 50,000 products."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.postgres_cluster import RunningCluster, run
from tests.rooms.plans import plans, rows_looked_at, scanned_whole

from tillway.postgres import Database
from tillway.records.statements import SQL

LOAD = """
INSERT INTO records.products (sku, connection, variant, template, active, hash, document)
SELECT 'SKU-' || n, 'odoo', n::text, n::text, n % 10 > 0, '', jsonb_build_object('name', 'Thing ' || n % 1000) FROM generate_series(1, 50000) AS n
"""


@pytest.fixture(scope="module")
def large(cluster: RunningCluster) -> Iterator[str]:
    made = cluster.database()

    async def load() -> None:
        async with Database(made, "load") as db:
            await db.fetch(LOAD)
            await db.fetch("ANALYZE records.products")

    run(load())
    yield made
    cluster.drop(made)


async def test_a_page_is_compared_with_the_products_it_names(large: str) -> None:
    numbers = [str(number) for number in range(1000, 1050)]
    for plan in await plans(large, SQL["lock_products"], [f"SKU-{each}" for each in numbers], "odoo", numbers):
        assert scanned_whole(plan) == []
        assert rows_looked_at(plan) <= 2 * len(numbers)


async def test_pages_go_by_code(large: str) -> None:
    for sql, args in ((SQL["products_page"], ("SKU-3", 100)), (SQL["products_of"], ("odoo", "SKU-3", 100))):
        for plan in await plans(large, sql, *args):
            assert scanned_whole(plan) == []
            assert rows_looked_at(plan) <= 130


async def test_words_are_looked_up(large: str) -> None:
    (custom, _) = await plans(large, SQL["products_matching"], "'thing':* & '37':*", "SKU-3", 100)
    assert scanned_whole(custom) == []
    assert rows_looked_at(custom) <= 5_000
