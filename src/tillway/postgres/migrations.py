"""Schema changes: forward only, `expand` first and `contract` a release later, so that release N-1 runs on N.

A room keeps `migrations/001_words.sql`, `002_...`; the first line says `-- tillway: expand` (adds, breaks nobody) or
`-- tillway: contract` (removes what the release before still used). Each file runs in one transaction together with
its row in `postgres.migrations`, so `CREATE INDEX CONCURRENTLY` and the like cannot stand in one.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import resources

from tillway.errors import Misconfigured

from .connections import Connection, connect, shown

OLDEST_POSTGRES = 15
"""Oldest major version the hub's SQL runs on (MERGE, NULLS NOT DISTINCT)."""

MIGRATION_LOCK = 0x7469_6C6C_7761_7900
"""Key of the advisory lock that lets one node migrate at a time: "tillway" in ASCII."""

_FILE = re.compile(r"(\d{3})_([a-z0-9_]+)\.sql\Z")
_HEADER = re.compile(r"-- tillway: (expand|contract)\s*\Z")

_REGISTRY = """
CREATE SCHEMA IF NOT EXISTS postgres;
CREATE TABLE IF NOT EXISTS postgres.migrations (
    room text NOT NULL,
    number int NOT NULL,
    name text NOT NULL,
    kind text NOT NULL CHECK (kind IN ('expand', 'contract')),
    sha256 text NOT NULL,
    version text NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (room, number)
)
"""


@dataclass(frozen=True, slots=True)
class Room:
    """A room that owns a schema: `name` is the schema's name, `package` holds `migrations/`."""

    name: str
    package: str


@dataclass(frozen=True, slots=True)
class Migration:
    """One file: which room and number, its words, kind (`expand` or `contract`), text and the text's SHA-256."""

    room: str
    number: int
    name: str
    kind: str
    sql: str
    sha256: str

    def __str__(self) -> str:
        return f"{self.room}/{self.number:03d}_{self.name}"


@dataclass(frozen=True, slots=True)
class Applied:
    """A row of `postgres.migrations`; `version` is the release that applied it."""

    room: str
    number: int
    name: str
    kind: str
    sha256: str
    version: str


def read(rooms: Sequence[Room]) -> tuple[Migration, ...]:
    """All migrations in the order they apply: rooms as given, then number. Misconfigured when a file is not as said."""
    return tuple(migration for room in rooms for migration in _read_room(room))


def pending(known: Sequence[Migration], applied: Sequence[Applied]) -> tuple[Migration, ...]:
    """What is still to apply (pure). Misconfigured: an applied file changed, or a newer release contracted."""
    mine = {(migration.room, migration.number): migration for migration in known}
    done: set[tuple[str, int]] = set()
    for row in applied:
        migration = mine.get((row.room, row.number))
        label = f"{row.room}/{row.number:03d}_{row.name}"
        if migration is None:
            if row.kind == "contract":
                raise Misconfigured(
                    f"the database has the contracting migration {label}, which this release does not know",
                    remedy=f"run release {row.version} or newer, which applied it",
                )
            continue
        if migration.sha256 != row.sha256:
            raise Misconfigured(
                f"migration {label} was changed after release {row.version} applied it",
                remedy="restore the file as it was and put the change into a new migration",
            )
        done.add((row.room, row.number))
    return tuple(migration for migration in known if (migration.room, migration.number) not in done)


def refuse_old(major: int, dsn: str) -> None:
    """Misconfigured when a server of this major version is too old for the hub (pure)."""
    if major < OLDEST_POSTGRES:
        raise Misconfigured(
            f"{shown(dsn)} is Postgres {major}, the hub needs {OLDEST_POSTGRES} or newer",
            remedy=f"upgrade it, point TILLWAY_DATABASE_URL at Postgres {OLDEST_POSTGRES}+, or use the embedded one",
        )


async def migrate(dsn: str, rooms: Sequence[Room], version: str) -> tuple[Migration, ...]:
    """Bring the database to this release (`version` is recorded) and say what was applied; () when nothing was to do.

    Safe from several nodes at once: the others wait for the first and then find nothing to do. Misconfigured:
    Postgres too old, a file changed after it was applied, or a newer release has contracted the schema.
    """
    known = read(rooms)
    connection = await connect(dsn, "migrate")
    try:
        refuse_old(connection.get_server_version().major, dsn)
        await connection.execute("SELECT pg_advisory_lock($1)", MIGRATION_LOCK)
        await connection.execute(_REGISTRY)
        todo = pending(known, await _applied(connection))
        for migration in todo:
            await _apply(connection, migration, version)
        return todo
    finally:
        await connection.close()  # ends the session and with it the lock


async def check(dsn: str, rooms: Sequence[Room]) -> tuple[Migration, ...]:
    """What `migrate` would apply, changing nothing. Misconfigured for the same reasons."""
    known = read(rooms)
    connection = await connect(dsn, "check")
    try:
        refuse_old(connection.get_server_version().major, dsn)
        registered = await connection.fetchval("SELECT to_regclass('postgres.migrations') IS NOT NULL")
        return pending(known, await _applied(connection) if registered else ())
    finally:
        await connection.close()


def _read_room(room: Room) -> list[Migration]:
    found: list[Migration] = []
    for entry in sorted(resources.files(room.package).joinpath("migrations").iterdir(), key=lambda item: item.name):
        if not entry.name.endswith(".sql"):
            continue
        match = _FILE.match(entry.name)
        if match is None:
            raise Misconfigured(f"{room.name}: {entry.name} is not named like 001_words.sql", remedy="rename the file")
        text = entry.read_text("utf-8")
        header = _HEADER.match(text.partition("\n")[0])
        if header is None:
            raise Misconfigured(
                f"{room.name}: the first line of {entry.name} does not say its kind",
                remedy="begin it with '-- tillway: expand' or '-- tillway: contract'",
            )
        digest = hashlib.sha256(text.encode()).hexdigest()
        found.append(Migration(room.name, int(match[1]), match[2], header[1], text, digest))
    numbers = [migration.number for migration in found]
    # Gaps are allowed: work that goes on side by side takes numbers of its own, and they apply in their order.
    if len(set(numbers)) < len(numbers):
        raise Misconfigured(f"{room.name}: migrations are numbered {numbers}", remedy="give each a number of its own")
    return found


async def _applied(connection: Connection) -> list[Applied]:
    rows = await connection.fetch("SELECT room, number, name, kind, sha256, version FROM postgres.migrations")
    return [Applied(*row) for row in rows]


async def _apply(connection: Connection, migration: Migration, version: str) -> None:
    async with connection.transaction():
        await connection.execute(migration.sql)
        await connection.execute(
            "INSERT INTO postgres.migrations (room, number, name, kind, sha256, version)"
            " VALUES ($1, $2, $3, $4, $5, $6)",
            migration.room,
            migration.number,
            migration.name,
            migration.kind,
            migration.sha256,
            version,
        )
