"""What every test may ask for: a real Postgres, a database of its own, and how hard Hypothesis tries."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator, Callable, Iterator

import pytest
from hypothesis import HealthCheck, settings
from tests.postgres_cluster import RunningCluster

from tillway import sealing
from tillway.postgres import Database

settings.register_profile("ci", derandomize=True, database=None, deadline=None)
settings.register_profile(
    "fuzz",
    derandomize=False,
    database=None,
    deadline=None,
    max_examples=5_000,
    print_blob=True,
    suppress_health_check=(HealthCheck.too_slow, HealthCheck.data_too_large),
)
settings.load_profile("ci")


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """A fuzz run gets a seed that can be given again with --hypothesis-seed."""
    if config.option.hypothesis_profile == "fuzz" and config.option.hypothesis_seed is None:
        config.option.hypothesis_seed = str(secrets.randbelow(2**32))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    option = terminalreporter.config.option
    if option.hypothesis_profile == "fuzz":
        terminalreporter.write_line(f"repeat with --hypothesis-seed={option.hypothesis_seed}")


@pytest.fixture(scope="session", autouse=True)
def sealing_keys() -> None:
    """The keys that this test process seals with, where no hub was started that brought its own."""
    sealing.use(sealing.Ring({"test": sealing.new_secret()}, "test", sealing.new_secret()))


@pytest.fixture(scope="session")
def cluster() -> Iterator[RunningCluster]:
    """The Postgres of this test process; a test that kills it waits until it is back."""
    running = RunningCluster()
    yield running
    running.stop()


@pytest.fixture(scope="module")
def dsn(cluster: RunningCluster) -> Iterator[str]:
    """A database of this module's own with every room's schema. Tests of one module share it."""
    made = cluster.database()
    yield made
    cluster.drop(made)


@pytest.fixture
def make_database(cluster: RunningCluster) -> Iterator[Callable[..., str]]:
    """Makes databases of this test's own: `make_database()` migrated, `make_database(migrated=False)` empty."""
    made: list[str] = []

    def make(*, migrated: bool = True) -> str:
        made.append(cluster.database(migrated=migrated))
        return made[-1]

    yield make
    for one in made:
        cluster.drop(one)


@pytest.fixture
async def db(dsn: str) -> AsyncIterator[Database]:
    """The module's database, opened for this test."""
    async with Database(dsn, "test") as database:
        yield database
