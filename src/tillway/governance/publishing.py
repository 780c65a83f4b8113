"""Publishing in two phases: every live node prepares the release, then one transaction puts it in force.

    begin (a row, a nudge) -> nodes compile and answer -> all ready: activate | one cannot: fail

Until it is activated nothing is different for anybody. A node that dies on the way is waited for until its sign of
life is old; one that starts on the way finds what is in force when it looks.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple
from uuid import UUID

from tillway import clock, ids
from tillway.errors import Conflict
from tillway.governance import releases
from tillway.governance.change import Approval, Change, InForce, Manifest, Release
from tillway.governance.deciding import boards_of, counted
from tillway.governance.releases import Sign
from tillway.governance.statements import READY_CHANNEL, RELEASES_CHANNEL, SQL
from tillway.landscape import Landscape
from tillway.postgres import Database, Tx

# A node that gave no sign of life for so long is not waited for: four missed beats.
LIVE_SECONDS: Final = 4.0

# Nodes may take so long to compile: ten thousand shops take some seconds on a busy core.
PREPARE_SECONDS: Final = 20.0

# An attempt whose publisher was lost frees the way after this.
LOST_SECONDS: Final = PREPARE_SECONDS + 5.0

# Without a nudge an answer is found within this.
LOOK_SECONDS: Final = 0.1

Publishable = Callable[[InForce | None], None]
"""Raises Conflict when, this being in force, the change may not be published."""


class Attempt(NamedTuple):
    """A publication under way."""

    id: UUID
    change: UUID


class NotReady(Conflict):
    """A node cannot take the release over, so nobody does."""

    code, title = "not-ready", "A node cannot take the release over"


async def begin(db: Database, change: Change, by: str, check: Publishable) -> Attempt:
    """Let all nodes prepare. Conflict when another publication is under way, or `check` says so."""
    attempt = Attempt(ids.new(), change.id)
    async with db.transaction() as tx:
        head = await tx.fetchrow(SQL["lock_head"])
        if head["preparing"] is not None:
            await _free(tx, head["preparing"])
        check(await releases.in_force(tx))
        await tx.execute(SQL["begin_activation"], attempt.id, change.id, change.hash, change.bundle, by, LOST_SECONDS)
        tx.nudge(RELEASES_CHANNEL)
    return attempt


async def _free(tx: Tx, under_way: UUID) -> None:
    other = await tx.fetchrow(SQL["preparing"], under_way)
    if not other["expired"]:
        raise Conflict(
            f"the change {other['change']} is being published", remedy="ask again in a moment", retry_after=1
        )
    await tx.execute(SQL["end_activation"], under_way, "failed", "its publisher was lost")
    await tx.execute(SQL["free_head"], under_way)


async def prepared(db: Database, attempt: Attempt, until: datetime) -> int:
    """Wait until every live node is ready, and how many those are. NotReady names the node that cannot be in time."""
    heard = asyncio.Event()
    stop_listening = await db.listen(READY_CHANNEL, heard.set)
    try:
        while True:
            heard.clear()
            rows = await db.fetch(SQL["answers"], attempt.id, LIVE_SECONDS)
            failed = next((row for row in rows if row["error"] is not None), None)
            if failed is not None:
                raise NotReady(f"{_named(failed)}: {failed['error']}", remedy="correct it, and propose it anew")
            waited_for = [row for row in rows if not row["answered"]]
            if not waited_for:
                return len(rows)
            if clock.now() >= until:
                told = ", ".join(_named(row) for row in waited_for)
                raise NotReady(f"{told} did not answer in time", remedy="see `tillway nodes`, then publish again")
            await clock.wait(heard, LOOK_SECONDS)
    finally:
        stop_listening()


async def fail(db: Database, attempt: Attempt, error: str) -> None:
    """End an attempt: what is in force stays."""
    async with db.transaction() as tx:
        await tx.execute(SQL["lock_head"])
        await tx.execute(SQL["end_activation"], attempt.id, "failed", error)
        await tx.execute(SQL["free_head"], attempt.id)


class Publisher(NamedTuple):
    """Who puts a change in force, under which landscape, when, and with the hub's signature."""

    by: str
    landscape: Landscape
    sign: Sign
    now: datetime


async def activate(tx: Tx, attempt: Attempt, change: Change, publisher: Publisher) -> Release:
    """Put a prepared change in force, in the caller's transaction. Conflict when the attempt was given up meanwhile.

    `change` was read in this transaction. The first release ever is preceded by what was in force of the files, so
    that there is a way back from it.
    """
    by, landscape, sign, now = publisher
    head = await tx.fetchrow(SQL["lock_head"])
    if head["preparing"] != attempt.id:
        raise Conflict("this publication took too long and was given up", remedy="publish it again")
    parent = None if head["release"] is None else await releases.release(tx, head["release"])
    if parent is None:
        parent = await releases.add(tx, _of_files(change, by, now), sign)
    boards = landscape.governance.boards
    manifest = Manifest(
        number=parent.manifest.number + 1,
        hash=change.hash,
        bundle=change.bundle,
        parent=parent.manifest.number,
        parent_digest=releases.digest_of(parent),
        kind=change.kind,
        change=change.id,
        rolls_back_to=change.rolls_back_to,
        proposed_by=change.proposer,
        approvals=tuple(Approval(vote.person, boards_of(vote, boards), vote.at) for vote in counted(change)),
        published_by=by,
        activated_at=now,
    )
    made = await releases.add(tx, manifest, sign)
    await tx.execute(SQL["end_activation"], attempt.id, "active", None)
    await tx.execute(SQL["move_head"], manifest.number)
    due = None
    if change.kind == "emergency":
        due = now + timedelta(hours=landscape.governance.emergency.review_within_hours)
    await tx.execute(SQL["end_change"], change.id, "published", now, manifest.number, due)
    tx.nudge(RELEASES_CHANNEL)
    return made


def _of_files(change: Change, by: str, now: datetime) -> Manifest:
    return Manifest(
        number=1,
        hash=change.base,
        bundle=change.base_bundle,
        parent=None,
        parent_digest=None,
        kind="files",
        change=None,
        published_by=by,
        activated_at=now,
    )


def _named(row: Any) -> str:
    return f"the {row['kind']} {row['pid']} on {row['host']}"
