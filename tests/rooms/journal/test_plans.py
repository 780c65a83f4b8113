"""What the journal's statements cost when it is large: 240,000 events in five months, 20,000 parked, 2,000 lanes."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from tests.postgres_cluster import RunningCluster, run
from tests.rooms.journal.world import NODE
from tests.rooms.plans import nodes, plans, rows_looked_at, scanned_whole, touched

from tillway.journal import ensure_partitions
from tillway.journal.appending import SQL
from tillway.postgres import Database

MONTHS = ("202601", "202602", "202603", "202604", "202605")
EVENTS = 240_000

LOAD = f"""
WITH numbered AS (
    SELECT n, timestamptz '2026-01-01 00:00Z' + (n - 1) * interval '150 days' / {EVENTS} AS at
    FROM generate_series(1, {EVENTS}) AS n
), made AS (
    INSERT INTO journal.events SELECT n, n, at, gen_random_uuid(), (ARRAY['common.thing', 'rare.thing'])[1 + (n % 5000 = 0)::int],
        'k' || n % 1000, 'k' || n % 1000, n, at, 'c' || n % 5000, NULL, NULL, 'internal', 'standard', '{{"n": 0}}', NULL
    FROM numbered
), marked AS (
    INSERT INTO journal.marks SELECT n, at FROM numbered WHERE n % 1000 = 1
), parked AS (
    INSERT INTO journal.parked (follower, position, lane, partitionkey, event_id, behind, reason, detail, next_attempt, owner)
    SELECT 'f' || n % 200, n, 0, 'k' || n % 1000, gen_random_uuid(), n % 2 = 0, 'poison', '', at + interval '10 years', 'o'
    FROM numbered WHERE n <= 20000
), followers AS (
    INSERT INTO journal.followers (name, lane, lanes, position) SELECT 'f' || n, 0, 1, 0 FROM generate_series(1, 2000) AS n
), staged AS (
    INSERT INTO journal.staged SELECT n, gen_random_uuid(), 't', 's', 's', n, at, 'c', NULL, NULL, 'internal', 'standard',
        '{{}}', NULL FROM numbered WHERE n <= 50000
)
UPDATE journal.head SET position = {EVENTS}, recorded_at = timestamptz '2026-05-31 00:00Z', owner = $1, fence = 1,
    expires_at = 'infinity'
RETURNING position
"""


@pytest.fixture(scope="module")
def large(cluster: RunningCluster) -> Iterator[str]:
    made = cluster.database()

    async def load() -> None:
        async with Database(made, "load") as db:
            for month in range(1, 6):
                await ensure_partitions(db, datetime(2026, month, 1, tzinfo=UTC))
            assert await db.fetchval(LOAD, NODE) == EVENTS
            await db.fetchval("INSERT INTO journal.nodes VALUES ($1, 'works', now(), 'infinity') RETURNING 1", NODE)
            for table in ("events", "marks", "parked", "followers", "staged", "head", "nodes"):
                await db.fetch(f"ANALYZE journal.{table}")

    run(load())
    yield made
    cluster.drop(made)


def months(plan: dict[str, Any]) -> list[str]:
    """The months whose partitions were looked into."""
    return sorted({name.rpartition("_")[2] for name in touched(plan, "events_")} & set(MONTHS))


@pytest.mark.parametrize("types", [None, ["common.thing"], ["rare.thing"]])
async def test_read_goes_by_position_and_prunes_what_is_before_the_mark(large: str, types: list[str] | None) -> None:
    after = 230_500  # the mark before it, 230,001, was made in the fifth month
    for plan in await plans(large, SQL["read"], after, 500, types, after + 50_000):
        assert [name for name in scanned_whole(plan) if name.startswith("events")] == []
        assert months(plan) == ["202605"]
        assert rows_looked_at(plan) <= (EVENTS - after if types == ["rare.thing"] else 500) + 10


async def test_read_near_the_head_looks_at_what_it_hands_out(large: str) -> None:
    for plan in await plans(large, SQL["read"], EVENTS - 3, 2000, None, EVENTS + 49_997):
        assert [name for name in scanned_whole(plan) if name.startswith("events")] == []
        assert rows_looked_at(plan) <= 10


async def test_read_by_subject_and_by_correlation_use_their_indexes(large: str) -> None:
    for plan in await plans(large, SQL["read_subject"], 0, 100, "k7"):
        assert [name for name in scanned_whole(plan) if name.startswith("events")] == []
    for plan in await plans(large, SQL["read_correlation"], ["c7"], 100):
        assert [name for name in scanned_whole(plan) if name.startswith("events")] == []


async def test_a_beginning_is_read_from_an_index_and_asks_what_waits_only_when_there_is_none(large: str) -> None:
    for plan in await plans(large, SQL["beginning"], "k7"):
        assert [name for name in scanned_whole(plan) if name.startswith("events")] == []
        assert rows_looked_at(plan) <= 10


async def test_the_oldest_is_found_without_a_scan(large: str) -> None:
    for plan in await plans(large, SQL["oldest"]):
        assert [name for name in scanned_whole(plan) if name.startswith("events")] == []


async def test_sequence_takes_its_batch_by_index_and_leaves_the_rest_alone(large: str) -> None:
    for plan in await plans(large, SQL["sequence"], NODE, 1, 2000, 1000):
        assert "staged" not in scanned_whole(plan)
        assert touched(plan, "events") == []
        staged = [node for node in nodes(plan) if node.get("Relation Name") == "staged"]
        assert max(node["Actual Rows"] * node["Actual Loops"] for node in staged) <= 2000


async def test_due_and_due_lanes_look_at_nothing_that_is_not_due(large: str) -> None:
    for sql, args in ((SQL["due"], ("f7", 0, 20)), (SQL["due_lanes"], ())):
        for plan in await plans(large, sql, *args):
            assert scanned_whole(plan) == []
            assert rows_looked_at(plan) == 0


async def test_parking_looks_only_at_the_keys_of_the_batch(large: str) -> None:
    for plan in await plans(large, SQL["parked_keys"], "f7", ["k7", "k8", "k9"]):
        assert scanned_whole(plan) == []
        assert rows_looked_at(plan) <= 60
    for plan in await plans(large, SQL["promote"], "f7", "k7"):
        assert "parked" not in scanned_whole(plan)


async def test_claim_and_move_go_by_key(large: str) -> None:
    for plan in await plans(large, SQL["claim"], NODE, ["f1", "f2"], [0, 0]):
        assert "followers" not in scanned_whole(plan)
    for plan in await plans(large, SQL["move"], "f1", 0, NODE, 1, 5):
        assert scanned_whole(plan) == []
