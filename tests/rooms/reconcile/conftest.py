"""A database of its own for each test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.postgres_cluster import RunningCluster


@pytest.fixture
def dsn(cluster: RunningCluster) -> Iterator[str]:
    made = cluster.database()
    yield made
    cluster.drop(made)
