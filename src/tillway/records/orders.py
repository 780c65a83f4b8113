"""Orders: the one intake, and what became of them."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any
from uuid import UUID

import msgspec

from tillway import journal
from tillway.errors import NotFound
from tillway.journal import Event
from tillway.postgres import Part, Tx
from tillway.records.claims import claiming, claims_of
from tillway.records.sealed import opened_order, sealed_order
from tillway.records.statements import SQL
from tillway.records.tracing import Cause
from tillway.retail import Order


class Kept(msgspec.Struct, frozen=True):
    """An order and the consumer it belongs to."""

    consumer: str
    order: Order


def accept(tx: Tx, order: Order, cause: Cause, *, promised: Mapping[str, Decimal] | None = None) -> None:
    """Take an order in: its record and `order.placed`, in the caller's transaction. Web, marketplace and till alike.

    What it orders is not available to others from now on; `promised` is what promises that it took hold already.
    """
    tx.stage(
        Part(
            "records_order",
            SQL["save_order"],
            (
                UUID(order.id),
                order.consumer,
                order.shop,
                order.reference,
                order.status,
                order.placed_at,
                sealed_order(order),
            ),
        )
    )
    lines = ((line.sku, line.quantity) for line in order.lines)
    for part in claiming("order", claims_of(order.id, order.shop, lines, promised)):
        tx.stage(part)
    tx.stage(journal.appending([placed(order, cause)]))


def placed(order: Order, cause: Cause) -> Event:
    """`order.placed` of an order."""
    return cause.event(
        "order.placed",
        subject=order.id,
        data=_told(order),
        personal={"customer": order.customer} if order.customer else None,
        dataclass="personal" if order.customer else "internal",
    )


def accepted(order: Order, *, connection: str, foreign: str, name: str, cause: Cause) -> Event:
    """`order.accepted`: confirmed in the back office and read back. Sets a name beside our id."""
    return cause.event(
        "order.accepted",
        subject=order.id,
        data=_told(order) | {"back_office": {"connection": connection, "id": foreign, "name": name}},
        personal={"customer": order.customer} if order.customer else None,
        dataclass="personal" if order.customer else "internal",
    )


def settle(order_id: str, status: str) -> Part:
    """The part that notes how far an order got."""
    return Part("records_order_settled", SQL["settle_order"], (UUID(order_id), status))


async def get(db: Any, order_id: str) -> Kept:
    """One order. NotFound when there is none of that id."""
    try:
        key = UUID(order_id)
    except ValueError:
        raise NotFound("no order has this id") from None
    row = await db.fetchrow(SQL["order"], key)
    if row is None:
        raise NotFound("no order has this id")
    return Kept(row[0], opened_order(row[1]))


async def by_reference(db: Any, reference: str, *, limit: int) -> tuple[str, ...]:
    """Ids of the orders that their askers call this, the newest first."""
    return tuple(str(row[0]) for row in await db.fetch(SQL["orders_by_reference"], reference, limit))


def _told(order: Order) -> dict[str, Any]:
    told: dict[str, Any] = msgspec.to_builtins(order)
    for left_out in ("id", "customer", "status"):
        told.pop(left_out, None)
    return told
