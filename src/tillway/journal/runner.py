"""The runner: shares the lanes of all shared followers among the live *works* nodes and keeps this node's running."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable, Mapping
from typing import Any, Final
from uuid import UUID

from tillway import clock
from tillway.errors import LeaseLost, TryAgain
from tillway.journal.appending import SQL
from tillway.journal.delivering import DeliveringLane
from tillway.journal.follower import Follower
from tillway.journal.lane import Lane
from tillway.journal.lanes import shift
from tillway.journal.tail import Tail
from tillway.postgres import Database

log = logging.getLogger(__name__)

# A node silent this long has lost its lanes. Longer than a pause of the machine, shorter than a shop's patience.
NODE_LEASE_SECONDS: Final = 6.0

# How often within its lease a node says that it lives, looks for lanes to take and brings idle positions along.
BEATS_A_LEASE: Final = 4

_KIND: Final = "works"

Key = tuple[str, int]


class Runner:
    """One per *works* process. Followers may come and go while it runs (a subscription made or removed)."""

    def __init__(
        self,
        db: Database,
        tail: Tail,
        node: UUID,
        followers: Iterable[Follower] = (),
        *,
        lease_seconds: float = NODE_LEASE_SECONDS,
    ) -> None:
        self._db = db
        self._lease_seconds = lease_seconds
        self._tail = tail
        self._node = node
        self._followers = {follower.name: follower for follower in followers}
        self._enrolled: set[str] = set()
        self._held: dict[Key, tuple[Lane, asyncio.Task[None]]] = {}
        self._again = asyncio.Event()

    def set_followers(self, followers: Iterable[Follower]) -> None:
        """Exchange the whole set; what is new starts soon, what is gone stops at the next beat."""
        self._followers = {follower.name: follower for follower in followers}
        self._again.set()

    async def run(self) -> None:
        """Until cancelled. Gives its lanes back on the way out, so that other nodes take them at once."""
        try:
            while True:
                try:
                    await self._beat()
                except TryAgain as error:
                    log.warning("runner: %s", error.detail)
                if await clock.wait(self._again, self._lease_seconds / BEATS_A_LEASE):
                    self._again.clear()
        finally:
            await self._stop(list(self._held))
            await self._leave()

    async def _beat(self) -> None:
        await self._db.fetchval(SQL["beat"], self._node, _KIND, self._lease_seconds)
        # One set for the whole beat: it may be exchanged while the beat awaits.
        followers = self._followers
        await self._enrol(followers)
        await self._share(followers)
        await self._wake_due()
        await self._bring_along()

    async def _enrol(self, followers: Mapping[str, Follower]) -> None:
        for name in followers.keys() - self._enrolled:
            follower = followers[name]
            start = 0 if follower.starts == "oldest" else None
            await self._db.fetchval(SQL["enrol"], name, follower.lanes, start)
            self._enrolled.add(name)
        self._enrolled &= followers.keys()

    async def _share(self, followers: Mapping[str, Follower]) -> None:
        for key in [key for key, (_, task) in self._held.items() if task.done()]:
            self._reap(key)
        # A follower that is another value now (other types, other schedule) starts anew from its stored position.
        gone = [key for key, (lane, _) in self._held.items() if followers.get(key[0]) != lane.follower]
        live = {row[0] for row in await self._db.fetch(SQL["live_nodes"], _KIND)}
        owners: dict[str, dict[int, UUID | None]] = {}
        for row in await self._db.fetch(SQL["lanes"], sorted(followers)):
            held = (row["name"], row["lane"]) in self._held
            if held and row["owner"] != self._node:
                gone.append((row["name"], row["lane"]))  # repositioned, or lost while this node was stopped
            mine_but_idle = row["owner"] == self._node and not held
            owners.setdefault(row["name"], {})[row["lane"]] = None if mine_but_idle else row["owner"]
        claim: list[Key] = []
        for name, lanes in owners.items():
            change = shift(lanes, live, self._node, follower=name)
            claim += [(name, lane) for lane in change.claim]
            gone += [(name, lane) for lane in change.release if (name, lane) in self._held]
        await self._stop(gone)
        if gone:
            self._again.set()  # what was let go may be claimed at once, by this node too
        for row in await self._claim(claim):
            self._start(followers[row["name"]], row)

    async def _claim(self, wanted: list[Key]) -> list[Any]:
        if not wanted:
            return []
        # A lane that is ours in the table and not running here (its task ended) is let go first: then it is free.
        for name, lane in wanted:
            await self._db.fetchval(SQL["drop_own"], name, lane, self._node)
        rows: list[Any] = await self._db.fetch(
            SQL["claim"], self._node, [name for name, _ in wanted], [lane for _, lane in wanted]
        )
        return rows

    def _start(self, follower: Follower, row: Any) -> None:
        kind = Lane if follower.deliver is None else DeliveringLane
        lane = kind(self._db, self._tail, self._node, follower, row)
        self._held[row["name"], row["lane"]] = (
            lane,
            asyncio.create_task(lane.run(), name=f"{row['name']}/{row['lane']}"),
        )

    def _reap(self, key: Key) -> None:
        _, task = self._held.pop(key)
        error = None if task.cancelled() else task.exception()
        if isinstance(error, LeaseLost):
            log.info("lane %s/%d: %s", *key, error.detail)
        elif error is not None:
            log.error("lane %s/%d ended", *key, exc_info=error)

    async def _stop(self, keys: list[Key]) -> None:
        tasks = [self._held[key][1] for key in keys]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for key in dict.fromkeys(keys):
            lane, _ = self._held.pop(key)
            try:
                held = lane.holding
                await self._db.fetchval(SQL["release"], held.name, held.lane, held.node, held.fence)
            except TryAgain as error:
                log.info("lane %s/%d not given back, it expires: %s", *key, error.code)

    async def _wake_due(self) -> None:
        for row in await self._db.fetch(SQL["due_lanes"]):
            held = self._held.get((row["follower"], row["lane"]))
            if held is not None:
                held[0].retry_due = True
                held[0].wake.set()

    async def _bring_along(self) -> None:
        """Store the positions of followers that had nothing to do, in one statement."""
        moves = [(lane, position) for lane, _ in self._held.values() if (position := lane.catch_up()) is not None]
        if not moves:
            return
        await self._db.fetchval(
            SQL["move_idle"],
            self._node,
            [lane.holding.name for lane, _ in moves],
            [lane.holding.lane for lane, _ in moves],
            [lane.holding.fence for lane, _ in moves],
            [position for _, position in moves],
        )
        for lane, position in moves:
            lane.stored = max(lane.stored, position)

    async def _leave(self) -> None:
        try:
            await self._db.fetchval(SQL["leave"], self._node)
        except TryAgain as error:
            log.info("node not signed off, its lanes expire: %s", error.code)
