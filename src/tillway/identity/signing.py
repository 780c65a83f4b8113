"""The hub's signing keys: kept in Postgres, made once for all nodes, looked for again when a token names another."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any, Self

from joserfc.jwk import ECKey

from tillway import clock
from tillway.errors import Misconfigured
from tillway.identity.authentication import authenticate, invalid_token
from tillway.identity.principal import Principal
from tillway.landscape import Landscape
from tillway.postgres import LONGEST_CUT_SECONDS, Database, load
from tillway.tokens import Realm, UnknownKey, Verifier, key_text, new_key, public_jwk, read_key

RELOAD_SECONDS = 10.0
"""Shortest time between two looks for keys that are not known: forged tokens must not become load on Postgres."""

KEYS_MAX = 16
"""Keys in force at once; rotation needs two."""

MAKING_LOCK = 0x7469_6C6C_6B65_7973
"""Key of the advisory lock under which the first signing key is made: "tillkeys" in ASCII."""

_sql = load("tillway.identity", "identity.sql")


@dataclass(frozen=True, slots=True)
class KeyRing:
    """The keys in force: `keys` by kid verify, `signing` signs."""

    keys: Mapping[str, ECKey]
    signing: ECKey

    def jwks(self) -> dict[str, Any]:
        """The public halves as a JWK set (RFC 7517)."""
        return {"keys": [public_jwk(key) for key in self.keys.values()]}


class SigningKeys:
    """The key ring of one process and the way to renew it. For one asyncio loop."""

    def __init__(
        self, database: Database, ring: KeyRing, realm: Realm, *, monotonic: Callable[[], float] = clock.monotonic
    ) -> None:
        self._database = database
        self._monotonic = monotonic
        self._looked_at = monotonic()
        self._verifier = Verifier(realm)
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
        ring = await _load(database) or await _make(database, now)
        return cls(database, ring, realm, monotonic=monotonic)

    async def reload(self) -> bool:
        """Look for keys made since; at most once per RELOAD_SECONDS. True if it looked."""
        at = self._monotonic()
        if at - self._looked_at < RELOAD_SECONDS:
            return False
        self._looked_at = at
        self.ring = await _load(self._database) or self.ring
        return True

    async def authenticate(self, authorization: str | None, landscape: Landscape, now: datetime) -> Principal:
        """Who brings this bearer token; an unknown key is looked for once. Raises NotAuthenticated."""
        try:
            return authenticate(authorization, self.ring.keys, self._verifier, landscape, now)
        except UnknownKey as error:
            if not await self.reload():
                raise invalid_token(error.detail) from error
        try:
            return authenticate(authorization, self.ring.keys, self._verifier, landscape, now)
        except UnknownKey as error:
            raise invalid_token(error.detail) from error


def ring_of(keys: list[ECKey]) -> KeyRing:
    """A ring of these keys, the signing one first."""
    if not keys:
        raise Misconfigured("there is no signing key", remedy="start the hub once so that it makes one")
    return KeyRing(MappingProxyType({str(key.kid): key for key in keys}), keys[0])


async def _load(database: Database) -> KeyRing | None:
    rows = await database.fetch(_sql["signing_keys"], KEYS_MAX)
    return ring_of([read_key(row["private_jwk"]) for row in rows]) if rows else None


async def _make(database: Database, now: datetime) -> KeyRing:
    # Made outside the transaction: it awaits nothing but Postgres, and holds the lock for as short as can be.
    key = new_key()
    async with database.transaction(LONGEST_CUT_SECONDS) as tx:
        await tx.fetchval(_sql["lock_signing_keys"], MAKING_LOCK)
        rows = await tx.fetch(_sql["signing_keys"], KEYS_MAX)
        if not rows:
            await tx.execute(_sql["add_signing_key"], str(key.kid), key_text(key), now)
    return ring_of([read_key(row["private_jwk"]) for row in rows] or [key])
