"""Tells how many points were taken, and how long it took: a number that shrinks by itself would be a lost test."""

from __future__ import annotations

import pytest
from tests.crash.enumeration import REPORTS


def pytest_configure(config: pytest.Config) -> None:
    config.stash[REPORTS] = {}


def pytest_itemcollected(item: pytest.Item) -> None:
    """Wires are cut on purpose here, and the product runs in other processes."""
    item.add_marker(pytest.mark.filterwarnings("ignore:unclosed (transport|<socket):ResourceWarning"))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    for kind, report in terminalreporter.config.stash[REPORTS].items():
        terminalreporter.write_line(f"killed in the story of one {kind}: {report}")
