"""The webhooks of one works process: one delivering follower a subscription, kept in step with what is subscribed."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Final

from tillway import clock, journal
from tillway.errors import Misconfigured, OutcomeUnknown, TryAgain, Unavailable
from tillway.identity import UNRESTRICTED, Overlay, Restrictions
from tillway.journal import Follower, Recorded, unfollow
from tillway.landscape import Active, Landscape, SecretRef
from tillway.masking import remember_secret
from tillway.outbound import Client
from tillway.postgres import Database
from tillway.subscriptions import registry
from tillway.subscriptions.attempts import forget
from tillway.subscriptions.delivery import Courier
from tillway.subscriptions.judging import SCHEDULE
from tillway.subscriptions.offboarding import end_off_boarded, off_board
from tillway.subscriptions.registry import CHANGED_CHANNEL
from tillway.subscriptions.signing import key_of
from tillway.subscriptions.subscription import Subscription, current, follower_name, may_be_told

log = logging.getLogger(__name__)

# Without a nudge (lost, or its sender died) a new subscription is found within this; one tiny read each time.
POLL_SECONDS: Final = 2.0

# A lane whose subscription was removed may still write for a moment after it; by then (two beats of a runner) it has
# stopped, and what it left is swept.
SETTLED_SECONDS: Final = 3.0

# How often old deliveries are looked for.
FORGET_SECONDS: Final = 3600.0

Reveal = Callable[[SecretRef], str]
Changed = Callable[[tuple[Follower, ...]], None]
Send = Callable[[str, Recorded], Awaitable[None]]


class Webhooks:
    """Followers for all subscriptions of the hub. `reveal` finds the secrets that the landscape refers to.

    Of a consumer that is suspended, or out of its time, nothing is followed: what it would be told stays in the
    journal, and it goes on where it was once it may be told again. Of one that left the landscape all ends.
    """

    def __init__(
        self,
        db: Database,
        client: Client,
        active: Active,
        reveal: Reveal,
        *,
        restricted: Overlay | None = None,
        hold: tuple[timedelta, ...] = SCHEDULE,
    ) -> None:
        self._db = db
        self._active = active
        self._reveal = reveal
        self._hold = hold
        self._overlay = restricted
        self._courier = Courier(db, client, active, self._restricted)
        self._subscribers: frozenset[str] = frozenset()
        self._told: frozenset[str] = frozenset()
        self._book: Mapping[str, Subscription] = {}
        self._followers: dict[str, Follower] = {}
        self._mark = ""
        self._adopted = ""
        self._forgotten = 0.0
        self._left: dict[str, float] = {}

    async def load(self) -> tuple[Follower, ...]:
        """The followers for what is subscribed now. Rows and followers for what the landscape declares are made."""
        landscape = self._active.current
        if landscape.hash != self._adopted:
            await registry.adopt(self._db, landscape)
            await off_board(self._db, landscape)
            self._adopted = landscape.hash
        self._mark = await registry.mark(self._db)
        kept = await registry.every(self._db)
        removed = self._book.keys() - {row.id for row in kept}
        self._left |= {follower_name(name): clock.monotonic() for name in removed}
        now = clock.now()
        rows = current(landscape, kept, now, self._restricted())
        await self._welcome_back(kept, now)
        self._book = {row.id: row for row in rows}
        made = followers(landscape, rows, self._send, hold=self._hold)
        # The same subscription stays the same value, so that nobody takes it for another.
        self._followers = {
            each.name: old if (old := self._followers.get(each.name)) and _same(old, each) else each for each in made
        }
        return tuple(self._followers.values())

    def _restricted(self) -> Restrictions:
        return UNRESTRICTED if self._overlay is None else self._overlay()

    def _may_be_told(self, now: datetime) -> frozenset[str]:
        landscape, restricted = self._active.current, self._restricted()
        return frozenset(
            each for each in self._subscribers if may_be_told(landscape, each, now, restricted) is not None
        )

    async def _welcome_back(self, kept: Sequence[Subscription], now: datetime) -> None:
        """Whoever may be told again is told at once: no wait is left of attempts that fell into the suspension."""
        before, known = self._told, self._subscribers
        self._subscribers = frozenset(row.consumer for row in kept)
        self._told = self._may_be_told(now)
        back = (self._told - before) & known
        for row in kept:
            if row.consumer in back:
                async with self._db.transaction() as tx:
                    tx.stage(journal.resuming(row.follower))

    async def watch(self, changed: Changed) -> None:
        """Until cancelled: call `changed` with all followers now, and whenever subscriptions or landscape change."""
        wake = asyncio.Event()
        unsubscribe = self._active.subscribe(lambda _: wake.set())
        stop_listening = await self._db.listen(CHANGED_CHANNEL, wake.set)
        heard = None if self._overlay is None else self._overlay.subscribe(wake.set)
        wake.set()
        try:
            while True:
                try:
                    # A suspension or a time box may also end by itself.
                    changes = wake.is_set() or self._may_be_told(clock.now()) != self._told
                    if changes or await registry.mark(self._db) != self._mark:
                        wake.clear()
                        changed(await self.load())
                    await self._sweep()
                    await self._forget()
                except (TryAgain, OutcomeUnknown) as error:
                    log.warning("subscriptions: %s", error.detail)
                    wake.set()
                    await asyncio.sleep(POLL_SECONDS)
                    continue
                with suppress(TimeoutError):
                    async with asyncio.timeout(POLL_SECONDS):
                        await wake.wait()
        finally:
            stop_listening()
            unsubscribe()
            if heard is not None:
                heard()

    async def _send(self, subscription: str, event: Recorded) -> None:
        to = self._book.get(subscription)
        if to is None:
            raise Unavailable(f"the subscription {subscription} is not told anything now")
        await self._courier.deliver(to, self._keys(to), event)

    def _keys(self, to: Subscription) -> tuple[str, ...]:
        if to.origin == "api":
            return to.secrets
        try:
            return declared_secrets(self._active.current, to.id, self._reveal)
        except Misconfigured as error:
            # Nothing is wrong with the event: everything of this subscription waits until the secret is put right.
            raise Unavailable(f"subscription {to.id}: {error.detail}", remedy=error.remedy) from error

    async def _sweep(self) -> None:
        for name in [name for name, at in self._left.items() if clock.monotonic() - at >= SETTLED_SECONDS]:
            async with self._db.transaction() as tx:
                await unfollow(tx, name)
            del self._left[name]

    async def _forget(self) -> None:
        if clock.monotonic() - self._forgotten >= FORGET_SECONDS:
            await forget(self._db, clock.now())
            await end_off_boarded(self._db, clock.now())
            self._forgotten = clock.monotonic()


def followers(
    landscape: Landscape, rows: Sequence[Subscription], send: Send, *, hold: tuple[timedelta, ...] = SCHEDULE
) -> tuple[Follower, ...]:
    """One delivering follower a subscription of those that `current` gave; its consumer's owner answers for it."""
    return tuple(
        Follower(
            name=row.follower,
            types=frozenset(row.types),
            owner=landscape.consumer(row.consumer).owner,
            deliver=_to(row.id, send),
            hold=hold,
        )
        for row in rows
    )


def declared_secrets(landscape: Landscape, subscription: str, reveal: Reveal) -> tuple[str, ...]:
    """The secrets of a declared subscription, newest first: blanks part them while a receiver changes over.

    Misconfigured when there are none, or one is not of Standard Webhooks.
    """
    entry = landscape.subscriptions.get(subscription)
    found = () if entry is None else tuple(reveal(entry.delivery.secret).split())
    if not found:
        raise Misconfigured(f"the subscription {subscription} has no secret", remedy="provide it where it is declared")
    for secret in found:
        key_of(secret)
        remember_secret(secret)
    return found


def _to(subscription: str, send: Send) -> Callable[[Recorded], Awaitable[None]]:
    async def deliver(event: Recorded) -> None:
        await send(subscription, event)

    return deliver


def _same(one: Follower, other: Follower) -> bool:
    return (one.types, one.owner, one.hold) == (other.types, other.owner, other.hold)
