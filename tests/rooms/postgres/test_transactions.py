from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import asyncpg
import pytest
from tests.rooms.postgres.relay import Relay, relayed

from tillway.clock import monotonic
from tillway.errors import Misconfigured, OutcomeUnknown, Unavailable
from tillway.postgres import Database, Part, in_transaction


@pytest.fixture
async def notes(db: Database) -> Database:
    async with db.transaction() as tx:
        await tx.execute("CREATE TABLE IF NOT EXISTS notes (id int PRIMARY KEY, body jsonb)")
        await tx.execute("TRUNCATE notes")
    return db


@pytest.fixture
def socket_directory() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="relay-") as name:
        yield Path(name)


@pytest.fixture
async def far(notes: Database, dsn: str, socket_directory: Path) -> AsyncIterator[tuple[Database, Relay]]:
    """The database behind a relay, warmed up so that each statement used here is prepared."""
    async with relayed(dsn, socket_directory) as (far_dsn, relay), Database(far_dsn, "far") as database:
        async with database.transaction() as tx:
            tx.stage(note(0))
            tx.stage(note(-1))
        async with database.transaction() as tx:
            tx.stage(note(-2))
        relay.rounds = 0
        yield database, relay


def note(number: int, body: str = "{}") -> Part:
    return Part("note", "INSERT INTO notes VALUES ($1, $2)", (number, body))


async def ids(database: Database) -> list[int]:
    return [row["id"] for row in await database.fetch("SELECT id FROM notes WHERE id > 0 ORDER BY id")]


async def test_staged_parts_are_one_round_trip(far: tuple[Database, Relay], notes: Database) -> None:
    database, relay = far
    async with database.transaction() as tx:
        tx.stage(note(1))
        tx.stage(note(2))
    assert relay.rounds == 1
    assert await ids(notes) == [1, 2]


async def test_a_transaction_in_which_nothing_happened_asks_the_server_nothing(far: tuple[Database, Relay]) -> None:
    database, relay = far
    async with database.transaction():
        pass
    assert relay.rounds == 0


async def test_what_was_staged_is_seen_by_a_later_fetch_of_the_same_transaction(notes: Database) -> None:
    async with notes.transaction() as tx:
        tx.stage(note(1))
        assert await tx.fetchval("SELECT count(*) FROM notes") == 1
        assert await notes_outside(notes) == 0
        tx.stage(note(2))
    assert await ids(notes) == [1, 2]


async def notes_outside(database: Database) -> int:
    connection = await asyncpg.connect(database.dsn)
    try:
        return await connection.fetchval("SELECT count(*) FROM notes")
    finally:
        await connection.close()


async def test_a_staged_select_runs_for_its_effect(notes: Database) -> None:
    async with notes.transaction() as tx:
        await tx.execute(
            "CREATE OR REPLACE FUNCTION keep(number int) RETURNS void LANGUAGE sql"
            " AS 'INSERT INTO notes VALUES (number, NULL)'"
        )
    async with notes.transaction() as tx:
        tx.stage(Part("kept", "SELECT keep($1)", (7,)))
        tx.stage(note(8))
    assert await ids(notes) == [7, 8]


async def test_json_and_time_come_as_text_and_aware(notes: Database) -> None:
    async with notes.transaction() as tx:
        tx.stage(note(1, '{"a":1}'))
    assert await notes.fetchval("SELECT body FROM notes WHERE id = 1") == '{"a": 1}'
    assert str(await notes.fetchval("SELECT timestamptz '2026-11-23 10:15+01'")) == "2026-11-23 09:15:00+00:00"


async def test_a_session_carries_the_guards_of_the_house(db: Database) -> None:
    wanted = ["application_name", "TimeZone", "jit", "idle_in_transaction_session_timeout", "statement_timeout"]
    rows = await db.fetch("SELECT current_setting(name) AS value FROM unnest($1::text[]) AS name", wanted)
    assert [row["value"] for row in rows] == ["tillway test", "UTC", "off", "5s", "30s"]


async def test_an_error_of_the_body_rolls_back(notes: Database) -> None:
    async def fail(*, asks_first: bool) -> None:
        async with notes.transaction() as tx:
            tx.stage(note(1))
            if asks_first:
                await tx.fetchval("SELECT 1")
            raise LookupError

    for asks_first in (False, True):
        with pytest.raises(LookupError):
            await fail(asks_first=asks_first)
    assert await ids(notes) == []


async def test_a_violated_constraint_passes_through_and_nothing_of_the_write_stays(notes: Database) -> None:
    async def write_twice() -> None:
        async with notes.transaction() as tx:
            tx.stage(note(1))
            tx.stage(note(1))

    with pytest.raises(asyncpg.UniqueViolationError) as violated:
        await write_twice()
    assert violated.value.constraint_name == "notes_pkey"
    assert await ids(notes) == []


