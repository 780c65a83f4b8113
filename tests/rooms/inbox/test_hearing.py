"""Notices become nudges: one row a domain, few statements in a flood, and nobody tells who has no address."""

from __future__ import annotations

import asyncio

import asyncpg
import pytest

from tillway import inbox as room
from tillway.errors import NotFound, Unavailable
from tillway.inbox import Inbox, sources
from tillway.inbox.sources import Sources
from tillway.postgres import Database

PATIENT = 20.0
NOTICE = b'{"_model": "product.template", "_id": 7}'
FLOOD = 10_000


async def test_a_notice_is_kept_and_taken_once(db, inbox, secret):
    assert await inbox.source(secret) == "main"
    assert await inbox.hear("main", b'{"_model": "stock.picking"}') is True
    assert await inbox.hear("main", b'{"_model": "nobody.watches"}') is False
    assert await room.take(db, ["other"]) == ()
    taken = await room.take(db, ["main", "other"])
    assert sorted((nudge.connection, nudge.domain) for nudge in taken) == [("main", "orders"), ("main", "shipments")]
    assert await room.take(db, ["main"]) == ()
    await inbox.hear("main", NOTICE)
    assert [nudge.domain for nudge in await room.take(db, ["main"])] == ["products"]


async def test_whoever_reads_is_woken(db, inbox):
    woken = asyncio.Event()
    stop = await db.listen(room.CHANNEL, woken.set)
    await inbox.hear("main", NOTICE)
    async with asyncio.timeout(20):
        await woken.wait()
    stop()


class Counted(Database):
    """A database that counts the transactions asked of it."""

    transactions = 0

    def transaction(self, *given, **more):
        self.transactions += 1
        return super().transaction(*given, **more)


async def test_a_flood_is_one_row_and_few_statements(inbox_dsn, db):
    async with Counted(inbox_dsn, "flood") as counted:
        inbox = Inbox(counted, lambda _: ("products",), PATIENT)
        for _ in range(10):
            await asyncio.gather(*(inbox.hear("main", NOTICE) for _ in range(FLOOD // 10)))
        assert counted.transactions <= FLOOD // 100
    (told,) = await room.told(db)
    assert (told.domain, told.heard) == ("products", FLOOD)
    assert len(await room.take(db, ["main"])) == 1


@pytest.mark.parametrize("guess", ["", "x", "a" * 43, "a" * 5000, "ä" * 43, "\udcff" * 43, "../../etc/passwd"])
async def test_an_address_that_nobody_was_given_is_nothing(inbox, secret, guess):
    with pytest.raises(NotFound):
        await inbox.source(guess)
    with pytest.raises(NotFound):
        await inbox.source(secret[:-1] + ("A" if secret[-1] != "A" else "B"))


async def test_guessing_asks_the_database_once_a_second_at_most(db, secret):
    known, reads = Sources(db), 0
    fetch = db.fetch

    class Counting:
        async def fetch(self, *given):
            nonlocal reads
            reads += 1
            return await fetch(*given)

    known._db = Counting()
    for number in range(200):
        assert await known.connection(f"guess-{number}") is None
    assert await known.connection(secret) == "main"
    assert reads <= 2


async def test_only_a_digest_is_kept(db, secret):
    (row,) = await db.fetch("SELECT digest, connection FROM inbox.sources")
    assert secret.encode() not in row["digest"]
    assert row["digest"] == sources.digest(secret)


async def test_other_secrets_of_a_connection_are_forgotten(db, secret):
    async with db.transaction() as tx:
        newer, elsewhere = sources.make(tx, "main"), sources.make(tx, "second")
    async with db.transaction() as tx:
        sources.forget(tx, "main", but=[newer])
    assert {await Sources(db).connection(each) for each in (secret, newer, elsewhere)} == {None, "main", "second"}


async def test_what_cannot_be_kept_in_time_is_not_acknowledged(db):
    inbox = Inbox(db, lambda _: ("products",))
    holder = await asyncpg.connect(db.dsn)
    try:
        await holder.execute("BEGIN")
        await holder.execute("LOCK TABLE inbox.nudges IN ACCESS EXCLUSIVE MODE")
        with pytest.raises(Unavailable):
            await inbox.hear("main", NOTICE)
    finally:
        await holder.close()
