"""Parked work of one held lane: set aside, try again, let go. Every write names the lane's owner and fence."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final
from uuid import UUID

import msgspec

from tillway.errors import LeaseLost, OutcomeUnknown, TillwayError, TryAgain, report
from tillway.journal import reading
from tillway.journal.appending import SQL
from tillway.journal.event import Recorded
from tillway.journal.parking import at_stake, next_parked, sort
from tillway.postgres import Database, Tx

log = logging.getLogger(__name__)

# A fault of the far side or of ours, not of the event: these hold the follower and park nothing.
HOLDS: Final = (TryAgain, OutcomeUnknown)

# Parked events of a lane that are tried again in one turn, so that retries never starve what is new.
RETRY_LIMIT: Final = 20

Within = Callable[[Tx, Recorded], Awaitable[None]]
Before = Callable[[Recorded], Awaitable[None]]


class Holding(msgspec.Struct, frozen=True):
    """Which lane is held, by whom, under which fence, and who answers for what it parks."""

    name: str
    lane: int
    node: UUID
    fence: int
    owner: str


async def move(tx: Tx, holding: Holding, position: int) -> None:
    """Store the position; LeaseLost when the fence was raised meanwhile, and the transaction must roll back."""
    moved = await tx.fetchval(SQL["move"], holding.name, holding.lane, holding.node, holding.fence, position)
    if moved is None:
        raise LeaseLost(f"lane {holding.lane} of {holding.name} belongs to another node now")


async def still_ours(tx: Tx, holding: Holding) -> None:
    """For writes that move no position: LeaseLost when the fence was raised meanwhile. Holds the lane till the end."""
    if await tx.fetchval(SQL["still_ours"], holding.name, holding.lane, holding.node, holding.fence) is None:
        raise LeaseLost(f"lane {holding.lane} of {holding.name} belongs to another node now")


async def set_aside(tx: Tx, holding: Holding, events: Sequence[Recorded]) -> tuple[Recorded, ...]:
    """Park what waits behind a parked event of its key; return what may go on."""
    keys = sorted({event.partitionkey for event in events})
    parked = {row[0] for row in await tx.fetch(SQL["parked_keys"], holding.name, keys)}
    divided = sort(events, parked)
    if divided.behind:
        await _write(tx, holding, divided.behind, behind=True, reason="behind", detail="waits for an earlier event")
    return divided.free


async def park(tx: Tx, holding: Holding, event: Recorded, error: Exception) -> None:
    """Park this event and with it its key."""
    told = report(error)
    foreign = None if isinstance(error, TillwayError) else error
    log.warning("follower %s parks key %s: %s", holding.name, event.partitionkey, told.code, exc_info=foreign)
    await _write(tx, holding, (event,), behind=False, reason=told.code, detail=told.detail)


async def retry_due(
    db: Database, holding: Holding, *, within: Within | None = None, before: Before | None = None
) -> bool:
    """Try again what is due; whether any was let go. Success frees the next of the key; failure waits for its time.

    `within` writes in the transaction that lets the event go; `before` acts outside and is awaited before it begins.
    """
    let_go = False
    for row in await db.fetch(SQL["due"], holding.name, holding.lane, RETRY_LIMIT):
        # What a person lets go is let go by the lane, so that nobody else frees a key.
        found = () if row["skip"] else await reading.at(db, [row["position"]])
        try:
            if before is not None:
                for event in found:
                    await before(event)
            async with db.transaction() as tx:
                if within is not None:
                    for event in found:
                        await within(tx, event)
                await _unpark(tx, holding, row)
            let_go = True
        except HOLDS:
            raise
        except Exception as error:  # noqa: BLE001 - it is stored with its reason and tried again on its schedule
            await _repark(db, holding, row, error)
    return let_go


async def _unpark(tx: Tx, holding: Holding, row: Any) -> None:
    freed = await tx.fetchval(SQL["unpark"], holding.name, row["position"], holding.lane, holding.node, holding.fence)
    if freed is None:
        raise LeaseLost(f"lane {holding.lane} of {holding.name} belongs to another node now")
    await tx.execute(SQL["promote"], holding.name, freed)


async def _repark(db: Database, holding: Holding, row: Any, error: Exception) -> None:
    attempts = row["attempts"] + 1
    told, wait = report(error), next_parked(attempts)
    seconds = None if wait is None else wait.total_seconds()
    async with db.transaction() as tx:
        await still_ours(tx, holding)
        await tx.execute(SQL["repark"], holding.name, row["position"], attempts, seconds, told.code, told.detail)


async def _write(
    tx: Tx, holding: Holding, events: Sequence[Recorded], *, behind: bool, reason: str, detail: str
) -> None:
    wait = next_parked(0)
    await tx.execute(
        SQL["park"],
        holding.name,
        holding.lane,
        [event.position for event in events],
        [event.partitionkey for event in events],
        [event.id for event in events],
        [behind] * len(events),
        reason,
        detail,
        None if wait is None else wait.total_seconds(),
        holding.owner,
        [at_stake(event) for event in events],
    )
