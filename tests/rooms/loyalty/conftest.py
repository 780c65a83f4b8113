"""A database of its own for each test, and an Odoo: the sandbox and, where there is one, a real one."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest
from tests.postgres_cluster import RunningCluster
from tests.rooms.connectors import far_side
from tests.rooms.connectors.far_side import FarSide
from tests.rooms.connectors.lossy_proxy import LossyProxy

from tillway.outbound import Client, reach


@pytest.fixture
def dsn(cluster: RunningCluster) -> Iterator[str]:
    made = cluster.database()
    yield made
    cluster.drop(made)


@pytest.fixture(scope="session", params=far_side.names())
def far(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[FarSide]:
    with far_side.running(request.param, tmp_path_factory.mktemp("far")) as running:
        yield running


@pytest.fixture
async def client() -> AsyncIterator[Client]:
    async with Client(reach(["127.0.0.0/8"])) as client:
        yield client


@pytest.fixture
async def proxy(far: FarSide) -> AsyncIterator[LossyProxy]:
    async with LossyProxy(far.url).running() as proxy:
        yield proxy
