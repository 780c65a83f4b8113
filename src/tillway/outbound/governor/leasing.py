"""Where the ledger is kept: in Postgres for all processes, or in memory for one that is alone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Protocol
from uuid import UUID

import msgspec

from tillway import clock
from tillway.outbound.governor.ledger import Block, Ledger, Word, opened, told
from tillway.outbound.governor.limit import SECOND
from tillway.postgres import Database, Statements, load

SQL: Final[Statements] = load("tillway.outbound", "outbound.sql")

CHANNEL: Final = "outbound"
"""Nudged when somebody waits for a permit, or when one was set aside."""

decoded: Final = msgspec.json.Decoder(Ledger).decode
_encode: Final = msgspec.json.Encoder().encode


class Shared(Protocol):
    """One far side's ledger."""

    async def tell(self, word: Word, valid: float) -> Block:
        """Take a process's word and answer it; blocks are valid so many seconds."""
        ...

    async def listen(self, heard: Callable[[], None]) -> Callable[[], None]:
        """Call `heard` whenever it is worth looking; what is returned ends it."""
        ...

    async def touch(self, keys: tuple[str, ...], call: UUID, seconds: float) -> bool:
        """Whether the call may now change what these keys name, until `let_go` or so many seconds from now."""
        ...

    async def keep_touching(self, calls: tuple[UUID, ...], seconds: float) -> None:
        """These calls go on for so many seconds more."""
        ...

    async def let_go(self, keys: tuple[str, ...], call: UUID) -> None:
        """The call is done with them."""
        ...


class InPostgres:
    """The ledger of one connection, for all processes on one database."""

    def __init__(self, database: Database, connection: str) -> None:
        self._database = database
        self._connection = connection

    async def tell(self, word: Word, valid: float) -> Block:
        """See `Shared`. Errors as `Database.transaction`: the word was taken or not, both are safe."""
        async with self._database.transaction() as tx:
            row = await tx.fetchrow(SQL["governed"], self._connection)
            if row is None:
                await tx.execute(SQL["open_governed"], self._connection, _encode(opened(word.most)).decode())
                row = await tx.fetchrow(SQL["governed"], self._connection)
            ledger, block = told(decoded(row["ledger"]), word, round(valid * SECOND), row["now"])
            await tx.execute(SQL["keep_governed"], self._connection, _encode(ledger).decode())
        if block.wake:
            self._database.nudge(CHANNEL)
        return block

    async def listen(self, heard: Callable[[], None]) -> Callable[[], None]:
        """See `Shared`."""
        return await self._database.listen(CHANNEL, heard)

    async def touch(self, keys: tuple[str, ...], call: UUID, seconds: float) -> bool:
        """See `Shared`."""
        try:
            async with self._database.transaction() as tx:
                _all_of(keys, await tx.fetch(SQL["touch"], self._connection, list(keys), call, seconds))
        except _TakenError:
            return False
        return True

    async def keep_touching(self, calls: tuple[UUID, ...], seconds: float) -> None:
        """See `Shared`."""
        await self._database.fetch(SQL["keep_touching"], self._connection, list(calls), seconds)

    async def let_go(self, keys: tuple[str, ...], call: UUID) -> None:
        """See `Shared`."""
        await self._database.fetch(SQL["let_go"], self._connection, list(keys), call)


class InMemory:
    """The ledger of a process that has the far side for itself. What it changes is kept apart by the gate."""

    def __init__(self, most: int) -> None:
        self._ledger = opened(most)

    async def tell(self, word: Word, valid: float) -> Block:
        """See `Shared`."""
        self._ledger, block = told(self._ledger, word, round(valid * SECOND), round(clock.monotonic() * SECOND))
        return block

    async def listen(self, heard: Callable[[], None]) -> Callable[[], None]:
        """See `Shared`: nobody else is there."""
        del heard
        return lambda: None

    async def touch(self, keys: tuple[str, ...], call: UUID, seconds: float) -> bool:
        """See `Shared`."""
        del keys, call, seconds
        return True

    async def keep_touching(self, calls: tuple[UUID, ...], seconds: float) -> None:
        """See `Shared`."""

    async def let_go(self, keys: tuple[str, ...], call: UUID) -> None:
        """See `Shared`."""


def _all_of(keys: tuple[str, ...], taken: list[object]) -> None:
    if len(taken) < len(keys):
        raise _TakenError


class _TakenError(Exception):
    """Somebody else changes one of them: take none."""
