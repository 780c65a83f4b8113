"""What the engine's statements cost when 70,000 flows have ended, 30,000 wait for later and 20 are due."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.postgres_cluster import RunningCluster, run
from tests.rooms.plans import plans, rows_looked_at, scanned_whole
from tests.rooms.processes.hub import FIRST

from tillway.postgres import Database
from tillway.processes.engine import SQL

LOAD = """
INSERT INTO processes.instances (id, definition, version, subject, state, data, correlation, due_at, deadline, owner,
    finished_at)
SELECT gen_random_uuid(), 'flow', 1, 'subject-' || n, 'doing', '{}', 'c',
    CASE WHEN n <= 20 THEN now() - interval '1 minute' WHEN n <= 30020 THEN now() + n * interval '1 second' END,
    now() + interval '1 day', 'test', CASE WHEN n > 30020 THEN now() END
FROM generate_series(1, 100020) AS n
"""


@pytest.fixture(scope="module")
def large(cluster: RunningCluster) -> Iterator[str]:
    made = cluster.database()

    async def load() -> None:
        async with Database(made, "load") as db:
            await db.fetch(LOAD)
            await db.fetch("ANALYZE processes.instances")

    run(load())
    yield made
    cluster.drop(made)


async def test_claiming_looks_at_what_is_due(large: str) -> None:
    for plan in await plans(large, SQL["claim"], FIRST, 6.0, 16, [str(FIRST)]):
        assert scanned_whole(plan) == []
        assert rows_looked_at(plan) <= 2 * 16 + 1


async def test_the_next_due_is_the_first_of_an_index(large: str) -> None:
    for plan in await plans(large, SQL["next_due"]):
        assert scanned_whole(plan) == []
        assert rows_looked_at(plan) == 1


async def test_claiming_when_nothing_is_due_looks_at_nothing(large: str) -> None:
    sql = SQL["claim"].replace("statement_timestamp()", "statement_timestamp() - interval '1 hour'")
    assert sql != SQL["claim"]
    for plan in await plans(large, sql, FIRST, 6.0, 16, [str(FIRST)]):
        assert rows_looked_at(plan) == 0


async def test_a_flow_is_found_by_its_subject(large: str) -> None:
    for plan in await plans(large, SQL["by_subject"], "subject-7"):
        assert scanned_whole(plan) == []
        assert rows_looked_at(plan) == 1
    for plan in await plans(large, SQL["instance"], "flow", "subject-7"):
        assert rows_looked_at(plan) == 1


async def test_exceptions_are_found_without_looking_at_the_rest(large: str) -> None:
    for plan in await plans(large, SQL["exceptions"], 500):
        assert (scanned_whole(plan), rows_looked_at(plan)) == ([], 0)
