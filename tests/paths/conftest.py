"""One demo per test process, as a user starts it; tests use keys of their own in it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests import running_demo
from tests.running_demo import Demo


def pytest_itemcollected(item: pytest.Item) -> None:
    """The product runs in other processes: a connection of a test's own client that a killed hub left half open, found by
    the collector some tests later, says nothing of it.
    """
    item.add_marker(pytest.mark.filterwarnings("ignore:unclosed (transport|<socket):ResourceWarning"))


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    state = Path(tmp_path_factory.mktemp("demo")) / "state"
    running = running_demo.start(state)
    try:
        with asyncio.Runner() as runner:
            runner.run(running.ready())
        yield running
    finally:
        code = running.stop()
    assert code == 0, (state.parent / "state.log").read_text()