async def test_an_error_the_body_swallowed_still_fails_the_transaction(notes: Database) -> None:
    async def swallow() -> None:
        async with notes.transaction() as tx:
            tx.stage(note(1))
            with pytest.raises(asyncpg.DivisionByZeroError):
                await tx.fetchval("SELECT 1 / 0")

    with pytest.raises(asyncpg.DivisionByZeroError):
        await swallow()
    assert await ids(notes) == []


async def test_code_knows_that_it_runs_inside_a_transaction(db: Database) -> None:
    async def asked_by_a_task(release: asyncio.Event) -> bool:
        await release.wait()
        return in_transaction()

    assert not in_transaction()
    async with db.transaction():
        assert in_transaction()
        late = asyncio.Event()
        task = asyncio.create_task(asked_by_a_task(late))
    late.set()
    assert not in_transaction()
    assert not await task


async def test_what_would_wait_for_a_second_connection_is_refused_inside(db: Database) -> None:
    async with db.transaction() as tx:
        with pytest.raises(RuntimeError, match=r"read with tx\.fetch"):
            await db.fetchval("SELECT 1")
        with pytest.raises(RuntimeError, match="a transaction inside a transaction"):
            async with db.transaction():
                pass
        with pytest.raises(RuntimeError, match="nudge after the commit"):
            db.nudge("news")
    with pytest.raises(RuntimeError, match="this transaction is over"):
        tx.stage(note(1))


async def test_a_body_that_takes_too_long_is_cut_and_undone(notes: Database) -> None:
    async def never_end() -> None:
        async with notes.transaction(cut=0.1) as tx:
            await tx.execute("INSERT INTO notes VALUES (1, NULL)")
            await asyncio.Event().wait()

    began = monotonic()
    with pytest.raises(Unavailable, match=r"cut after 0\.1 s"):
        await never_end()
    assert monotonic() - began < 1
    assert await ids(notes) == []


@pytest.mark.parametrize("asks_first", [False, True])
async def test_a_statement_that_waits_for_a_lock_is_cut_and_undone(notes: Database, dsn: str, asks_first: bool) -> None:
    async def wait_for_the_lock() -> None:
        async with notes.transaction(cut=0.1) as tx:
            if asks_first:
                await tx.fetchval("SELECT 1")
            tx.stage(note(1))

    holder = await asyncpg.connect(dsn)
    try:
        async with holder.transaction():
            await holder.execute("LOCK TABLE notes")
            with pytest.raises(Unavailable):
                await wait_for_the_lock()
    finally:
        await holder.close()
    assert await ids(notes) == []


async def test_connections_are_as_many_as_the_pool_says_and_all_usable_after_cuts(db: Database) -> None:
    async def cut() -> None:
        with pytest.raises(Unavailable):
            async with db.transaction(cut=0.05) as tx:
                await tx.execute("SELECT pg_sleep(2)")

    await asyncio.gather(*(cut() for _ in range(8)))
    pids = await asyncio.gather(*(db.fetchval("SELECT pg_backend_pid() FROM pg_sleep(0.02)") for _ in range(12)))
    assert len(set(pids)) == 4


async def test_a_commit_without_an_answer_is_unknown(far: tuple[Database, Relay], notes: Database) -> None:
    database, relay = far
    relay.answers = "drop"
    with pytest.raises(OutcomeUnknown):
        async with database.transaction() as tx:
            tx.stage(note(1))
    relay.answers = "pass"
    assert await ids(notes) == [1]
    assert await ids(database) == [1]


async def test_a_server_that_falls_silent_while_it_commits_leaves_the_outcome_unknown(
    far: tuple[Database, Relay],
) -> None:
    database, relay = far
    relay.answers = "hold"
    began = monotonic()
    with pytest.raises(OutcomeUnknown, match="did not say whether"):
        async with database.transaction(cut=0.1) as tx:
            tx.stage(note(1))
    assert monotonic() - began < 3


async def test_a_write_that_meets_a_connection_known_to_be_dead_takes_another(db: Database, dsn: str) -> None:
    pid = await db.fetchval("SELECT pg_backend_pid()")
    killer = await asyncpg.connect(dsn)
    await killer.execute("SELECT pg_terminate_backend($1, 1000)", pid)
    await killer.close()
    assert await db.fetchval("SELECT pg_backend_pid()") != pid


@pytest.mark.parametrize("cut", [0, -1, 5.1])
async def test_a_cut_without_reason_is_refused(db: Database, cut: float) -> None:
    with pytest.raises(ValueError):
        async with db.transaction(cut=cut):
            pass


async def test_a_database_that_is_not_there_says_so_to_an_operator(dsn: str) -> None:
    with pytest.raises(Misconfigured, match="InvalidCatalogNameError"):
        await Database(dsn.replace("@/test_", "@/absent_"), "test").open()
