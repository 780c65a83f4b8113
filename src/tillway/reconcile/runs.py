"""Runs: one comparison of two sides, asked for by somebody or by the schedule, worked on by one node."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

import msgspec

from tillway import ids
from tillway.errors import Conflict, LeaseLost, NotFound
from tillway.postgres import Database, Tx
from tillway.reconcile.judging import Tally
from tillway.reconcile.statements import SQL

LEASE_SECONDS: Final = 60.0
"""A node that is silent this long has lost its run, and another begins it again; it renews four times within that."""

AGAIN_SECONDS: Final = 30.0
"""A run that could not go on rests so long; what is queued meanwhile goes first."""

QUEUED_CHANNEL: Final = "reconcile_queued"
"""Told after a run was queued."""

SCHEDULE: Final = "schedule"
"""Who asks when nobody did."""


class Run(msgspec.Struct, frozen=True, kw_only=True):
    """One comparison."""

    id: UUID
    domain: str
    connection: str
    shop: str | None
    since: datetime | None
    fix: bool
    asked_by: str
    reason: str
    correlation: str
    status: str
    attempts: int
    queued_at: datetime
    as_of: datetime | None
    finished_at: datetime | None
    tally: Tally
    total: int
    found: int
    ended: int
    fixed: int
    detail: str | None
    fence: int = 0

    @property
    def moment(self) -> datetime:
        """The moment that both sides are compared at."""
        return self.as_of or self.queued_at


class Wish(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody wants compared."""

    domain: str
    connection: str
    shop: str | None = None
    since: datetime | None = None
    fix: bool = False
    asked_by: str
    reason: str
    correlation: str


async def queue(tx: Tx, wish: Wish) -> UUID:
    """Have it compared soon. Conflict while the same domain is being compared there."""
    key = ids.new()
    queued = await tx.fetchval(
        SQL["queue_run"],
        key,
        wish.domain,
        wish.connection,
        wish.shop,
        wish.since,
        wish.fix,
        wish.asked_by,
        wish.reason,
        wish.correlation,
    )
    if queued is None:
        under_way = await tx.fetchval(SQL["run_under_way"], wish.domain, wish.connection)
        raise Conflict(
            f"{wish.domain} of {wish.connection} are being compared already",
            remedy=f"look at run {under_way}, or wait until it is done",
            retry_after=10.0,
        )
    tx.nudge(QUEUED_CHANNEL)
    return key


async def under_way(tx: Tx, wish: Wish) -> Run | None:
    """The run of the same domain and connection that is not done yet."""
    key = await tx.fetchval(SQL["run_under_way"], wish.domain, wish.connection)
    return None if key is None else await get(tx, str(key))


async def get(db: Any, run_id: str) -> Run:
    """One run. NotFound when there is none of that id."""
    try:
        key = UUID(run_id)
    except ValueError:
        raise NotFound("no reconciliation has this id") from None
    row = await db.fetchrow(SQL["run"], key)
    if row is None:
        raise NotFound("no reconciliation has this id")
    return _run(row)


async def claim(db: Database, node: UUID) -> Run | None:
    """The oldest run that nobody works on, leased to this node; None when there is none."""
    async with db.transaction() as tx:
        row = await tx.fetchrow(SQL["claim_run"], node, LEASE_SECONDS)
    return None if row is None else _run(row)


async def renew(db: Database, run: Run, node: UUID) -> None:
    """Keep the lease. LeaseLost when another node has it."""
    if await db.fetchval(SQL["renew_run"], run.id, node, run.fence, LEASE_SECONDS) is None:
        raise LeaseLost("another node compares this now")


async def note(db: Database, run: Run, node: UUID, tally: Tally) -> None:
    """Note how far it got, for whoever watches. LeaseLost when another node has it."""
    if await db.fetchval(SQL["note_tally"], *_noted(run, node, tally)) is None:
        raise LeaseLost("another node compares this now")


async def finish(
    tx: Tx, run: Run, node: UUID, *, status: str, detail: str | None, found: int = 0, ended: int = 0, fixed: int = 0
) -> None:
    """Write how it ended. LeaseLost when another node has it."""
    done = await tx.fetchval(SQL["finish_run"], run.id, node, run.fence, status, detail, found, ended, fixed)
    if done is None:
        raise LeaseLost("another node compares this now")


async def put_off(db: Database, run: Run, node: UUID, detail: str) -> None:
    """Have it begun again later, and say why meanwhile. LeaseLost when another node has it."""
    if await db.fetchval(SQL["put_off_run"], run.id, node, run.fence, detail, AGAIN_SECONDS) is None:
        raise LeaseLost("another node compares this now")


async def noting(tx: Tx, run: Run, node: UUID, tally: Tally) -> None:
    """As `note`, within a transaction."""
    if await tx.fetchval(SQL["note_tally"], *_noted(run, node, tally)) is None:
        raise LeaseLost("another node compares this now")


async def due(db: Database, domain: str, connection: str, every: float) -> bool:
    """Whether the schedule wants a run now; asked by every node, true for one."""
    async with db.transaction() as tx:
        await tx.execute(SQL["plan"], domain, connection, every)
        return await tx.fetchval(SQL["take_due"], domain, connection, every) is not None


def _noted(run: Run, node: UUID, tally: Tally) -> tuple[Any, ...]:
    return (
        run.id,
        node,
        run.fence,
        tally.left,
        tally.right,
        tally.paired,
        tally.matched,
        tally.breaks,
        tally.in_process,
        tally.total,
        tally.at_stake,
    )


def _run(row: Any) -> Run:
    return Run(
        id=row["id"],
        domain=row["domain"],
        connection=row["connection"],
        shop=row["shop"],
        since=row["since"],
        fix=row["fix"],
        asked_by=row["asked_by"],
        reason=row["reason"],
        correlation=row["correlation"],
        status=row["status"],
        attempts=row["attempts"],
        queued_at=row["queued_at"],
        as_of=row["as_of"],
        finished_at=row["finished_at"],
        tally=Tally(
            left=row["left_count"],
            right=row["right_count"],
            paired=row["paired"],
            matched=row["matched"],
            breaks=row["breaks"],
            in_process=row["in_process"],
            at_stake=Decimal(row["at_stake"]),
        ),
        total=row["total"],
        found=row["found"],
        ended=row["ended"],
        fixed=row["fixed"],
        detail=row["detail"],
        fence=row["fence"],
    )
