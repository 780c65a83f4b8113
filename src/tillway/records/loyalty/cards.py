"""Cards as they are known, and what is seen of them in the back office."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from tillway import ids, sealing
from tillway.errors import NotFound
from tillway.journal import Event
from tillway.postgres import Tx
from tillway.records.keys import key_of
from tillway.records.loyalty.rows import Held, held_of
from tillway.records.loyalty.settling import outside
from tillway.records.loyalty.statements import SQL
from tillway.records.tracing import Cause
from tillway.retail import BackOfficeCard

CODES: Final = "loyalty code"
"""What digests of codes are made for."""


def promotion_id(connection: str, foreign_id: str) -> str:
    """Our id of a programme."""
    return f"{connection}-{foreign_id}"


def card_id(connection: str, foreign_id: str) -> str:
    """Our id of a card: the same on every node."""
    return str(ids.named("loyalty-card", connection, foreign_id))


async def get(db: Any, card: str) -> Held:
    """One card. NotFound when none of this id is known."""
    row = await db.fetchrow(SQL["card"], key_of(card, "card"))
    if row is None:
        raise NotFound("no card has this id")
    return held_of(row)


async def by_code(db: Any, connection: str, code: str) -> Held | None:
    """The card that this is printed on, if it was asked about before."""
    row = await db.fetchrow(SQL["cards_of_code"], connection, sealing.digest(CODES, code))
    return None if row is None else held_of(row)


async def of_customer(db: Any, connection: str, customer: str) -> tuple[Held, ...]:
    """The cards in force of a customer, by their foreign id, as far as they were asked about."""
    return tuple(held_of(row) for row in await db.fetch(SQL["cards_of_customer"], connection, customer))


async def known(db: Any, connection: str, foreign_ids: Sequence[str]) -> frozenset[str]:
    """Which of these cards of theirs were ever asked about."""
    return frozenset(row[0] for row in await db.fetch(SQL["known_cards"], connection, list(foreign_ids)))


async def see(
    tx: Tx, connection: str, company: str, there: BackOfficeCard, *, asked_at: datetime, cause: Cause
) -> tuple[Event, ...]:
    """Take in how a card is there, and what to tell of it. A new one is learnt; of a known one, a balance that we did
    not make is told.

    `asked_at` is Postgres' time (`now`) before the back office was asked. Not believed when a movement of ours was on
    its way since: that balance may have it or not.
    """
    key = UUID(card_id(connection, there.foreign_id))
    about = (
        promotion_id(connection, there.programme),
        there.kind,
        there.unit,
        there.customer,
        sealing.digest(CODES, there.code),
    )
    learnt = (there.points, there.active, there.expires_on, asked_at)
    await tx.execute(SQL["learn_card"], key, connection, company, there.foreign_id, *about, *learnt)
    row = await tx.fetchrow(SQL["lock_card"], key, asked_at)
    if row is None:
        raise AssertionError("unreachable: it was learnt")
    if not row["believed"] or row["read_at"] > asked_at:
        return ()
    await tx.execute(SQL["see_card"], key, there.points, *about, there.active, there.expires_on, asked_at)
    difference = there.points - row["points"]
    if difference == 0:
        return ()
    seen = outside(str(key), difference, balance=there.points + row["pending"], at=asked_at, cause=cause)
    for part in seen.parts:
        tx.stage(part)
    return seen.events


async def now(db: Any) -> datetime:
    """Postgres' time: what is read of the back office after it is compared with what the ledger did by it."""
    found: datetime = await db.fetchval("SELECT clock_timestamp()")
    return found
