from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta

import pytest

from tillway.identity.assertion import ASSERTION_LIFE
from tillway.identity.once import SLACK, WIDTH, ended, forget_used, once, use
from tillway.identity.proof import PROOF_AGE
from tillway.postgres import Database, Room, migrate
from tillway.tokens import LEEWAY

NOW = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)


@pytest.fixture
def dsn(make_database: Callable[..., str]) -> str:
    return make_database(migrated=False)


@pytest.fixture
async def nodes(dsn: str) -> AsyncIterator[tuple[Database, Database]]:
    await migrate(dsn, [Room("journal", "tillway.journal"), Room("identity", "tillway.identity")], "test")
    async with Database(dsn, "one") as one, Database(dsn, "other") as other:
        yield one, other


@pytest.mark.parametrize("kind", ["assertion", "proof"])
async def test_what_one_node_used_no_other_takes(nodes: tuple[Database, Database], kind: str) -> None:
    what = once(kind, "webshop", "jti-1", until=NOW)
    assert await use(nodes[0], what)
    assert not await use(nodes[1], what)
    assert not await use(nodes[0], what)


async def test_of_many_at_once_one_gets_it(nodes: tuple[Database, Database]) -> None:
    what = once("proof", "key", "jti-1", until=NOW)
    taken = await asyncio.gather(*(use(nodes[number % 2], what) for number in range(20)))
    assert sum(taken) == 1


async def test_names_are_told_apart_by_owner_kind_and_place(nodes: tuple[Database, Database]) -> None:
    values = [
        once("proof", "a", "b", until=NOW),
        once("assertion", "a", "b", until=NOW),
        once("proof", "b", "a", until=NOW),
        once("proof", "ab", "", until=NOW),
        once("proof", "a\x1f1:b", until=NOW),
    ]
    assert all([await use(nodes[0], each) for each in values])


async def test_slots_are_emptied_when_all_in_them_has_ended(nodes: tuple[Database, Database]) -> None:
    db = nodes[0]
    await use(db, once("proof", "key", "old", until=NOW))
    await use(db, once("proof", "key", "new", until=NOW + WIDTH["proof"]))
    assert await forget_used(db, NOW) == 0
    assert await forget_used(db, NOW + WIDTH["proof"] + SLACK) == 1
    assert await db.fetchval("SELECT count(*) FROM identity.once") == 1
    assert not await use(db, once("proof", "key", "new", until=NOW + WIDTH["proof"]))


@pytest.mark.parametrize(
    ("kind", "life"), [("assertion", ASSERTION_LIFE + 2 * LEEWAY), ("proof", PROOF_AGE + 2 * LEEWAY)]
)
def test_nothing_that_counts_lies_in_a_slot_that_is_emptied(kind: str, life: timedelta) -> None:
    """Whatever the moment, and with a second node whose clock is late or early."""
    for minute in range(120):
        now = NOW + timedelta(seconds=minute * 17)
        for ahead in (-SLACK, timedelta(0), life, life + SLACK):
            what = once(kind, "a", "b", until=now + ahead)
            assert what.slot not in ended(now) or ahead < timedelta(0)
        late = once(kind, "a", "b", until=now - SLACK + timedelta(seconds=1))
        assert late.slot not in ended(now)
