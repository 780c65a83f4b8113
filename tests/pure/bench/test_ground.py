"""Where benchmarks stand."""

from __future__ import annotations

from bench.ground import renamed


def test_another_database_of_the_same_server() -> None:
    dsn = "postgresql://postgres@/tillway?host=/var/tmp/state/postgres/data/socket"
    assert renamed(dsn, "other") == "postgresql://postgres@/other?host=/var/tmp/state/postgres/data/socket"
