"""Breaks as rows: opened once, seen again by later runs, ended when one does not see them any more."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

import msgspec

from tillway import clock, ids, journal
from tillway.errors import Conflict, NotFound
from tillway.journal import Event
from tillway.postgres import Tx
from tillway.reconcile.entry import Finding
from tillway.reconcile.runs import Run
from tillway.reconcile.statements import SQL

SHOWN_MAX: Final = 500
"""Breaks one look shows, the oldest first."""

UNSEEN: Final = "unseen"
"""How a break ends that a later run does not find."""

_FIRST: Final = datetime.min.replace(tzinfo=UTC)
_NO_ID: Final = UUID(int=0)


class Break(msgspec.Struct, frozen=True, kw_only=True):
    """Something on which two sides do not agree."""

    id: UUID
    domain: str
    connection: str
    shop: str | None
    key: str
    type: str
    units: int
    left_ref: str | None
    right_ref: str | None
    left_amount: Decimal | None
    right_amount: Decimal | None
    currency: str | None
    at_stake: Decimal
    detail: str
    at: datetime | None
    owner: str
    status: str
    found_at: datetime
    seen_at: datetime
    ended_at: datetime | None
    ending: str | None
    fix_tried_at: datetime | None
    fix_detail: str | None
    note: str | None


class Choice(msgspec.Struct, frozen=True, kw_only=True):
    """Which breaks are looked at; None is any."""

    domain: str | None = None
    shop: str | None = None
    type: str | None = None
    owner: str | None = None
    ended: bool = False
    after: tuple[datetime, UUID] | None = None


async def see(tx: Tx, run: Run, owner: str, findings: Sequence[Finding]) -> int:
    """Store what a run found; those that are new are told. How many were new."""
    ordered = sorted(findings, key=lambda found: (found.key, found.type))
    rows = [_row(found) for found in ordered]
    columns = [list(column) for column in zip(*rows, strict=True)]
    stored = await tx.fetch(SQL["see_breaks"], run.domain, run.connection, owner, run.moment, run.id, *columns)
    fresh = {row["id"] for row in stored if row["fresh"]} & {row[0] for row in rows}
    events = [_found(run, owner, row[0], found) for row, found in zip(rows, ordered, strict=True) if row[0] in fresh]
    if events:
        tx.stage(journal.appending(events))
    return len(events)


async def unseen(tx: Tx, run: Run, *, keys: Sequence[str] | None, limit: int) -> tuple[Break, ...]:
    """Open breaks in the reach of a run that it did not see; `keys` are all it looked at, None for everything."""
    rows = await tx.fetch(
        SQL["unseen_breaks"],
        run.domain,
        run.connection,
        run.id,
        run.shop,
        run.since,
        limit,
        None if keys is None else list(keys),
        run.moment,
    )
    return tuple(_break(row) for row in rows)


async def end(tx: Tx, run: Run, over: Sequence[Break], ending: str) -> int:
    """End breaks and tell of it; how many were still open."""
    ended = {row["id"] for row in await tx.fetch(SQL["end_breaks"], [each.id for each in over], run.id, ending)}
    events = [_ended(run, each, ending) for each in over if each.id in ended]
    if events:
        tx.stage(journal.appending(events))
    return len(events)


async def fixable(db: Any, run: Run, types: Sequence[str], after: UUID | None, limit: int) -> tuple[Break, ...]:
    """Open breaks of these types that this run saw, in the order of their ids."""
    rows = await db.fetch(SQL["fixable_breaks"], run.id, list(types), after or _NO_ID, limit, run.moment)
    return tuple(_break(row) for row in rows)


async def trying(tx: Tx, found: Break) -> bool:
    """Note that it is about to be put right; False when it is open no more."""
    return await tx.fetchval(SQL["trying_fix"], found.id) is not None


async def refused(tx: Tx, found: Break, why: str) -> None:
    """Note why it was not put right."""
    await tx.execute(SQL["fix_refused"], found.id, why)


async def page(db: Any, choice: Choice, limit: int) -> tuple[Break, ...]:
    """Breaks, the oldest first."""
    after = choice.after or (_FIRST, _NO_ID)
    rows = await db.fetch(
        SQL["breaks_ended_page" if choice.ended else "breaks_page"],
        choice.domain,
        choice.shop,
        choice.type,
        choice.owner,
        *after,
        min(limit, SHOWN_MAX),
    )
    return tuple(_break(row) for row in rows)


async def get(db: Any, break_id: str) -> Break:
    """One break. NotFound when there is none of that id."""
    row = await db.fetchrow(SQL["break"], _key(break_id))
    if row is None:
        raise NotFound("no break has this id")
    return _break(row)


async def assign(tx: Tx, break_id: str, owner: str, note: str) -> Break:
    """Give it to somebody else. NotFound, or Conflict when it has ended."""
    row = await tx.fetchrow(SQL["assign_break"], _key(break_id), owner, note)
    return await _settled(tx, break_id, row)


async def accept(tx: Tx, break_id: str, note: str) -> Break:
    """Leave the difference as it is; it is open again once it is another one. Errors as `assign`."""
    row = await tx.fetchrow(SQL["accept_break"], _key(break_id), note)
    return await _settled(tx, break_id, row)


async def _settled(tx: Tx, break_id: str, row: Any) -> Break:
    if row is not None:
        return _break(row)
    found = await get(tx, break_id)
    raise Conflict(f"this break is {found.status}")


def _key(break_id: str) -> UUID:
    try:
        return UUID(break_id)
    except ValueError:
        raise NotFound("no break has this id") from None


def _row(found: Finding) -> tuple[Any, ...]:
    left, right = found.left, found.right
    return (
        ids.new(),
        found.shop,
        found.key,
        found.type,
        found.units,
        None if left is None else left.ref,
        None if right is None else right.ref,
        None if left is None else left.amount,
        None if right is None else right.amount,
        found.currency,
        found.at_stake,
        found.detail,
        found.at,
    )


def _found(run: Run, owner: str, break_id: UUID, found: Finding) -> Event:
    return Event(
        type="break.found",
        subject=str(break_id),
        data={
            "domain": run.domain,
            "connection": run.connection,
            "shop": found.shop,
            "key": found.key,
            "type": found.type,
            "detail": found.detail,
            "at_stake": _plain(found.at_stake),
            "currency": found.currency,
            "owner": owner,
            "run": str(run.id),
        },
        correlation=run.correlation,
    )


def _ended(run: Run, over: Break, ending: str) -> Event:
    return Event(
        type="break.ended",
        subject=str(over.id),
        data={
            "domain": over.domain,
            "connection": over.connection,
            "shop": over.shop,
            "key": over.key,
            "type": over.type,
            "ending": ending,
            "found_at": clock.iso(over.found_at),
            "owner": over.owner,
            "run": str(run.id),
        },
        correlation=run.correlation,
    )


def _plain(amount: Decimal) -> str:
    return f"{amount:f}"


def _break(row: Any) -> Break:
    return Break(**{name: row[name] for name in Break.__struct_fields__})
