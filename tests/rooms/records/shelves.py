"""A shelf of the back office in memory, and what a hub knows of it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from decimal import Decimal

from tillway import clock, ids, journal
from tillway.postgres import Database
from tillway.records import Cause, promises, stock
from tillway.records.statements import STOCK
from tillway.records.stock import Known, Spot
from tillway.retail import StockLevel, StockPromise

SKU = "TEE"
SPOT = Spot(shop="harbour", place="odoo/1", shops=("harbour",))
CAUSE = Cause(correlation="correlation-1")
LONG = timedelta(hours=1)


def promise(
    quantity: str = "1", *, at: datetime | None = None, lasts: timedelta = LONG, sku: str = SKU
) -> StockPromise:
    now = at or clock.now()
    return StockPromise(
        id=str(ids.new()),
        sku=sku,
        location=SPOT.shop,
        quantity=Decimal(quantity),
        state="open",
        promised_at=now,
        expires_at=now + lasts,
    )


async def make(db: Database, wanted: StockPromise, *, spot: Spot = SPOT) -> bool:
    """Whether it could be promised, as the front door asks."""
    try:
        async with db.transaction(5) as tx:
            promises.make(tx, wanted, spot, consumer="web", cause=CAUSE)
    except Exception as error:
        if promises.short(error):
            return False
        raise
    return True


async def read(db: Database, levels: Iterable[tuple[str, str]], *, began: datetime | None = None) -> None:
    """Apply a reading of (SKU, quantity) that began just now, or then."""
    began = began or await stock.read_clock(db)
    found = [StockLevel(warehouse="1", sku=sku, quantity=Decimal(quantity)) for sku, quantity in levels]
    async with db.transaction() as tx:
        events = await stock.apply(tx, SPOT.place, SPOT.shops, found, began=began, cause=CAUSE, first=False)
        if events:
            tx.stage(journal.appending(events))
        await tx.execute(STOCK["place_read"], SPOT.place, began, True)


async def known(db: Database, sku: str = SKU, *, at: datetime | None = None) -> Known:
    return (await stock.held(db, (SPOT,), (sku,), at=at or clock.now()))[SPOT.place, sku]


async def left(db: Database, sku: str = SKU, *, at: datetime | None = None, spot: Spot = SPOT) -> Decimal:
    now = at or clock.now()
    return stock.availability(spot, sku, await known(db, sku, at=now), at=now).available
