"""A database with the rooms that stand behind the door, and a table to count effects in."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest
from tests.postgres_cluster import RunningCluster, run

from tillway.postgres import Database, Room, migrate

ROOMS = tuple(Room(name, f"tillway.{name}") for name in ("journal", "identity", "audit", "records", "gateway"))


@pytest.fixture(scope="module")
def door_dsn(cluster: RunningCluster) -> Iterator[str]:
    """A database of this module's own."""
    made = cluster.database(migrated=False)
    run(migrate(made, ROOMS, "test"))
    yield made
    cluster.drop(made)


@pytest.fixture
async def database(door_dsn: str) -> AsyncIterator[Database]:
    """The module's database, opened for this test."""
    async with Database(door_dsn, "door test") as opened:
        yield opened
