"""Changes of orders: kept with an event in one transaction, one open at a time, and what became of them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final, NamedTuple
from uuid import UUID

import msgspec

from tillway import ids, journal
from tillway.errors import Conflict, NotFound
from tillway.journal import Event
from tillway.postgres import Part, Tx, load
from tillway.records.keys import key_of
from tillway.records.sealed import opened_order, sealed_order
from tillway.records.tracing import Cause
from tillway.retail import Order, OrderChange, OrderChangeKind, Standing, allowed, refusal

SQL: Final = load("tillway.records", "order_changes.sql")

# Before the first page: later than every order.
NEWEST: Final = (datetime.max.replace(tzinfo=UTC), UUID(int=2**128 - 1))


class Locked(NamedTuple):
    """An order that nobody else changes while this transaction lasts."""

    order: Order
    standing: Standing
    last_line: int


class Kept(NamedTuple):
    """A change, and of an amendment the order as it shall be."""

    change: OrderChange
    amended: Order | None


async def lock(tx: Tx, order_id: str) -> Locked:
    """The order and how it stands by our records. NotFound when there is none of that id."""
    key = key_of(order_id, "order")
    if await tx.fetchval(SQL["hold_order"], key) is None:
        raise NotFound("no order has this id")
    row = await tx.fetchrow(SQL["held_order"], key)
    standing = Standing(
        status=row["status"], invoiced=row["invoiced"], returned=row["returned"], changing=row["changing"]
    )
    return Locked(opened_order(row["document"]), standing, row["last_line"])


def ask(
    tx: Tx,
    found: Locked,
    kind: OrderChangeKind,
    *,
    at: datetime,
    cause: Cause,
    reason: str | None = None,
    amended: Order | None = None,
) -> OrderChange:
    """Keep a change and tell of it. Conflict, with what may be asked instead, when the order does not allow it."""
    refuse(found.standing, kind)
    change = OrderChange(id=str(ids.new()), order=found.order.id, kind=kind, asked_at=at, reason=reason)
    tx.stage(
        Part(
            "records_order_change",
            SQL["save_change"],
            (
                UUID(change.id),
                UUID(change.order),
                kind,
                change.status,
                at,
                reason,
                None if amended is None else sealed_order(amended),
            ),
        )
    )
    tx.stage(journal.appending([_event("order.change-requested", change.id, _about(change, found.order), cause)]))
    return change


def refuse(standing: Standing, kind: OrderChangeKind) -> None:
    """Conflict, with what may be asked instead, when an order that stands like this does not allow it."""
    why = refusal(standing, kind)
    if why is not None:
        others = ", ".join(allowed(standing)) or "nothing"
        raise Conflict(f"the order can't be changed like this ({kind}): {why}", remedy=f"allowed now: {others}")


async def get(db: Any, change_id: str) -> Kept:
    """One change. NotFound when there is none of that id."""
    row = await db.fetchrow(SQL["change"], key_of(change_id, "change"))
    if row is None:
        raise NotFound("no change has this id")
    change = OrderChange(
        id=str(row["id"]),
        order=str(row["order_id"]),
        kind=row["kind"],
        status=row["status"],
        asked_at=row["asked_at"],
        reason=row["reason"],
        detail=row["detail"],
    )
    return Kept(change, None if row["amended"] is None else opened_order(row["amended"]))


def settle(change_id: str, status: str, detail: str | None = None) -> Part:
    """The part that notes what became of a change."""
    return Part("records_change_settled", SQL["settle_change"], (UUID(change_id), status, detail))


def amended(order: Order, last_line: int) -> Part:
    """The part that gives an order its new lines."""
    return Part("records_order_amended", SQL["amend_order"], (UUID(order.id), sealed_order(order), last_line))


def invoiced(order_id: str) -> Part:
    """The part that notes that an order is invoiced."""
    return Part("records_order_invoiced", SQL["invoice_order"], (UUID(order_id),))


def told(event_type: str, change: OrderChange, order: Order, cause: Cause, **more: Any) -> Event:
    """`order.cancelled` or `order.invoiced` of a change that is done."""
    data = {
        "shop": order.shop,
        "consumer": order.consumer,
        "change": change.id,
        "currency": order.currency,
        "gross": str(order.gross),
    }
    return _event(event_type, order.id, data | more, cause)


def told_amended(change: OrderChange, order: Order, back_office: dict[str, Any], cause: Cause) -> Event:
    """`order.amended`: the order as it is now."""
    data: dict[str, Any] = msgspec.to_builtins(order)
    for left_out in ("id", "customer", "status"):
        data.pop(left_out, None)
    personal = {"customer": order.customer} if order.customer else None
    event = _event("order.amended", order.id, data | {"back_office": back_office, "change": change.id}, cause)
    return msgspec.structs.replace(event, personal=personal, dataclass="personal" if personal else "internal")


def told_refused(change: OrderChange, order: Order, detail: str, cause: Cause) -> Event:
    """`order.change-refused`: the order is as it was."""
    return _event("order.change-refused", change.id, _about(change, order) | {"detail": detail}, cause)


async def page(
    db: Any, consumer: str, *, after: tuple[datetime, UUID] | None, limit: int, reference: str | None = None
) -> tuple[tuple[Order, ...], tuple[datetime, UUID] | None]:
    """A consumer's orders, newest first, and where the next page begins; None on the last."""
    at, last = after or NEWEST
    if reference is None:
        rows = await db.fetch(SQL["orders_of"], consumer, at, last, limit)
    else:
        rows = await db.fetch(SQL["orders_of_by_reference"], consumer, at, last, limit, reference)
    following = (rows[-1]["placed_at"], rows[-1]["id"]) if len(rows) == limit else None
    return tuple(opened_order(row["document"]) for row in rows), following


def _about(change: OrderChange, order: Order) -> dict[str, Any]:
    return {
        "order": order.id,
        "kind": change.kind,
        "shop": order.shop,
        "currency": order.currency,
        "gross": str(order.gross),
    }


def _event(event_type: str, subject: str, data: dict[str, Any], cause: Cause) -> Event:
    return cause.event(
        event_type,
        subject=subject,
        data=data,
    )
