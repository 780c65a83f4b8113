"""The sealer: numbers what waits, chains the hashes, and signs the ends now and then. One holds the lease."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

import asyncpg

from tillway import clock
from tillway.audit.anchor import FIRST, Sign, Signed, anchored
from tillway.audit.entry import SALT_BYTES, Class, Link, Sealed, read_line, seal
from tillway.audit.reading import chains, signed
from tillway.audit.staging import SQL
from tillway.errors import TryAgain
from tillway.postgres import Database

log = logging.getLogger(__name__)

# A sealer that is silent this long is replaced.
LEASE_SECONDS: Final = 5.0

# Entries sealed by one statement: some 4 ms of this process's loop.
BATCH: Final = 400

# What waits is looked for this often; it is evidence once it is sealed, and can be searched then.
SEAL_SECONDS: Final = 0.5

# The ends are signed when so much time has passed or so many entries were sealed since: what an intruder with the
# rights of the database could rewrite unnoticed.
ANCHOR_EVERY: Final = timedelta(seconds=60)
ANCHOR_ENTRIES: Final = 50_000

# An idle hub signs anew so often: a new signing key has signed the last anchor before the old one is dropped.
ANCHOR_IDLE: Final = timedelta(hours=6)


class Sealer:
    """Runs on every *works* node; only the lease holder seals. `sign` signs anchors with the hub's key."""

    def __init__(self, db: Database, node: UUID, sign: Sign, *, lease_seconds: float = LEASE_SECONDS) -> None:
        self._db = db
        self._node = node
        self._sign = sign
        self._lease_seconds = lease_seconds
        self._fence: int | None = None

    async def run(self) -> None:
        """Until cancelled. Gives the lease back on the way out."""
        renew = asyncio.create_task(self._keep_lease())
        try:
            while True:
                try:
                    sealed = await self.step()
                    if sealed < BATCH:
                        await self.anchor()
                except TryAgain as error:
                    log.warning("sealer: %s", error.detail)
                    sealed = 0
                await asyncio.sleep(0 if sealed == BATCH else SEAL_SECONDS)
        finally:
            renew.cancel()
            await self._release()

    async def lease(self) -> bool:
        """Take or renew the lease; whether this node holds it now."""
        self._fence = await self._db.fetchval(SQL["lease_sealer"], self._node, self._lease_seconds)
        return self._fence is not None

    async def step(self, *, now: datetime | None = None) -> int:
        """Seal one batch; how many entries. 0 too when another node holds the lease. Time is Postgres's unless given,
        and never goes back.
        """
        if self._fence is None:
            return 0
        staged = await self._db.fetch(SQL["staged"], BATCH)
        if not staged:
            return 0
        head = await self._db.fetchrow(SQL["head"])
        ends, _ = chains(await self._db.fetch(SQL["chains"]))
        number, now = head["number"], max(head["sealed_at"], now or head["now"])
        rows: list[Sealed] = []
        for row in staged:
            entry = read_line(row["line"], at=now, node=self._node)
            number += 1
            sealed = seal(entry, ends[entry.kind_of], number=number, sealed_at=now, salt=os.urandom(SALT_BYTES))
            ends[entry.kind_of] = Link(sealed.seq, sealed.hash)
            rows.append(sealed)
        ids = [row["id"] for row in staged]
        done = await self._db.fetchval(
            SQL["seal"], self._node, self._fence, head["number"], number, now, ids, *_ends(ends), *_columns(rows)
        )
        return 0 if done is None else len(rows)

    async def anchor(self, *, now: datetime | None = None, due: bool = False) -> bool:
        """Sign the ends of the chains if that is due, or `due` says so; whether it was done."""
        if self._fence is None:
            return False
        now = now or clock.now()
        head = await self._db.fetchrow(SQL["head"])
        row = await self._db.fetchrow(SQL["last_anchor"])
        last = None if row is None else signed(row)
        fresh = head["number"] - (0 if last is None else last.number)
        if not (due and fresh) and not _is_due(last, fresh, now):
            return False
        ends, _ = chains(await self._db.fetch(SQL["chains"]))
        before = FIRST if last is None else last.token
        made = anchored(
            anchor=head["anchor"] + 1, before=before, at=now, number=head["number"], ends=ends, sign=self._sign
        )
        values = (made.anchor, made.number, made.at, made.token)
        done = await self._db.fetchval(SQL["add_anchor"], self._node, self._fence, *values)
        if done is not None:
            # Outside the database, too: whoever keeps the logs can tell that anchors were taken off the end.
            log.info("audit anchor %d over %d entries", made.anchor, made.number)
        return done is not None

    async def _keep_lease(self) -> None:
        while True:
            try:
                await self.lease()
            except TryAgain as error:
                log.warning("sealer lease: %s", error.detail)
            await asyncio.sleep(self._lease_seconds / 3)

    async def _release(self) -> None:
        if self._fence is None:
            return
        try:
            await self._db.fetchval(SQL["release_sealer"], self._node, self._fence)
        except (TryAgain, asyncpg.PostgresError) as error:
            log.info("sealer lease not given back, it expires (%s)", type(error).__name__)


def _is_due(last: Signed | None, fresh: int, now: datetime) -> bool:
    """Whether it is time to sign, `fresh` entries after the last anchor."""
    if last is None or fresh >= ANCHOR_ENTRIES:
        return fresh > 0
    return now - last.at >= (ANCHOR_EVERY if fresh else ANCHOR_IDLE)


def _ends(ends: dict[Class, Link]) -> tuple[list[Any], ...]:
    return list(ends), [link.seq for link in ends.values()], [link.hash for link in ends.values()]


def _columns(rows: Sequence[Sealed]) -> tuple[list[Any], ...]:
    entries = [row.entry for row in rows]
    return (
        [row.number for row in rows],
        [entry.kind_of for entry in entries],
        [row.seq for row in rows],
        [entry.at for entry in entries],
        [entry.node for entry in entries],
        [entry.principal for entry in entries],
        [entry.kind for entry in entries],
        [entry.actor for entry in entries],
        [entry.operation for entry in entries],
        [entry.api for entry in entries],
        [entry.subject for entry in entries],
        [entry.status for entry in entries],
        [entry.code for entry in entries],
        ["\x1f".join(entry.policies) for entry in entries],
        [entry.release for entry in entries],
        [entry.correlation for entry in entries],
        [entry.network for entry in entries],
        [entry.count for entry in entries],
        [entry.personal for entry in entries],
        [row.salt for row in rows],
        [row.personal_digest for row in rows],
        [row.hash for row in rows],
    )
