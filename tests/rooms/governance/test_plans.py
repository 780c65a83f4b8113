"""What lists and votes cost when years of changes are kept: 20,000 of them, with three votes each."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import UUID

import pytest
from tests.postgres_cluster import RunningCluster
from tests.rooms.plans import loaded, plans, rows_looked_at, scanned_whole

from tillway.governance.changes import LISTED_MAX, OF_STATE
from tillway.governance.statements import SQL

CHANGES = 20_000
LAST = UUID(int=(1 << 128) - 1)
LOAD = (
    "INSERT INTO governance.bundles VALUES ('d', '{}')",
    f"""
    INSERT INTO governance.changes (id, kind, state, proposer, proposer_kind, reason, base, base_bundle, hash, bundle,
        evidence, proposed_at, review_due, reviewed_at)
    SELECT lpad(to_hex(n), 32, '0')::uuid, 'change', CASE WHEN n % 1000 = 0 THEN 'open' ELSE 'published' END, 'p',
        'person', 'r', 'b', 'd', 'h', 'd', '{{}}', now(), CASE WHEN n % 50 = 0 THEN now() END,
        CASE WHEN n % 5000 <> 0 THEN now() END
    FROM generate_series(1, {CHANGES}) AS n
    """,
    f"""
    INSERT INTO governance.votes
    SELECT lpad(to_hex(1 + n % {CHANGES}), 32, '0')::uuid, 'p' || n / {CHANGES}, '{{}}', 'approve', 'h', 'r', now()
    FROM generate_series(0, {3 * CHANGES} - 1) AS n
    """,
    "ANALYZE governance.changes, governance.votes",
)


@pytest.fixture(scope="module")
def large(cluster: RunningCluster) -> Iterator[str]:
    yield from loaded(cluster, LOAD)


@pytest.mark.parametrize(
    ("name", "args", "rows"),
    [
        ("changes", (LAST, LISTED_MAX), LISTED_MAX),
        ("open", (LAST, LISTED_MAX), LISTED_MAX),
        ("published", (LAST, LISTED_MAX), LISTED_MAX + 1),
        ("owed_reviews", (100,), 100),
        ("change", (UUID(int=7),), 1),
        ("votes", ([UUID(int=number) for number in range(1, 11)],), 30),
    ],
)
async def test_nothing_is_read_from_end_to_end(large: str, name: str, args: tuple, rows: int) -> None:
    for plan in await plans(large, OF_STATE.get(name) or SQL[name], *args):
        assert (scanned_whole(plan), rows_looked_at(plan) <= rows) == ([], True), plan
