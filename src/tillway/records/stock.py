"""Stock as we know it now: what the last reading held at a place, and what is left of it to promise."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

import msgspec

from tillway import clock
from tillway.journal import Event
from tillway.postgres import Tx
from tillway.records.statements import STOCK
from tillway.records.tracing import Cause
from tillway.retail import Availability, Held, StockLevel, available

_NOTHING: Final = Decimal(0)

# Places and SKUs of one question; 5,000 shops are asked about in ten.
PLACES_AT_ONCE: Final = 500


class Spot(msgspec.Struct, frozen=True, kw_only=True):
    """A shop as its stock is counted for one asker.

    `place` is the warehouse it sells from, `shops` are all that do. `offline` is what all of them keep for tills that
    are cut off, `safety` what this one keeps back from the asker.
    """

    shop: str
    place: str
    shops: tuple[str, ...]
    offline: Decimal = _NOTHING
    safety: Decimal = _NOTHING

    @property
    def kept(self) -> Decimal:
        """What is never promised to the asker."""
        return self.offline + self.safety


class Known(msgspec.Struct, frozen=True):
    """What counts at a place for a SKU, before what a shop keeps back, and when the reading of it began."""

    quantity: Decimal
    reserved: Decimal
    promised: Decimal
    unseen: Decimal
    read_at: datetime

    def at(self, spot: Spot) -> Held:
        """The parts of availability at a shop."""
        return Held(
            free=self.quantity - self.reserved,
            promised=self.promised,
            unseen=self.unseen,
            offline=spot.offline,
            safety=spot.safety,
        )


def place_of(connection: str, warehouse: str) -> str:
    """The name of a warehouse behind a connection."""
    return f"{connection}/{warehouse}"


async def held(db: Any, spots: Sequence[Spot], skus: Iterable[str], *, at: datetime) -> dict[tuple[str, str], Known]:
    """What counts at the places of these shops, by place and SKU. A place whose first reading is not complete is left
    out; a SKU that nothing is known of counts nothing.
    """
    wanted, places = list(dict.fromkeys(skus)), list({spot.place: spot for spot in spots}.values())
    found: dict[tuple[str, str], Known] = {}
    for start in range(0, len(places), PLACES_AT_ONCE):
        some = places[start : start + PLACES_AT_ONCE]
        found |= await held_pairs(db, some, [(spot.place, sku) for spot in some for sku in wanted], at=at)
    return found


async def held_pairs(
    db: Any, spots: Sequence[Spot], wanted: Sequence[tuple[str, str]], *, at: datetime
) -> dict[tuple[str, str], Known]:
    """The same for single pairs of place and SKU; each place is that of one of the shops."""
    pairs = [(shop, spot.place) for spot in spots for shop in spot.shops]
    columns = ([place for place, _ in wanted], [sku for _, sku in wanted])
    rows = await db.fetch(STOCK["held"], *columns, [shop for shop, _ in pairs], [place for _, place in pairs], at)
    return _by_place(rows)


def _by_place(rows: Iterable[Any]) -> dict[tuple[str, str], Known]:
    return {
        (row["place"], row["sku"]): Known(
            row["quantity"], row["reserved"], row["promised"], row["unseen"], row["read_began_at"]
        )
        for row in rows
    }


def availability(spot: Spot, sku: str, known: Known, *, at: datetime) -> Availability:
    """What can be promised at a shop, and how old that is."""
    parts = known.at(spot)
    return Availability(
        sku=sku,
        location=spot.shop,
        available=available(parts),
        read_at=known.read_at,
        age_seconds=max(0, int((at - known.read_at).total_seconds())),
        parts=parts,
    )


async def read_clock(db: Any) -> datetime:
    """Now, by the clock that also says when an effect over there was known to be committed."""
    now: datetime = await db.fetchval(STOCK["clock"])
    return now


async def apply(
    tx: Tx,
    place: str,
    shops: Sequence[str],
    levels: Sequence[StockLevel],
    *,
    began: datetime,
    cause: Cause,
    first: bool,
) -> tuple[Event, ...]:
    """Store what a reading of a place showed that began at `began`; what changed, as events for the caller to append.

    What a later reading stored stays. Claims and promises of orders that were committed over there before `began` stop
    counting. `first`: nothing is told of a first load.
    """
    by_sku = {level.sku: level for level in levels}
    rows = await tx.fetch(STOCK["read_levels"], place, list(by_sku))
    old = {row["sku"]: row for row in rows}
    newer = {sku for sku, row in old.items() if row["read_began_at"] > began}
    fresh = sorted((level for sku, level in by_sku.items() if sku not in newer), key=lambda level: level.sku)
    if not fresh:
        return ()
    await tx.execute(
        STOCK["apply_levels"],
        place,
        [level.sku for level in fresh],
        [level.quantity for level in fresh],
        [level.reserved for level in fresh],
        began,
        list(shops),
    )
    if first:
        return ()
    return tuple(event for level in fresh for event in changed(level, old.get(level.sku), shops, began, cause))


def changed(
    level: StockLevel, old: Mapping[str, Any] | None, shops: Sequence[str], began: datetime, cause: Cause
) -> tuple[Event, ...]:
    """`stock.changed` for each shop of a place, if the quantities differ. Pure."""
    before = (old["quantity"], old["reserved"]) if old is not None else (_NOTHING, _NOTHING)
    if before == (level.quantity, level.reserved):
        return ()
    return tuple(
        cause.event(
            "stock.changed",
            subject=level.sku,
            data={
                "sku": level.sku,
                "shop": shop,
                "on_hand": plain(level.quantity),
                "free": plain(level.free),
                "before": plain(before[0] - before[1]),
                "read_at": clock.iso(began),
            },
        )
        for shop in shops
    )


def plain(number: Decimal) -> str:
    """A quantity as it goes on the wire: no exponent, no negative zero."""
    return f"{number + _NOTHING:f}"


async def pages(db: Any, place: str) -> AsyncIterator[tuple[tuple[str, Decimal], ...]]:
    """Quantities on hand of a place as last read, page by page."""
    after = ""
    while rows := await db.fetch(STOCK["levels_of_place"], place, after, PLACES_AT_ONCE):
        yield tuple((row["sku"], row["quantity"]) for row in rows)
        after = rows[-1]["sku"]


async def quantity(db: Any, place: str, sku: str) -> Decimal | None:
    """What was on hand of one code by the last reading."""
    found: Decimal | None = await db.fetchval(STOCK["quantity"], place, sku)
    return found
