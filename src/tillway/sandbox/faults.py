"""What goes wrong on purpose, and what was counted: the state behind the panel.

Every switch says which calls it is for by a pattern over `model/method` (`sale.order/*`), and `next` counts down to 0.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from fnmatch import fnmatchcase
from random import Random
from typing import Any, Final

import msgspec

EVERYTHING: Final = "*"
MILLISECONDS: Final = 1000.0
BACKOFF_MS: Final = 1000.0
"""The real server waits a random part of 2^n seconds before its n-th new try after a conflict."""
SEED: Final = 19
"""Jitter and error rates come from a generator of their own, so that a run can be repeated."""


class Countdown(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Strikes the next so many calls that match."""

    next: int = 0
    match: str = EVERYTHING


class Errors(Countdown, kw_only=True, forbid_unknown_fields=True):
    """Calls answered with this status instead of being done: the next so many, and a share of all (0..1)."""

    rate: float = 0.0
    status: int = 503


class Hook(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A webhook that is posted after every committed change of a model's records, as an automation rule would."""

    model: str
    url: str
    fields: tuple[str, ...] = ()


class Switches(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Everything that can be set on the panel. Times are in milliseconds, 0 switches off."""

    latency_ms: float = 0.0
    jitter_ms: float = 0.0
    work_ms: float = 0.0
    """Time that every call spends inside its transaction, so that calls overlap and may conflict."""
    work_jitter_ms: float = 0.0
    backoff_ms: float = BACKOFF_MS
    workers: int = 0
    """Calls worked on at a time; further ones queue as in a listen socket. 0: no limit."""
    stopped: bool = False
    """Every connection is closed without an answer."""
    errors: Errors = msgspec.field(default_factory=Errors)
    drop_before: Countdown = msgspec.field(default_factory=Countdown)
    drop_after_commit: Countdown = msgspec.field(default_factory=Countdown)
    hooks: tuple[Hook, ...] = ()
    hooks_lost: Countdown = msgspec.field(default_factory=Countdown)


class Count(msgspec.Struct, kw_only=True):
    """What happened to the calls of one method."""

    calls: int = 0
    done: int = 0
    refused: int = 0
    """Answered with a 4xx."""
    failed: int = 0
    """Answered with a 5xx."""
    dropped_before: int = 0
    dropped_after: int = 0
    milliseconds: float = 0.0


class Panel:
    """The switches, the counters and the workers' queue."""

    def __init__(self) -> None:
        self.switches = Switches()
        self.counts: dict[str, Count] = {}
        self.busy = 0
        self.queued = 0
        self.queued_most = 0
        self.hooks_posted = 0
        self.hooks_lost = 0
        self._random = Random(SEED)
        self._freed = asyncio.Condition()

    async def change(self, given: dict[str, Any]) -> None:
        """Set some switches and leave the others. msgspec.ValidationError when they are not what they should be."""
        self.switches = msgspec.convert(_merged(msgspec.to_builtins(self.switches), given), Switches)
        async with self._freed:
            self._freed.notify_all()

    async def reset(self) -> None:
        """All switches as at the start, all counters at zero."""
        self.counts.clear()
        self.queued_most = self.hooks_posted = self.hooks_lost = 0
        self.switches = Switches()
        async with self._freed:
            self._freed.notify_all()

    def shown(self) -> dict[str, Any]:
        """State and counters."""
        load = {"busy": self.busy, "queued": self.queued, "queued_most": self.queued_most}
        hooks = {"posted": self.hooks_posted, "lost": self.hooks_lost}
        return {"switches": self.switches, "load": load, "hooks": hooks, "counts": dict(sorted(self.counts.items()))}

    def count(self, method: str) -> Count:
        """The counter of a method."""
        return self.counts.setdefault(method, Count())

    @asynccontextmanager
    async def worker(self) -> AsyncIterator[None]:
        """Wait for a free worker and hold it."""
        self.queued += 1
        self.queued_most = max(self.queued_most, self.queued)
        try:
            async with self._freed:
                await self._freed.wait_for(lambda: not self.switches.workers or self.busy < self.switches.workers)
                self.busy += 1
        finally:
            self.queued -= 1
        try:
            yield
        finally:
            async with self._freed:
                self.busy -= 1
                self._freed.notify()

    def latency(self) -> float:
        """Seconds to wait before a call is looked at."""
        return self._spread(self.switches.latency_ms, self.switches.jitter_ms)

    def work(self) -> float:
        """Seconds a call spends in its transaction."""
        return self._spread(self.switches.work_ms, self.switches.work_jitter_ms)

    def backoff(self, attempt: int) -> float:
        """Seconds before the next try after a conflict."""
        return self._random.uniform(0.0, 2.0**attempt) * self.switches.backoff_ms / MILLISECONDS

    def strikes(self, countdown: Countdown, method: str) -> bool:
        """Whether this call is meant; counts it off."""
        if countdown.next <= 0 or not fnmatchcase(method, countdown.match):
            return False
        countdown.next -= 1
        return True

    def fails(self, method: str) -> int:
        """The status to fail this call with, 0 to let it pass."""
        errors = self.switches.errors
        if self.strikes(errors, method):
            return errors.status
        by_chance = errors.rate > 0 and fnmatchcase(method, errors.match) and self._random.random() < errors.rate
        return errors.status if by_chance else 0

    def _spread(self, fixed: float, jitter: float) -> float:
        return (fixed + (self._random.uniform(0.0, jitter) if jitter else 0.0)) / MILLISECONDS


def _merged(held: dict[str, Any], given: dict[str, Any]) -> dict[str, Any]:
    merged = dict(held)
    for name, value in given.items():
        old = merged.get(name)
        merged[name] = {**old, **value} if isinstance(old, dict) and isinstance(value, dict) else value
    return merged
