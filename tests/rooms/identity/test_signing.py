from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta

import pytest
from tests.pure.identity.who import LANDSCAPE, REALM

from tillway.errors import Conflict
from tillway.identity import NotAuthenticated, Presented, SigningKeys, rotate, tend_keys
from tillway.identity.ring import KEY_AGE, LONGEST_TOKEN, LOOKED_FOR, PUBLISHED_BEFORE
from tillway.postgres import Database, Room, migrate
from tillway.tokens import LEEWAY, Claims, new_key, sign

NOW = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
ROOM = Room("identity", "tillway.identity")


@pytest.fixture
def empty(make_database: Callable[..., str]) -> str:
    return make_database(migrated=False)


@pytest.fixture
async def database(empty: str) -> AsyncIterator[Database]:
    await migrate(empty, [ROOM], "test")
    async with Database(empty, "test") as opened:
        yield opened


class Winding:
    """A monotonic clock that is wound by hand."""

    def __init__(self) -> None:
        self.seconds = 100.0

    def __call__(self) -> float:
        return self.seconds


def bearer(keys: SigningKeys) -> Presented:
    claims = Claims(
        issuer=REALM.issuer,
        audience=REALM.audience,
        subject="webshop",
        client_id="webshop",
        kind="machine",
        scopes=("orders:read",),
        issued_at=NOW,
        expires_at=NOW + timedelta(minutes=10),
        token_id="jti",
    )
    return Presented(authorization=f"Bearer {sign(claims, keys.ring.signing)}")


async def test_nodes_that_start_together_make_one_key(database: Database) -> None:
    nodes = await asyncio.gather(*(SigningKeys.open(database, REALM, now=NOW) for _ in range(8)))
    assert await database.fetchval("SELECT count(*) FROM identity.signing_keys") == 1
    assert len({node.ring.signing.kid for node in nodes}) == 1


async def test_what_one_node_signs_every_node_accepts(database: Database) -> None:
    one = await SigningKeys.open(database, REALM, now=NOW)
    other = await SigningKeys.open(database, REALM, now=NOW)
    assert (await other.authenticate(bearer(one), LANDSCAPE, NOW)).id == "webshop"
    assert other.ring.jwks() == one.ring.jwks()


async def test_a_key_is_published_before_it_signs_and_the_old_one_goes_on_verifying(database: Database) -> None:
    old = await SigningKeys.open(database, REALM, now=NOW - timedelta(seconds=1))
    made = await rotate(database, NOW)
    soon = await SigningKeys.open(database, REALM, now=NOW + PUBLISHED_BEFORE - timedelta(seconds=1))
    assert soon.ring.signing.kid == old.ring.signing.kid
    assert made in soon.ring.keys
    new = await SigningKeys.open(database, REALM, now=NOW + PUBLISHED_BEFORE)
    assert new.ring.signing.kid == made
    assert new.ring.signing.kid != old.ring.signing.kid
    assert (await new.authenticate(bearer(old), LANDSCAPE, NOW)).id == "webshop"


async def test_an_unknown_key_is_looked_for_at_most_once_in_ten_seconds(database: Database) -> None:
    clock = Winding()
    node = await SigningKeys.open(database, REALM, now=NOW, monotonic=clock)
    await rotate(database, NOW, compromised=True)
    signer = await SigningKeys.open(database, REALM, now=NOW)

    clock.seconds += 9.9
    with pytest.raises(NotAuthenticated, match="a key that is not known"):
        await node.authenticate(bearer(signer), LANDSCAPE, NOW)

    clock.seconds += 0.1
    assert (await node.authenticate(bearer(signer), LANDSCAPE, NOW)).id == "webshop"


async def test_a_key_that_nobody_has_is_answered_with_a_challenge(database: Database) -> None:
    clock = Winding()
    node = await SigningKeys.open(database, REALM, now=NOW, monotonic=clock)
    stranger = await SigningKeys.open(database, REALM, now=NOW)
    stranger.ring = type(stranger.ring)({}, new_key())
    clock.seconds += 60
    with pytest.raises(NotAuthenticated) as caught:
        await node.authenticate(bearer(stranger), LANDSCAPE, NOW)
    assert 'error="invalid_token"' in caught.value.challenge


async def test_when_all_keys_vanish_the_known_ones_stay(database: Database) -> None:
    clock = Winding()
    node = await SigningKeys.open(database, REALM, now=NOW, monotonic=clock)
    before = node.ring
    async with database.transaction() as tx:
        await tx.execute("DELETE FROM identity.signing_keys")
    clock.seconds += 60
    assert await node.reload(NOW) is True
    assert node.ring is before


async def test_one_rotation_at_a_time(database: Database) -> None:
    await SigningKeys.open(database, REALM, now=NOW - timedelta(days=1))
    done = await asyncio.gather(*(rotate(database, NOW) for _ in range(4)), return_exceptions=True)
    assert sum(isinstance(each, str) for each in done) == 1
    assert sum(isinstance(each, Conflict) for each in done) == 3
    await rotate(database, NOW + PUBLISHED_BEFORE)


async def test_of_a_compromised_key_nothing_counts_any_more(database: Database) -> None:
    clock = Winding()
    node = await SigningKeys.open(database, REALM, now=NOW, monotonic=clock)
    stolen = bearer(node)
    made = await rotate(database, NOW, compromised=True)
    clock.seconds += 60
    await node.reload(NOW)
    assert (node.ring.signing.kid, list(node.ring.keys)) == (made, [made])
    with pytest.raises(NotAuthenticated):
        await node.authenticate(stolen, LANDSCAPE, NOW)


async def test_keys_are_renewed_by_age_once_however_many_nodes_look(database: Database) -> None:
    await SigningKeys.open(database, REALM, now=NOW - KEY_AGE + timedelta(minutes=1))
    await tend_keys(database, NOW)
    assert await database.fetchval("SELECT count(*) FROM identity.signing_keys") == 1
    later = NOW + timedelta(minutes=1)
    await asyncio.gather(*(tend_keys(database, later) for _ in range(4)))
    assert await database.fetchval("SELECT count(*) FROM identity.signing_keys") == 2


async def test_a_key_goes_when_the_last_token_it_signed_has_ended(database: Database) -> None:
    first = await SigningKeys.open(database, REALM, now=NOW - timedelta(seconds=1))
    await rotate(database, NOW)
    last = NOW + PUBLISHED_BEFORE + LOOKED_FOR + LONGEST_TOKEN + LEEWAY
    await tend_keys(database, last - timedelta(seconds=1))
    assert await database.fetchval("SELECT count(*) FROM identity.signing_keys") == 2
    await tend_keys(database, last)
    rows = await database.fetch("SELECT kid FROM identity.signing_keys")
    assert [row["kid"] == first.ring.signing.kid for row in rows] == [False]


async def test_a_node_follows_a_rotation_without_being_asked(database: Database) -> None:
    node = await SigningKeys.open(database, REALM, now=NOW)
    running = asyncio.create_task(node.run())
    try:
        made = await rotate(database, NOW, compromised=True)
        async with asyncio.timeout(20):
            while node.ring.signing.kid != made:
                await asyncio.sleep(0.01)
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
