"""A database with the inbox, and a door that hears."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest
from tests.postgres_cluster import RunningCluster, run

from tillway.inbox import Inbox, sources
from tillway.postgres import Database, Room, migrate

# What a loaded machine may take; a door has a user of the far side waiting.
PATIENT = 20.0


@pytest.fixture(scope="module")
def inbox_dsn(cluster: RunningCluster) -> Iterator[str]:
    made = cluster.database(migrated=False)
    run(migrate(made, (Room("inbox", "tillway.inbox"),), "test"))
    yield made
    cluster.drop(made)


@pytest.fixture
async def db(inbox_dsn: str) -> AsyncIterator[Database]:
    async with Database(inbox_dsn, "inbox test") as opened:
        await opened.fetch("DELETE FROM inbox.sources")
        await opened.fetch("DELETE FROM inbox.nudges")
        yield opened


@pytest.fixture
async def secret(db: Database) -> str:
    """An address that connection `main` was given."""
    async with db.transaction() as tx:
        return sources.make(tx, "main")


@pytest.fixture
def inbox(db: Database) -> Inbox:
    """What one door hears."""
    known = {"product.template": ("products",), "stock.picking": ("shipments", "orders")}
    return Inbox(db, lambda model: known.get(model, ()), PATIENT)
