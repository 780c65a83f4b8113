"""The hub that the contract is held against."""

from __future__ import annotations

import pytest
from tests.contract.small_hub import fill, opened
from tests.postgres_cluster import run


@pytest.fixture(scope="module")
def filled(dsn):
    """A database of this module's own with the assortment loaded."""
    run(fill(dsn))
    return dsn


@pytest.fixture
async def hub(filled):
    """A door over this module's database; every answer is held against the contract."""
    async with opened(filled) as opened_hub:
        yield opened_hub
