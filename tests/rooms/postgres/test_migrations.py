from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Iterator
from importlib import invalidate_caches
from pathlib import Path

import asyncpg
import pytest
from tests.postgres_cluster import rooms

from tillway.errors import Misconfigured
from tillway.postgres import Embedded, Room, check, migrate
from tillway.postgres.binaries import find_install

SCHEMA = "-- tillway: expand\nCREATE SCHEMA stock;\nCREATE TABLE stock.levels (sku text PRIMARY KEY);\n"
MORE = "-- tillway: expand\nALTER TABLE stock.levels ADD COLUMN free int;\n"
LESS = "-- tillway: contract\nALTER TABLE stock.levels DROP COLUMN free;\n"


@pytest.fixture
def make_room(tmp_path: Path) -> Iterator[Callable[..., Room]]:
    """Makes a package with these migrations, importable for this test."""
    sys.path.insert(0, str(tmp_path))
    made: list[str] = []

    def make(*texts: str, names: tuple[str, ...] = ("001_schema.sql", "002_more.sql", "003_less.sql")) -> Room:
        package = f"room_{tmp_path.name}_{len(made)}".replace("-", "_")
        directory = tmp_path / package / "migrations"
        directory.mkdir(parents=True)
        (directory.parent / "__init__.py").touch()
        for name, text in zip(names, texts, strict=False):
            (directory / name).write_text(text)
        made.append(package)
        invalidate_caches()
        return Room("stock", package)

    yield make
    sys.path.remove(str(tmp_path))
    for package in made:
        sys.modules.pop(package, None)


@pytest.fixture
def empty(make_database: Callable[..., str]) -> str:
    return make_database(migrated=False)


async def ask(dsn: str, sql: str) -> list[tuple[object, ...]]:
    connection = await asyncpg.connect(dsn)
    try:
        return [tuple(row) for row in await connection.fetch(sql)]
    finally:
        await connection.close()


APPLIED = "SELECT room, number, name, kind, version FROM postgres.migrations ORDER BY room, number"


async def test_migrations_apply_in_order_and_a_second_time_nothing_is_to_do(
    empty: str, make_room: Callable[..., Room]
) -> None:
    room = make_room(SCHEMA, MORE)
    assert [str(one) for one in await check(empty, [room])] == ["stock/001_schema", "stock/002_more"]
    assert [str(one) for one in await migrate(empty, [room], "1.0")] == ["stock/001_schema", "stock/002_more"]
    assert await migrate(empty, [room], "1.1") == ()
    assert await check(empty, [room]) == ()
    assert await ask(empty, APPLIED) == [
        ("stock", 1, "schema", "expand", "1.0"),
        ("stock", 2, "more", "expand", "1.0"),
    ]


async def test_nodes_that_migrate_at_once_do_it_once(empty: str, make_room: Callable[..., Room]) -> None:
    room = make_room(SCHEMA, MORE, LESS)
    applied = await asyncio.gather(*(migrate(empty, [room], f"node {number}") for number in range(4)))
    assert sorted(len(one) for one in applied) == [0, 0, 0, 3]
    assert len({row[4] for row in await ask(empty, APPLIED)}) == 1


async def test_a_migration_that_fails_leaves_nothing_of_itself_and_keeps_those_before(
    empty: str, make_room: Callable[..., Room]
) -> None:
    broken = "-- tillway: expand\nCREATE TABLE stock.more (a int);\nSELECT 1 / 0;\n"
    with pytest.raises(asyncpg.DivisionByZeroError):
        await migrate(empty, [make_room(SCHEMA, broken)], "1.0")
    assert await ask(empty, "SELECT tablename FROM pg_tables WHERE schemaname = 'stock'") == [("levels",)]
    assert [str(one) for one in await migrate(empty, [make_room(SCHEMA, MORE)], "1.1")] == ["stock/002_more"]


async def test_a_changed_file_is_refused(empty: str, make_room: Callable[..., Room]) -> None:
    await migrate(empty, [make_room(SCHEMA)], "1.0")
    changed = make_room(SCHEMA + "-- a remark\n")
    for act in (migrate(empty, [changed], "1.1"), check(empty, [changed])):
        with pytest.raises(Misconfigured, match=r"stock/001_schema was changed after release 1\.0 applied it"):
            await act


async def test_the_release_before_runs_on_an_expanded_schema_and_refuses_a_contracted_one(
    empty: str, make_room: Callable[..., Room]
) -> None:
    before, expanded, contracted = make_room(SCHEMA), make_room(SCHEMA, MORE), make_room(SCHEMA, MORE, LESS)
    await migrate(empty, [expanded], "2.0")
    assert await migrate(empty, [before], "1.0") == ()
    await migrate(empty, [contracted], "3.0")
    with pytest.raises(Misconfigured, match="stock/003_less") as refused:
        await migrate(empty, [before], "1.0")
    assert refused.value.remedy == "run release 3.0 or newer, which applied it"


@pytest.mark.parametrize(
    ("texts", "names", "match"),
    [
        (("CREATE SCHEMA stock;\n",), ("001_schema.sql",), "does not say its kind"),
        ((SCHEMA,), ("1_schema.sql",), "is not named like"),
        ((SCHEMA, MORE), ("001_more.sql", "001_schema.sql"), r"are numbered \[1, 1\]"),
    ],
)
async def test_files_that_are_not_as_agreed_are_refused(
    empty: str, make_room: Callable[..., Room], texts: tuple[str, ...], names: tuple[str, ...], match: str
) -> None:
    with pytest.raises(Misconfigured, match=match):
        await migrate(empty, [make_room(*texts, names=names)], "1.0")


async def test_every_room_of_the_hub_migrates_on_an_older_postgres_too(tmp_path: Path) -> None:
    """The wheel also carries Postgres 16, which stands for a server of the operator's own."""
    older = find_install().with_name("pginstall")
    known = [str(one) for one in await check_on(older, tmp_path)]
    assert all(name.split("/")[0] in {room.name for room in rooms()} for name in known)


async def check_on(install: Path, state: Path) -> tuple[object, ...]:
    with Embedded(state, durable=False, install=install) as server:
        assert (await ask(server.dsn(), "SELECT current_setting('server_version_num')::int / 10000"))[0][0] == 16
        applied = await migrate(server.dsn(), rooms(), "test")
        assert await check(server.dsn(), rooms()) == ()
    return applied
