"""Shipments as they are known now."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

import msgspec

from tillway.errors import NotFound
from tillway.records.seen import SQL
from tillway.retail import Shipment

NEVER: Final = datetime(1970, 1, 1, tzinfo=UTC)
"""Before anything changed."""


class Place(msgspec.Struct, frozen=True):
    """Where a list of changed shipments goes on: after this one."""

    changed_at: datetime = NEVER
    id: UUID = UUID(int=0)


class Listed(msgspec.Struct, frozen=True):
    """Shipments in the order of their last change, the place of the last one, and whether there may be more."""

    shipments: tuple[Shipment, ...]
    last: Place
    full: bool


async def get(db: Any, shipment_id: str) -> Shipment:
    """One shipment. NotFound when there is none of that id."""
    try:
        key = UUID(shipment_id)
    except ValueError:
        raise NotFound("no shipment has this id") from None
    found = await db.fetchval(SQL["shipment"], key)
    if found is None:
        raise NotFound("no shipment has this id")
    return msgspec.json.decode(found, type=Shipment)


async def changed(
    db: Any,
    *,
    shops: frozenset[str] | None,
    order: UUID | None = None,
    shop: str | None = None,
    since: datetime = NEVER,
    after: Place | None = None,
    limit: int,
) -> Listed:
    """Shipments of these shops (None: of all) that changed since then, of one order or one shop if asked for."""
    place = after or Place()
    seen = None if shops is None else sorted(shops)
    rest = (since, place.changed_at, place.id, limit)
    if order is not None:
        rows = await db.fetch(SQL["shipments_of_order"], order, seen, *rest)
    elif shop is not None:
        rows = await db.fetch(SQL["shipments_of_shop"], shop, seen, *rest)
    else:
        rows = await db.fetch(SQL["shipments_changed"], seen, *rest)
    last = Place(rows[-1]["updated_at"], rows[-1]["id"]) if rows else place
    found = (msgspec.json.decode(row["document"], type=Shipment) for row in rows)
    wanted = tuple(each for each in found if shop is None or each.shop == shop)
    return Listed(wanted, last, len(rows) == limit)
