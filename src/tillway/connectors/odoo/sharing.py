"""Reads that wait for their turn are made one: equal ones, and small `read` calls of the same fields.

Only a read that was not sent yet is shared: whoever joins it gets an answer that was made after asking, as if alone.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextvars import Context
from typing import Any, Final

import msgspec

from tillway.errors import TillwayError, TryAgain

IDS_MAX: Final = 500
"""Records of one merged read: beyond that, one call is longer than a queue of calls is."""

SMALL: Final = 50
"""Reads of at most so many records are merged; larger ones are worth a call of their own."""

Rows = list[dict[str, Any]]


class _Round:
    """One call to come: who waits for it, and which records they want."""

    def __init__(self) -> None:
        self.open = True
        self.users = 0
        self.ids: dict[int, None] = {}
        self.task: asyncio.Task[Any] | None = None


class Sharing:
    """Of one connection in one process."""

    def __init__(self) -> None:
        self._rounds: dict[bytes, _Round] = {}

    async def ask(self, key: bytes, seconds: float, ask: Callable[[Callable[[], object]], Awaitable[Any]]) -> Any:
        """The answer of `ask`, or of an equal one that still waits. `ask` calls what it is given when it is sent."""
        current = self._rounds.get(key)
        if current is None or not current.open:
            current = self._begun(key, lambda round_: ask(lambda: self._sent(key, round_)))
        return await self._waited(current, seconds)

    async def read(
        self,
        key: bytes,
        ids: list[int],
        seconds: float,
        ask: Callable[[Callable[[], list[int]]], Awaitable[Rows]],
    ) -> Rows:
        """The rows of these records, read together with those that others want in the same form.

        `ask` calls what it is given, once it is sent, for the ids. A merged read that fails is asked again alone:
        the reason may be a record of somebody else.
        """
        current = self._rounds.get(key)
        if current is None or not current.open or len(current.ids) + len(ids) > IDS_MAX:
            current = self._begun(key, lambda round_: ask(lambda: self._sent(key, round_)))
        current.ids.update(dict.fromkeys(ids))
        try:
            rows = await self._waited(current, seconds)
        except TryAgain:
            raise
        except TillwayError:
            if len(current.ids) == len(set(ids)):
                raise
            alone: Rows = await ask(lambda: ids)
            return alone
        by_id = {row["id"]: row for row in rows}
        # A row each, as the server gives them: records that are gone are left out, one asked for twice comes twice.
        return [dict(by_id[each]) for each in ids if each in by_id]

    def _begun(self, key: bytes, ask: Callable[[_Round], Awaitable[Any]]) -> _Round:
        round_ = self._rounds[key] = _Round()

        async def run() -> Any:
            try:
                return await ask(round_)
            finally:
                self._sent(key, round_)

        round_.task = asyncio.get_running_loop().create_task(run(), context=Context())
        return round_

    def _sent(self, key: bytes, round_: _Round) -> list[int]:
        round_.open = False
        if self._rounds.get(key) is round_:
            del self._rounds[key]
        return list(round_.ids)

    async def _waited(self, round_: _Round, seconds: float) -> Any:
        task = round_.task
        if task is None:
            raise RuntimeError("a round begins with its task")
        round_.users += 1
        try:
            async with asyncio.timeout(seconds):
                return await asyncio.shield(task)
        except TimeoutError:
            raise TryAgain("no answer until the deadline") from None
        finally:
            round_.users -= 1
            if not round_.users and not task.done():
                round_.open = False
                task.cancel()


def key_of(*parts: Any) -> bytes:
    """What equal reads have in common."""
    return msgspec.json.encode(parts, order="sorted", enc_hook=str)
