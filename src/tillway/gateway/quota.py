"""The quota stage: may this consumer ask this API once more? In memory while a block of permits is in hand.

Keyed by the authenticated consumer and the name of the API from its contract, never by a path or by what a header
says. A fact is never refused: it spends a permit if there is one, and is counted as over the quota if not.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Final

from tillway import clock, ids
from tillway.contracts import Operation
from tillway.errors import OutcomeUnknown, Rejected, TryAgain, Unavailable
from tillway.gateway import leasing
from tillway.gateway.answering import Headers
from tillway.gateway.ledger import SECOND, Block
from tillway.gateway.lot import Lot
from tillway.gateway.rates import SLOWED, Rate, rate_of, remaining
from tillway.landscape import Landscape
from tillway.postgres import Database

log = logging.getLogger(__name__)

# After Postgres failed to lease, this node does not ask for the same quota again for so long (seconds).
AWAY_SECONDS: Final = 0.5

# How often this node gives back what it did not need, and forgets who was not here for long (seconds).
TIDY_SECONDS: Final = 1.0
FORGET_SECONDS: Final = 60.0

Key = tuple[str, str]


class QuotaExceeded(Rejected):
    """The consumer has used up its quota of this API. `retry_after` is in seconds, `headers` tell the quota."""

    code, title, status = "quota-exceeded", "The quota is used up", 429

    def __init__(self, detail: str, *, retry_after: float, headers: Headers) -> None:
        super().__init__(detail, remedy="wait as long as Retry-After says, or ask for a larger quota")
        self.retry_after = retry_after
        self.headers = headers


class _Kept:
    """A lot, how its quota is announced, and the lease that is under way for it."""

    __slots__ = ("announced", "away_until", "lot", "seen_at", "under_way")

    def __init__(self, rate: Rate) -> None:
        self.lot = Lot(rate.policy)
        self.announced = rate.announced
        self.under_way: asyncio.Task[None] | None = None
        self.away_until = 0.0
        self.seen_at = 0.0


class Quotas:
    """The quotas of one node. `run` gives back what is not needed."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._told: Callable[[str, str], None] = _unheard
        self._kept: dict[Key, _Kept] = {}
        self._landscape: Landscape | None = None
        self._midnight = 0.0

    def tell(self, told: Callable[[str, str], None]) -> None:
        """Tell of every request over its quota: the API, and `refused`, or `fact` for one that was let through."""
        self._told = told

    async def spend(
        self, consumer: str, operation: Operation, landscape: Landscape, *, slowed: bool = False
    ) -> Headers:
        """One request's permit; the header fields that tell the consumer about its quota, if it has a declared one.

        `slowed`: it is spent of a tenth of the quota, kept apart from that of what is critical.

        QuotaExceeded. Unavailable: it cannot be counted, and the operation is not one that could do without Postgres.
        """
        if landscape is not self._landscape:
            self._adopt(landscape)
        api = operation.api + SLOWED if slowed else operation.api
        kept = self._kept.get((consumer, api))
        if kept is None:
            if consumer not in landscape.consumers:
                return []  # operators, and senders of facts that are no longer known
            kept = self._kept[consumer, api] = _Kept(rate_of(landscape, consumer, api))
        if not kept.lot.take(clock.monotonic()) and not await self._admitted(consumer, api, operation, kept, landscape):
            return []
        return [] if kept.announced is None else self._fields(kept)

    async def run(self) -> None:
        """Give back unneeded permits, until cancelled."""
        while True:
            await asyncio.sleep(TIDY_SECONDS)
            await self.tidy(clock.monotonic())

    async def tidy(self, now: float, *, leaving: bool = False) -> None:
        """Give back what can't be spent any more, or, `leaving`, all; forget lots that nobody asked for in a while."""
        for (consumer, api), kept in tuple(self._kept.items()):
            lot = kept.lot
            if lot.lease and kept.under_way is None and (leaving or not lot.left or now >= lot.until):
                if not await self._given_back(consumer, api, kept):
                    return  # the others are tried the next time; what is never given back counts as spent
            elif not lot.lease and not lot.asking and now - kept.seen_at > FORGET_SECONDS and not lot.refused(now):
                self._kept.pop((consumer, api), None)

    def _adopt(self, landscape: Landscape) -> None:
        """Take over another landscape: quotas that changed count from now on, permits in hand stay those they were."""
        self._landscape = landscape
        self._midnight = 0.0
        for (consumer, api), kept in self._kept.items():
            rate = rate_of(landscape, consumer, api)
            kept.announced = rate.announced
            if rate.policy != kept.lot.policy:
                kept.lot.policy = rate.policy
                kept.lot.until = kept.lot.silent_until = 0.0

    async def _admitted(self, consumer: str, api: str, operation: Operation, kept: _Kept, landscape: Landscape) -> bool:
        """Whether a permit was spent; False: it goes on without one. Raises what refuses it."""
        lot = kept.lot
        lot.asking += 1
        try:
            while not lot.take(now := clock.monotonic()):
                kept.seen_at = now
                if lot.refused(now):
                    return self._over(operation, kept, now)
                await self._filled(consumer, api, kept, landscape)
        except Unavailable:
            if operation.fact or may_be_stale(operation, landscape):
                return False
            raise
        finally:
            lot.asking -= 1
        return True

    def _over(self, operation: Operation, kept: _Kept, now: float) -> bool:
        self._told(operation.api, "fact" if operation.fact else "refused")
        if operation.fact:
            return False
        detail = f"the quota of {operation.api} is used up for this {kept.lot.full}"
        retry_in = kept.lot.retry_at - now
        fields = [] if kept.announced is None else self._fields(kept, retry_in)
        raise QuotaExceeded(detail, retry_after=retry_in, headers=fields)

    async def _filled(self, consumer: str, api: str, kept: _Kept, landscape: Landscape) -> None:
        """Wait for the lease under way, or begin one. It goes on when the request that began it is cancelled."""
        if kept.under_way is None:
            if clock.monotonic() < kept.away_until:
                raise Unavailable("the quota cannot be counted just now", retry_after=AWAY_SECONDS)
            kept.under_way = asyncio.ensure_future(self._lease(consumer, api, kept, landscape))
            kept.under_way.add_done_callback(_looked_at)
        await asyncio.shield(kept.under_way)

    async def _lease(self, consumer: str, api: str, kept: _Kept, landscape: Landscape) -> None:
        asked_at = clock.monotonic()
        try:
            block = await self._exchange(consumer, api, kept, landscape, waiting=max(1, kept.lot.asking))
            kept.lot.filled(block, asked_at)
        except (TryAgain, OutcomeUnknown) as error:
            kept.away_until = clock.monotonic() + AWAY_SECONDS
            detail = f"the quota cannot be counted just now: {error.detail}"
            raise Unavailable(detail, retry_after=AWAY_SECONDS) from error
        finally:
            kept.under_way = None

    async def _given_back(self, consumer: str, api: str, kept: _Kept) -> bool:
        if self._landscape is None:
            return False
        try:
            await self._exchange(consumer, api, kept, self._landscape, waiting=0)
        except (TryAgain, OutcomeUnknown) as error:
            log.info("permits of %s for %s were not given back: %s", consumer, api, error.detail)
            return False
        return True

    async def _exchange(self, consumer: str, api: str, kept: _Kept, landscape: Landscape, *, waiting: int) -> Block:
        settle, unspent = kept.lot.emptied()
        return await leasing.exchange(
            self._database,
            leasing.Wanted(
                consumer=consumer,
                api=api,
                policy=kept.lot.policy,
                zone=landscape.organisation.timezone,
                settle=settle,
                unspent=unspent,
                lease=str(ids.new()),
                waiting=waiting,
            ),
        )

    def _fields(self, kept: _Kept, retry_in: float | None = None) -> Headers:
        midnight_in = self._until_midnight() if kept.lot.policy.per_day else 0.0
        return [
            (b"ratelimit-policy", (kept.announced or "").encode()),
            (b"ratelimit", remaining(kept.lot, midnight_in, retry_in).encode()),
        ]

    def _until_midnight(self) -> float:
        now = clock.now().timestamp()
        if now >= self._midnight and self._landscape is not None:
            zone = self._landscape.organisation.timezone
            self._midnight = leasing.moment_of(int(now) * SECOND, zone).midnight / SECOND
        return max(0.0, self._midnight - now)


def may_be_stale(operation: Operation, landscape: Landscape) -> bool:
    """Whether this may be answered from memory while Postgres is away."""
    api = landscape.apis.get(operation.api)
    return not operation.writes and api is not None and api.stale_seconds is not None


def _unheard(_api: str, _outcome: str) -> None:
    """Nobody counts."""


def _looked_at(task: asyncio.Task[None]) -> None:
    """A lease whose requests were all cancelled fails without anybody to tell."""
    if not task.cancelled():
        task.exception()
