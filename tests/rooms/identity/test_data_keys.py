from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tillway import sealing
from tillway.app.sealed import unsealed
from tillway.app.sealing_keys import judged
from tillway.errors import Misconfigured
from tillway.identity import SigningKeys, data_keys
from tillway.identity.data_keys import KEY_AGE, PUBLISHED_BEFORE, Standing
from tillway.postgres import Database
from tillway.sealing import Ring, master, master_text, new_secret
from tillway.settings import Settings
from tillway.tokens import Realm

NOW = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
MASTER = master(new_secret())


def nothing() -> None:
    """The master key lasts already."""


@pytest.fixture
def empty(make_database: Callable[..., str]) -> str:
    return make_database()


@pytest.fixture
async def database(empty: str) -> AsyncIterator[Database]:
    async with Database(empty, "test") as opened:
        yield opened


@pytest.fixture(autouse=True)
def keys_of_this_test() -> Iterator[None]:
    before = sealing.ring()
    yield
    sealing.use(before)


async def ring(database: Database, now: datetime = NOW) -> Ring:
    return await data_keys.ring(database, (MASTER,), now, make=nothing)


async def test_nodes_that_start_together_make_one_set_of_keys(database: Database) -> None:
    rings = await asyncio.gather(*(ring(database) for _ in range(6)))
    assert len({each.sealing for each in rings}) == 1
    assert len({each.digest("a", "b") for each in rings}) == 1


async def test_a_new_key_seals_when_every_node_has_looked(database: Database) -> None:
    first = await ring(database)
    await data_keys.tend(database, (MASTER,), NOW + KEY_AGE - timedelta(seconds=1))
    assert (await ring(database)).sealing == first.sealing
    later = NOW + KEY_AGE
    await data_keys.tend(database, (MASTER,), later)
    await data_keys.tend(database, (MASTER,), later)
    assert await database.fetchval("SELECT count(*) FROM identity.sealing_keys") == 3
    assert (await ring(database, later)).sealing == first.sealing
    second = await ring(database, later + PUBLISHED_BEFORE)
    assert second.sealing != first.sealing
    assert second.open("a.b.c", "1", first.seal("a.b.c", "1", "Ada")) == "Ada"


async def test_a_new_master_key_takes_over_and_the_old_one_may_go(database: Database) -> None:
    first, fresh = await ring(database), master(new_secret())
    sealed = first.seal("a.b.c", "1", "Ada")
    await data_keys.tend(database, (fresh, MASTER), NOW)
    second = await data_keys.ring(database, (fresh,), NOW, make=nothing)
    assert second.open("a.b.c", "1", sealed) == "Ada"
    with pytest.raises(Misconfigured, match=fresh.id):
        await ring(database)


async def test_the_first_start_makes_the_file_and_the_next_one_reads_it(database: Database, tmp_path: Path) -> None:
    given = Settings(state=tmp_path)
    await unsealed(given, database)
    assert given.sealing_key_path.stat().st_mode & 0o777 == 0o600
    sealed = sealing.seal("a.b.c", "1", "Ada")
    await unsealed(given, database)
    assert sealing.opened("a.b.c", "1", sealed) == "Ada"


async def test_a_second_node_without_the_file_is_told_so(database: Database, tmp_path: Path) -> None:
    given = Settings(state=tmp_path / "one")
    given.state.mkdir()
    await unsealed(given, database)
    other = replace(given, state=tmp_path / "two")
    with pytest.raises(Misconfigured, match="its key is not at") as told:
        await unsealed(other, database)
    assert "another node" in told.value.remedy
    assert not other.sealing_key_path.exists()
    another = tmp_path / "another.key"
    another.write_text(master_text(MASTER))
    another.chmod(0o600)
    with pytest.raises(Misconfigured, match="is not here"):
        await unsealed(replace(other, sealing_key_file=another), database)
    await unsealed(replace(other, sealing_key_file=given.sealing_key_path), database)


async def test_a_key_that_others_may_read_is_refused(database: Database, tmp_path: Path) -> None:
    given = Settings(state=tmp_path)
    given.sealing_key_path.write_text(master_text(MASTER))
    given.sealing_key_path.chmod(0o644)
    with pytest.raises(Misconfigured, match="can be read by others"):
        await unsealed(given, database)


async def test_signing_keys_lie_sealed_and_those_from_before_are_read(database: Database) -> None:
    realm = Realm(issuer="https://hub", audience="https://hub")
    made = await SigningKeys.open(database, realm, now=NOW)
    kept = await database.fetchval("SELECT private_jwk FROM identity.signing_keys")
    assert kept.startswith(sealing.PREFIX)
    kid = str(made.ring.signing.kid)
    in_clear = sealing.opened("identity.signing_keys.private_jwk", kid, kept)
    await database.fetchval("UPDATE identity.signing_keys SET private_jwk = $1 RETURNING 1", in_clear)
    assert (await SigningKeys.open(database, realm, now=NOW)).ring.signing.kid == kid


async def test_a_key_made_by_hand_takes_over_and_what_was_sealed_stays_readable(database: Database) -> None:
    first = await ring(database)
    kept = first.seal("a.b.c", "1", "Ada")
    rotated_at = NOW + timedelta(minutes=1)
    async with database.transaction() as tx:
        made = await data_keys.rotate(tx, (MASTER,), rotated_at)
    assert (await ring(database, rotated_at)).sealing == first.sealing
    later = await ring(database, rotated_at + PUBLISHED_BEFORE)
    assert (later.sealing, later.open("a.b.c", "1", kept)) == (made, "Ada")
    assert later.seal("a.b.c", "1", "Ada").startswith(f"s1.{made}.")
    found = await data_keys.standing(database, (MASTER,))
    assert (found.keys, found.youngest_at, found.stale) == (3, rotated_at, 0)
    other = master(new_secret())
    assert (await data_keys.standing(database, (other, MASTER))).stale == 3
    with pytest.raises(Misconfigured):
        await data_keys.standing(database, (other,))


@pytest.mark.parametrize(
    ("found", "well", "says"),
    [
        (Standing(keys=2, youngest_at=NOW - timedelta(days=29), stale=0), True, "the youngest 29 days old"),
        (Standing(keys=2, youngest_at=NOW - timedelta(days=33), stale=0), False, "the youngest 33 days old"),
        (Standing(keys=2, youngest_at=NOW, stale=2), False, "2 lie under an older master key"),
        (Standing(keys=0, youngest_at=None, stale=0), False, "nothing is sealed yet"),
    ],
)
def test_the_doctor_tells_of_the_age_of_keys(found: Standing, well: bool, says: str) -> None:
    told = judged(found, NOW)
    assert (told.well, says in told.seen, bool(told.remedy)) == (well, True, not well)
