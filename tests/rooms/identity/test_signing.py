from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta

import pytest
from tests.pure.identity.who import LANDSCAPE, REALM

from tillway.identity import NotAuthenticated, SigningKeys
from tillway.postgres import Database, Room, migrate
from tillway.tokens import Claims, key_text, new_key, sign

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


def bearer(keys: SigningKeys) -> str:
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
    return f"Bearer {sign(claims, keys.ring.signing)}"


async def add_key(database: Database, made: datetime) -> None:
    key = new_key()
    async with database.transaction() as tx:
        await tx.execute(
            "INSERT INTO identity.signing_keys (kid, private_jwk, created_at) VALUES ($1, $2, $3)",
            key.kid,
            key_text(key),
            made,
        )


async def test_nodes_that_start_together_make_one_key(database: Database) -> None:
    nodes = await asyncio.gather(*(SigningKeys.open(database, REALM, now=NOW) for _ in range(8)))
    assert await database.fetchval("SELECT count(*) FROM identity.signing_keys") == 1
    assert len({node.ring.signing.kid for node in nodes}) == 1


async def test_what_one_node_signs_every_node_accepts(database: Database) -> None:
    one = await SigningKeys.open(database, REALM, now=NOW)
    other = await SigningKeys.open(database, REALM, now=NOW)
    assert (await other.authenticate(bearer(one), LANDSCAPE, NOW)).id == "webshop"
    assert other.ring.jwks() == one.ring.jwks()


async def test_the_youngest_key_signs_and_all_verify(database: Database) -> None:
    old = await SigningKeys.open(database, REALM, now=NOW)
    await add_key(database, NOW + timedelta(days=1))
    new = await SigningKeys.open(database, REALM, now=NOW)
    assert new.ring.signing.kid != old.ring.signing.kid
    assert (await new.authenticate(bearer(old), LANDSCAPE, NOW)).id == "webshop"


async def test_an_unknown_key_is_looked_for_at_most_once_in_ten_seconds(database: Database) -> None:
    clock = Winding()
    node = await SigningKeys.open(database, REALM, now=NOW, monotonic=clock)
    await add_key(database, NOW + timedelta(days=1))
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
    assert await node.reload() is True
    assert node.ring is before
