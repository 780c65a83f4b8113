"""One promise suite, two far sides: every test runs on the sandbox and, where there is one, on a real Odoo."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from datetime import timedelta

import pytest
from tests.rooms.connectors import far_side
from tests.rooms.connectors.far_side import FarSide, Retailer
from tests.rooms.connectors.lossy_proxy import LossyProxy
from tests.rooms.connectors.world import World

from tillway import clock
from tillway.outbound import Client, reach
from tillway.retail import Call, Criticality


@pytest.fixture(scope="session", params=far_side.names())
def far(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[FarSide]:
    """The server."""
    with far_side.running(request.param, tmp_path_factory.mktemp("far")) as running:
        yield running


@pytest.fixture(scope="session")
def shop(far: FarSide) -> Retailer:
    """The retailer made there for this run."""
    return far_side.retailer(far)


@pytest.fixture
async def client() -> AsyncIterator[Client]:
    async with Client(reach(["127.0.0.0/8"])) as client:
        yield client


@pytest.fixture
async def proxy(far: FarSide) -> AsyncIterator[LossyProxy]:
    async with LossyProxy(far.url).running() as proxy:
        yield proxy


@pytest.fixture
def world(far: FarSide, shop: Retailer, client: Client, proxy: LossyProxy) -> World:
    """Everything together, with a connector that speaks through the proxy."""
    return World(far=far, shop=shop, client=client, proxy=proxy)


@pytest.fixture
def call() -> Call:
    return Call(
        criticality=Criticality.HIGH,
        deadline=clock.now() + timedelta(seconds=120),
        correlation="test",
        reference="test",
        company="1",
    )
