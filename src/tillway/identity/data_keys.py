"""The data keys that seal values at rest: kept in Postgres under the master key, the same on all nodes, renewed."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Any, Final

import msgspec

from tillway import clock, sealing
from tillway.errors import TryAgain
from tillway.postgres import LONGEST_CUT_SECONDS, Database, Tx, load
from tillway.sealing import Master, Ring

log = logging.getLogger(__name__)

KEY_AGE: Final = timedelta(days=30)
"""How old the youngest data key may become before the next is made: see `sealing.NONCE_BYTES`."""

PUBLISHED_BEFORE: Final = timedelta(minutes=10)
"""How long a new key is known before it seals: by then every node has looked."""

LOOKED_FOR_SECONDS: Final = 60.0
"""Nodes look for new keys this often."""

MAKING_LOCK: Final = 0x7469_6C6C_7365_616C
"""Key of the advisory lock under which data keys are made: "tillseal" in ASCII."""

_SQL: Final = load("tillway.identity", "data_keys.sql")


class _Kept(msgspec.Struct, frozen=True):
    id: str
    purpose: str
    wrapped: str
    created_at: datetime


async def are_kept(db: Database) -> bool:
    """Whether anything may be sealed already: then its master key must be found, not made."""
    return bool(await _kept(db))


async def ring(db: Database, masters: tuple[Master, ...], now: datetime, *, make: Callable[[], object]) -> Ring:
    """The ring of the keys kept; the first ones are made if there are none, which happens once.

    `make` is called under the lock before they are kept: to put the master key where it lasts.
    Misconfigured when they are sealed under a master key that is not among these.
    """
    kept = await _kept(db)
    if not kept:
        async with db.transaction(LONGEST_CUT_SECONDS) as tx:
            await tx.fetchval(_SQL["lock_sealing_keys"], MAKING_LOCK)
            kept = await _kept(tx)
            if not kept:
                make()
                kept = [await _add(tx, masters[0], purpose, now) for purpose in ("seal", "digest")]
    return _ring(kept, masters, now)


async def tend(db: Database, masters: tuple[Master, ...], now: datetime) -> None:
    """Make the next data key when the youngest is old, and put all under the first master key. Safe on any node."""
    kept = await _kept(db)
    if not (_due(kept, now) or _stale(kept, masters)):
        return
    async with db.transaction(LONGEST_CUT_SECONDS) as tx:
        await tx.fetchval(_SQL["lock_sealing_keys"], MAKING_LOCK)
        kept = await _kept(tx)
        if _due(kept, now):
            await _add(tx, masters[0], "seal", now)
        for each in _stale(kept, masters):
            again = sealing.wrap(masters[0], each.id, sealing.unwrap(masters, each.id, each.wrapped))
            await tx.execute(_SQL["rewrap"], each.id, each.wrapped, again)


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """How the data keys do: how many, since when the youngest is there, how many lie under an older master key."""

    keys: int
    youngest_at: datetime | None
    stale: int


async def rotate(tx: Tx, masters: tuple[Master, ...], now: datetime) -> str:
    """Make the next data key now; its id. It seals on all nodes once each has looked; all before it go on opening."""
    await tx.fetchval(_SQL["lock_sealing_keys"], MAKING_LOCK)
    return (await _add(tx, masters[0], "seal", now)).id


async def standing(db: Database, masters: tuple[Master, ...]) -> Standing:
    """How the data keys do. Misconfigured when one needs a master key that is not among these."""
    kept = await _kept(db)
    for each in kept:
        sealing.unwrap(masters, each.id, each.wrapped)
    made = [each.created_at for each in kept if each.purpose == "seal"]
    return Standing(keys=len(kept), youngest_at=max(made, default=None), stale=len(_stale(kept, masters)))


class DataKeys:
    """Keeps the ring in use current. For one process."""

    def __init__(self, db: Database, masters: tuple[Master, ...]) -> None:
        self._db = db
        self._masters = masters

    async def run(self) -> None:
        """Until cancelled: follow keys that are made and take their turn, and make the next when it is time."""
        while True:
            await asyncio.sleep(LOOKED_FOR_SECONDS)
            try:
                await tend(self._db, self._masters, clock.now())
                sealing.use(_ring(await _kept(self._db), self._masters, clock.now()))
            except TryAgain as error:
                log.warning("sealing keys: %s", error.detail)


async def _kept(db: Database | Tx) -> list[_Kept]:
    rows: list[Any] = await db.fetch(_SQL["sealing_keys"])
    return [_Kept(row["id"], row["purpose"], row["wrapped"], row["created_at"]) for row in rows]


async def _add(tx: Tx, under: Master, purpose: str, now: datetime) -> _Kept:
    name = sealing.new_id()
    made = _Kept(name, purpose, sealing.wrap(under, name, sealing.new_secret()), now)
    await tx.execute(_SQL["add_sealing_key"], made.id, made.purpose, made.wrapped, made.created_at)
    return made


def _ring(kept: Iterable[_Kept], masters: tuple[Master, ...], now: datetime) -> Ring:
    secrets = {each.id: sealing.unwrap(masters, each.id, each.wrapped) for each in kept}
    youngest_first = [each for each in kept if each.purpose == "seal"]
    ripe = [each for each in youngest_first if each.created_at + PUBLISHED_BEFORE <= now]
    digesting = next(each for each in kept if each.purpose == "digest")
    return Ring(secrets, (ripe or youngest_first[-1:])[0].id, secrets[digesting.id])


def _due(kept: Iterable[_Kept], now: datetime) -> bool:
    return all(each.created_at + KEY_AGE <= now for each in kept if each.purpose == "seal")


def _stale(kept: Iterable[_Kept], masters: tuple[Master, ...]) -> list[_Kept]:
    return [each for each in kept if sealing.wrapped_by(each.wrapped) != masters[0].id]
