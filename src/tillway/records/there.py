"""What people do in a back office itself: what a document of theirs changes for us, and what is told of it. Pure.

Each function takes what is held and what was read, and gives what to keep and the events. Equal content changes
nothing. What the hub brought there itself is recognised by its id and told by whoever brought it, never here.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Final, Literal

import msgspec

from tillway import ids
from tillway.journal import Event
from tillway.records.tracing import Cause
from tillway.retail import (
    Invoice,
    InvoiceThere,
    Order,
    OrderLine,
    OrderThere,
    Sale,
    SaleThere,
    SessionThere,
    Shipment,
    minor_units,
)

BACK_OFFICE: Final = "back-office"
"""Who placed what people made over there, and what such events say of their origin."""

SETTLED: Final = frozenset({"accepted", "cancelled"})
"""States of an order of ours that no process is at work on: until one of them is reached, processes tell of it."""

SKEW: Final = timedelta(minutes=10)
"""How far two clocks may be apart: what was made this long before the first load may be new all the same."""


_NOT_TOLD: Final = frozenset({"id", "tenders", "net", "tax", "change"})
"""What an event does not say of a sale."""


class HeldOrder(msgspec.Struct, frozen=True, kw_only=True):
    """An order as it is held: how far it got, whether a change of it was asked for that is not done yet, and the
    highest number that a line of it ever had.
    """

    status: str
    changing: bool
    last_line: int
    order: Order


class Decided(msgspec.Struct, frozen=True, kw_only=True):
    """What becomes of an order: how it is kept from now on, and what is told. `waits`: somebody is still at work on
    it, so it has to be decided again.
    """

    order: Order | None = None
    events: tuple[Event, ...] = ()
    waits: bool = False


def our_id(kind: Literal["order", "shipment", "invoice", "session"], connection: str, foreign: str) -> str:
    """Our id of a document that was made over there: the same on any node."""
    return str(ids.named(kind, connection, foreign))


def made_before(began: datetime, *moments: datetime) -> bool:
    """Whether a document that was never seen is older than what we know of: made before the first load began."""
    return max(moments) < began - SKEW


def decide_order(held: HeldOrder | None, there: OrderThere, *, connection: str, silent: bool, cause: Cause) -> Decided:
    """`silent`: it is one of those that were there before we looked."""
    if held is None:
        return _new_order(there, connection, silent=silent, cause=cause)
    if held.changing or held.status not in SETTLED:
        return Decided(waits=True)
    back = {"connection": connection, "id": there.foreign_id, "name": there.name}
    if there.state == "cancelled":
        if held.status == "cancelled":
            return Decided()
        order = msgspec.structs.replace(held.order, status="cancelled")
        return Decided(order=order, events=(cancelled(order, back, delivered=there.delivered, cause=cause),))
    if there.state != "confirmed" or (held.status == "accepted" and not differs(held.order, there)):
        return Decided()
    order = msgspec.structs.replace(
        held.order, lines=numbered(held, there), net=there.net, tax=there.tax, gross=there.gross, status="accepted"
    )
    return Decided(order=order, events=(amended(order, held.order, back, cause=cause),))


def differs(order: Order, there: OrderThere) -> bool:
    """Whether people changed what is ordered. A minor unit a line is no change: taxes may be rounded in two ways."""
    if _quantities(order) != _quantities(there):
        return True
    return abs(order.gross - there.gross) > Decimal(len(order.lines)).scaleb(-minor_units(order.currency))


def numbered(held: HeldOrder, there: OrderThere) -> tuple[OrderLine, ...]:
    """Their lines under our numbers, which are the lines' names over there: one that stays keeps its own, a new one
    gets one that none ever had.
    """
    left = list(held.order.lines)
    last, found = held.last_line, list[OrderLine]()
    for line in there.lines:
        same = [each for each in left if each.sku == line.sku]
        kept = next((each for each in same if each.number == line.number), same[0] if same else None)
        if kept is None:
            last += 1
            found.append(msgspec.structs.replace(line, number=last))
        else:
            left.remove(kept)
            found.append(msgspec.structs.replace(line, number=kept.number))
    return tuple(found)


def _quantities(order: Order | OrderThere) -> dict[str, Decimal]:
    found: Counter[str] = Counter()
    for line in order.lines:
        found[line.sku] += line.quantity  # type: ignore[assignment]
    return {sku: Decimal(quantity) for sku, quantity in found.items() if quantity}


def _new_order(there: OrderThere, connection: str, *, silent: bool, cause: Cause) -> Decided:
    if there.state != "confirmed" or there.shop is None:
        return Decided()
    order = Order(
        id=our_id("order", connection, there.foreign_id),
        reference=there.ours or there.reference,
        consumer=BACK_OFFICE,
        shop=there.shop,
        price_list=there.price_list or BACK_OFFICE,
        currency=there.currency,
        placed_at=there.placed_at,
        lines=there.lines,
        net=there.net,
        tax=there.tax,
        gross=there.gross,
        status="accepted",
    )
    if silent:
        return Decided(order=order)
    back = {"connection": connection, "id": there.foreign_id, "name": there.name}
    whole = _content(order)
    placed = _event("order.placed", order.id, whole | {"origin": BACK_OFFICE}, cause)
    accepted = _event("order.accepted", order.id, whole | {"origin": BACK_OFFICE, "back_office": back}, cause)
    return Decided(order=order, events=(placed, accepted))


def amended(order: Order, before: Order, back: dict[str, str], *, cause: Cause) -> Event:
    """`order.amended`: what is ordered was changed over there."""
    said = _content(order) | {"origin": BACK_OFFICE, "gross_before": str(before.gross), "back_office": back}
    return _event("order.amended", order.id, said, cause)


def cancelled(order: Order, back: dict[str, str], *, delivered: bool, cause: Cause) -> Event:
    """`order.cancelled`: called off over there. Odoo lets people do that to a delivered order too, so that is said."""
    said = _summary(order) | {"origin": BACK_OFFICE, "delivered": delivered, "back_office": back}
    return _event("order.cancelled", order.id, said, cause)


def decide_shipment(old: Shipment | None, new: Shipment, *, silent: bool, cause: Cause) -> tuple[Event, ...]:
    """`shipment.updated` when anything of it changed, with the milestone it had. Events of an order's shipments keep
    the order's order.
    """
    if silent or old == new:
        return ()
    said = msgspec.to_builtins(new) | {"previous": None if old is None else old.milestone}
    said.pop("id")
    return (_event("shipment.updated", new.id, said, cause, key=new.order or new.id),)


def invoice_mark(there: InvoiceThere) -> str:
    """What an invoice was, as it is kept: its state, and how much of it was paid."""
    return f"{there.state}:{there.invoice.payment}"


class Invoiced(msgspec.Struct, frozen=True, kw_only=True):
    """An order that an invoice is for. `changing`: the hub was asked to invoice it and is not done; `by_hub`: it did,
    and told so, when this invoice was made.
    """

    order: Order
    changing: bool = False
    by_hub: bool = False


def decide_invoice(
    mark: str, invoice: Invoice, there: InvoiceThere, orders: Sequence[Invoiced], *, connection: str, cause: Cause
) -> tuple[Event, ...]:
    """`invoice.posted` once it counts, and `order.invoiced` for each of its orders then and when a payment changed it.

    `invoice` is the one there under our ids, `orders` those of its orders that are held.
    """
    if there.state != "posted" or mark == invoice_mark(there):
        return ()
    events: list[Event] = []
    posted = not mark.startswith("posted:")
    if posted:
        said = msgspec.to_builtins(invoice)
        said.pop("id")
        events.append(_event("invoice.posted", invoice.id, said, cause))
    told = {
        "back_office": {"connection": connection, "id": there.invoice.id, "name": invoice.name},
        "invoice": invoice.id,
        "kind": invoice.kind,
        "payment": invoice.payment,
        "invoiced": str(invoice.gross),
        "open": str(invoice.open),
    }
    untold = (each.order for each in orders if not (posted and each.by_hub and invoice.kind == "invoice"))
    events += [_event("order.invoiced", order.id, _summary(order) | told, cause) for order in untold]
    return tuple(events)


def sale_recorded(there: SaleThere, *, connection: str, cause: Cause) -> Event:
    """`sale.recorded` of a receipt of a till over there: it is booked already."""
    sale: Sale = there.sale
    said = {name: value for name, value in msgspec.to_builtins(sale).items() if name not in _NOT_TOLD}
    back = {"connection": connection, "id": there.foreign_id, "name": there.name}
    return _event("sale.recorded", sale.id, said | {"origin": BACK_OFFICE, "back_office": back}, cause)


def session_closed(there: SessionThere, *, connection: str, cause: Cause) -> Event:
    """`session.closed`: whether all of its receipts are there, and which are not."""
    said = msgspec.to_builtins(there)
    for left_out in ("foreign_id", "made_at"):
        said.pop(left_out)
    back = {"connection": connection, "id": there.foreign_id, "name": said.pop("name")}
    said |= {"complete": not there.gaps, "back_office": back}
    subject = our_id("session", connection, there.foreign_id)
    return _event("session.closed", subject, said, cause, key=there.till)


def _summary(order: Order) -> dict[str, Any]:
    return {
        "shop": order.shop,
        "consumer": order.consumer,
        "currency": order.currency,
        "gross": str(order.gross),
    }


def _content(order: Order) -> dict[str, Any]:
    said: dict[str, Any] = msgspec.to_builtins(order)
    for left_out in ("id", "customer", "status"):
        said.pop(left_out)
    return said


def _event(kind: str, subject: str, data: dict[str, Any], cause: Cause, *, key: str = "") -> Event:
    return cause.event(
        kind,
        subject=subject,
        data=data,
        partitionkey=key,
    )
