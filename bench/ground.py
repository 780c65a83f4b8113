"""Where benchmarks stand: a directory on a real disk, a durable cluster in it, databases with the hub's schema."""

from __future__ import annotations

import contextlib
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Final

import asyncpg

from tillway.app.rooms import ROOMS
from tillway.postgres import Embedded, migrate

# Not the machine's temporary directory, which is memory on many.
DISK: Final = Path("/var/tmp")

# File systems that live in memory: a durable commit costs nothing there.
_IN_MEMORY: Final = frozenset({"tmpfs", "ramfs"})


@contextlib.contextmanager
def directory() -> Iterator[Path]:
    """A fresh directory on a disk, removed at the end. RuntimeError when there is only memory."""
    kind = _file_system(DISK)
    if kind in _IN_MEMORY:
        raise RuntimeError(f"{DISK} is {kind}: a benchmark of durable commits needs a disk")
    made = Path(tempfile.mkdtemp(prefix="tillway-bench-", dir=DISK))
    try:
        yield made
    finally:
        shutil.rmtree(made, ignore_errors=True)


@contextlib.contextmanager
def cluster() -> Iterator[Embedded]:
    """A running cluster with fsync and synchronous_commit on."""
    with directory() as state, Embedded(state, durable=True) as server:
        yield server


async def database(dsn: str, name: str) -> str:
    """The DSN of a fresh database `name` on the server of `dsn`, with every room's schema."""
    made = renamed(dsn, name)
    async with connected(renamed(dsn, "postgres")) as connection:
        await connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        await connection.execute(f"CREATE DATABASE {name}")
    await migrate(made, ROOMS, "bench")
    return made


def renamed(dsn: str, name: str) -> str:
    """The same server, another database. Pure."""
    place, _, query = dsn.partition("?")
    return f"{place.rpartition('/')[0]}/{name}?{query}"


@contextlib.asynccontextmanager
async def connected(dsn: str) -> AsyncIterator[asyncpg.Connection]:
    """A plain connection of the driver."""
    connection = await asyncpg.connect(dsn)
    try:
        yield connection
    finally:
        await connection.close()


def _file_system(path: Path) -> str:
    """The kind of file system that holds a path: that of the longest mount point above it."""
    found = ("", "")
    for mount in Path("/proc/mounts").read_text("utf-8").splitlines():
        _, point, kind, *_ = mount.split()
        if path.is_relative_to(point) and len(point) > len(found[0]):
            found = (point, kind)
    return found[1]
