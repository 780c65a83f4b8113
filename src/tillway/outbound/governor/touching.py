"""Calls that change the same thing go one after another, in this process and in all others.

Two confirmations of the same product at once cost the far side a serialization conflict and seconds of back-off. In
one process the calls queue in order; between processes each thing has a short lease in Postgres, taken all or nothing,
so that nobody waits while holding a part.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final
from uuid import UUID

from tillway import clock, ids
from tillway.errors import OutcomeUnknown, TillwayError, TryAgain
from tillway.outbound.governor.leasing import Shared

AGAIN_SECONDS: Final = 0.05
"""Between two looks whether another process is done: a change takes a few times as long."""


class Touching:
    """What this process is changing over there."""

    def __init__(self, shared: Shared, lease_seconds: float) -> None:
        self._shared = shared
        self._lease_seconds = lease_seconds
        self._here: dict[str, tuple[asyncio.Lock, list[None]]] = {}
        self._calls: set[UUID] = set()

    @asynccontextmanager
    async def held(self, keys: tuple[str, ...], seconds: float) -> AsyncIterator[None]:
        """Nobody else changes these inside the block. TryAgain when that can't be had within so many seconds."""
        if not keys:
            yield
            return
        wanted, until = tuple(sorted(set(keys))), clock.monotonic() + seconds
        call = ids.new()
        taken: list[str] = []
        try:
            try:
                async with asyncio.timeout(seconds):
                    for key in wanted:
                        await self._lock(key)
                        taken.append(key)
            except TimeoutError:
                raise TryAgain("another call changes the same until the deadline") from None
            await self._lease(wanted, call, until)
            try:
                yield
            finally:
                self._calls.discard(call)
                await self._let_go(wanted, call)
        finally:
            for key in taken:
                self._unlock(key)

    async def renew(self) -> None:
        """Calls that are still under way keep what they touch."""
        if self._calls:
            await self._shared.keep_touching(tuple(self._calls), self._lease_seconds)

    async def _lease(self, keys: tuple[str, ...], call: UUID, until: float) -> None:
        self._calls.add(call)
        try:
            got = await self._leased(keys, call, until)
        except OutcomeUnknown as error:
            self._calls.discard(call)
            raise TryAgain("what the call touches could not be kept apart just now") from error
        except BaseException:
            self._calls.discard(call)
            raise
        if not got:
            self._calls.discard(call)
            raise TryAgain("another process changes the same until the deadline")

    async def _leased(self, keys: tuple[str, ...], call: UUID, until: float) -> bool:
        while not await self._shared.touch(keys, call, self._lease_seconds):
            if clock.monotonic() + AGAIN_SECONDS >= until:
                return False
            await asyncio.sleep(AGAIN_SECONDS)
        return True

    async def _let_go(self, keys: tuple[str, ...], call: UUID) -> None:
        try:
            await self._shared.let_go(keys, call)
        except TillwayError:
            return  # it lets go by itself when its lease ends

    async def _lock(self, key: str) -> None:
        lock, users = self._here.setdefault(key, (asyncio.Lock(), []))
        users.append(None)
        try:
            await lock.acquire()
        except BaseException:
            users.pop()
            if not users:
                self._here.pop(key, None)
            raise

    def _unlock(self, key: str) -> None:
        lock, users = self._here[key]
        lock.release()
        users.pop()
        if not users:
            del self._here[key]
