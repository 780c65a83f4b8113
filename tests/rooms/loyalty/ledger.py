"""Cards and movements for the tests of the ledger."""

from __future__ import annotations

import asyncio
from decimal import Decimal
from typing import Any

from tillway import clock, journal
from tillway.errors import Conflict
from tillway.postgres import Database
from tillway.records import Cause, loyalty
from tillway.retail import BackOfficeCard, Moved

CAUSE = Cause(correlation="correlation-1")


def there(points: str = "7", foreign_id: str = "1", **more: Any) -> BackOfficeCard:
    """A card as the back office has it."""
    given = {"programme": "1", "kind": "loyalty", "code": f"CARD-{foreign_id}", **more}
    return BackOfficeCard(foreign_id=foreign_id, points=Decimal(points), **given)


async def learn(db: Database, card: BackOfficeCard, asked_at: Any = None) -> str:
    """The card as it was seen now, or when asked then; our id of it."""
    at = asked_at or await loyalty.now(db)
    async with db.transaction() as tx:
        told = await loyalty.see(tx, "odoo", "1", card, asked_at=at, cause=CAUSE)
        if told:
            tx.stage(journal.appending(told))
    return loyalty.card_id("odoo", card.foreign_id)


def wanted(card: str, points: str, **more: Any) -> loyalty.Wanted:
    kind = "earn" if Decimal(points) > 0 else "redeem"
    now = clock.now()
    given = {"kind": kind, "consumer": "web", "today": now.date(), "at": now, **more}
    return loyalty.Wanted(card=card, points=Decimal(points), **given)


async def move(db: Database, of: loyalty.Wanted) -> Moved:
    async with db.transaction() as tx:
        return await loyalty.move(tx, of, CAUSE)


async def try_all(db: Database, asked: list[loyalty.Wanted]) -> list[Moved]:
    """All at once; those that were taken."""

    async def one(of: loyalty.Wanted) -> Moved | None:
        try:
            return await move(db, of)
        except Conflict:
            return None

    return [moved for moved in await asyncio.gather(*(one(of) for of in asked)) if moved is not None]


async def settle(db: Database, moved: Moved, balance: str, status: Any = "confirmed") -> None:
    """The movement is there, as a flow finds it out."""
    movement, held = await loyalty.movement(db, moved.movement.id), await loyalty.get(db, moved.movement.card)
    now = loyalty.settled(movement, held, status=status, balance=Decimal(balance), at=clock.now(), cause=CAUSE)
    async with db.transaction() as tx:
        for part in now.parts:
            tx.stage(part)
        if now.events:
            tx.stage(journal.appending(now.events))


async def amounts(db: Database, card: str) -> tuple[Decimal, Decimal, Decimal]:
    """Balance, booked, pending."""
    found = (await loyalty.get(db, card)).card
    return found.balance, found.booked, found.pending


async def conserved(db: Database, card: str) -> bool:
    """Whether the rows explain the sums."""
    row = await db.fetchrow(
        """
        SELECT opening + coalesce(sum(m.points) FILTER (WHERE m.status = 'confirmed'), 0) = c.points
            AND coalesce(sum(m.points) FILTER (WHERE m.status IN ('pending', 'exception')), 0) = c.pending AS holds
        FROM records.loyalty_cards c LEFT JOIN records.loyalty_movements m ON m.card = c.id
        WHERE c.id = $1::text::uuid GROUP BY c.id
        """,
        card,
    )
    return bool(row["holds"])
