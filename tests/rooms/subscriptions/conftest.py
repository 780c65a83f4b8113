"""A database of its own for each test of this room, a receiver, and the landscape in force."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest
from aiohttp import web
from tests.postgres_cluster import RunningCluster, run
from tests.pure.subscriptions.events import landscape
from tests.rooms.subscriptions.hub import ROOMS, Receiver

from tillway.landscape import Active
from tillway.postgres import migrate


@pytest.fixture
def dsn(cluster: RunningCluster) -> Iterator[str]:
    made = cluster.database(migrated=False)
    run(migrate(made, ROOMS, "test"))
    yield made
    cluster.drop(made)


@pytest.fixture
def active() -> Active:
    """The sample without a subscription of its own."""
    declared = """subscriptions:
  webshop-orders:
    consumer: webshop
    types: [order.accepted]
    delivery: {kind: webhook, url: "http://127.0.0.1:9/declared", secret: {env: HOOK_SECRET}}
"""
    return Active(landscape((declared, "")))


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    made = Receiver()
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", made.handle)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    made.url = f"http://127.0.0.1:{runner.addresses[0][1]}/hook"
    yield made
    await runner.cleanup()
