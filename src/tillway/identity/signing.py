"""The hub's signing keys: kept in Postgres, the same on all nodes, renewed in time, looked for when unknown."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from datetime import datetime
from typing import Any, Self

from joserfc.jwk import ECKey

from tillway import clock
from tillway.errors import Conflict, TryAgain
from tillway.identity.authentication import Presented, invalid_token, principal, proven, spent_proof
from tillway.identity.once import use
from tillway.identity.principal import Principal
from tillway.identity.ring import LOOKED_FOR, KeyRing, MadeKey, due, expired, ring_at, waiting
from tillway.landscape import Landscape
from tillway.postgres import LONGEST_CUT_SECONDS, Database, Tx, load
from tillway.sealing import opened, seal
from tillway.tokens import Claims, Realm, UnknownKey, Verifier, key_text, new_key, read_key

RELOAD_SECONDS = 10.0
"""Shortest time between two looks for keys that are not known: forged tokens must not become load on Postgres."""

KEYS_MAX = 16
"""Keys in force at once; rotation needs two."""

MAKING_LOCK = 0x7469_6C6C_6B65_7973
"""Key of the advisory lock under which signing keys are made: "tillkeys" in ASCII."""

KEYS_CHANNEL = "identity_signing_keys"
"""Told after keys were made or dropped; every node looks."""

log = logging.getLogger(__name__)

PRIVATE_AT = "identity.signing_keys.private_jwk"

_sql = load("tillway.identity", "identity.sql")


class SigningKeys:
    """The key ring of one process and the way to renew it. For one asyncio loop."""

    def __init__(
        self, database: Database, ring: KeyRing, realm: Realm, *, monotonic: Callable[[], float] = clock.monotonic
    ) -> None:
        self._database = database
        self._monotonic = monotonic
        self._looked_at = monotonic()
        self._verifier = Verifier(realm)
        self._changed = asyncio.Event()
        self.realm = realm
        self.ring = ring

    @classmethod
    async def open(
        cls,
        database: Database,
        realm: Realm,
        *,
        now: datetime,
        monotonic: Callable[[], float] = clock.monotonic,
    ) -> Self:
        """Load the keys; make the first one if there is none, which happens once however many nodes start together."""
        made = await _load(database) or await _first(database, now)
        return cls(database, ring_at(made, now), realm, monotonic=monotonic)

    async def reload(self, now: datetime) -> bool:
        """Look for keys made since; at most once per RELOAD_SECONDS. True if it looked."""
        at = self._monotonic()
        if at - self._looked_at < RELOAD_SECONDS:
            return False
        await self._look(now)
        return True

    async def run(self) -> None:
        """Until cancelled: follow keys that are made, take their turn, or are dropped."""
        stop_listening = await self._database.listen(KEYS_CHANNEL, self._changed.set)
        self._changed.set()  # for what was told before anybody listened
        try:
            while True:
                await clock.wait(self._changed, LOOKED_FOR.total_seconds())
                self._changed.clear()
                try:
                    await self._look(clock.now())
                except TryAgain as error:
                    log.warning("signing keys: %s", error.detail)
        finally:
            stop_listening()

    async def prove(self, presented: Presented, now: datetime) -> Claims:
        """What the token says that is brought, by somebody who may bring it. Raises NotAuthenticated.

        A key that is not known is looked for once; a proof is used up. Unavailable when Postgres does not answer.
        """
        try:
            claims, once = proven(presented, self.ring, self._verifier, now)
        except UnknownKey as error:
            if not await self.reload(now):
                raise invalid_token(error.detail) from error
            try:
                claims, once = proven(presented, self.ring, self._verifier, now)
            except UnknownKey as again:
                raise invalid_token(again.detail) from again
        if once is not None and not await use(self._database, once):
            raise spent_proof()
        return claims

    async def authenticate(self, presented: Presented, landscape: Landscape, now: datetime) -> Principal:
        """Who brings this token. Raises NotAuthenticated, Unavailable as `prove`."""
        return principal(await self.prove(presented, now), landscape)

    async def _look(self, now: datetime) -> None:
        self._looked_at = self._monotonic()
        made = await _load(self._database)
        if made:
            self.ring = ring_at(made, now)


async def rotate(database: Database, now: datetime, *, compromised: bool = False) -> str:
    """Make the next signing key; its `kid`. It is published at once and signs after PUBLISHED_BEFORE.

    `compromised`: drop all others now. The new key signs at once, and every token there is counts no more.
    Conflict when the last one that was made does not sign yet.
    """
    key = new_key()
    async with database.transaction(LONGEST_CUT_SECONDS) as tx:
        await tx.fetchval(_sql["lock_signing_keys"], MAKING_LOCK)
        made = await _load(tx)
        if compromised:
            await tx.execute(_sql["drop_signing_keys"], [str(each.key.kid) for each in made])
        elif waiting(made, now):
            raise Conflict("the last key that was made does not sign yet", remedy="wait until it does")
        await _add(tx, key, now)
        tx.nudge(KEYS_CHANNEL)
    return str(key.kid)


async def tend_keys(database: Database, now: datetime) -> None:
    """Make the next key when the youngest is old, drop those of which no token is left. Safe on any number of nodes."""
    made = await _load(database)
    if not due(made, now) and not expired(made, now):
        return
    key = new_key()
    async with database.transaction(LONGEST_CUT_SECONDS) as tx:
        await tx.fetchval(_sql["lock_signing_keys"], MAKING_LOCK)
        made = await _load(tx)  # another node may have done it meanwhile
        await tx.execute(_sql["drop_signing_keys"], [str(each.key.kid) for each in expired(made, now)])
        if due(made, now):
            await _add(tx, key, now)
        tx.nudge(KEYS_CHANNEL)


async def _load(database: Database | Tx) -> list[MadeKey]:
    rows: list[Any] = await database.fetch(_sql["signing_keys"], KEYS_MAX)
    return [MadeKey(read_key(opened(PRIVATE_AT, row["kid"], row["private_jwk"])), row["created_at"]) for row in rows]


async def _add(tx: Tx, key: ECKey, now: datetime) -> None:
    kid = str(key.kid)
    await tx.execute(_sql["add_signing_key"], kid, seal(PRIVATE_AT, kid, key_text(key)), now)


async def _first(database: Database, now: datetime) -> list[MadeKey]:
    # Made outside the transaction: it awaits nothing but Postgres, and holds the lock for as short as can be.
    key = new_key()
    async with database.transaction(LONGEST_CUT_SECONDS) as tx:
        await tx.fetchval(_sql["lock_signing_keys"], MAKING_LOCK)
        made = await _load(tx)
        if not made:
            await _add(tx, key, now)
    return made or [MadeKey(key, now)]
