"""Documents of a back office's people, kept and told in one transaction: seen before or not, ours or theirs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

import msgspec

from tillway.journal import Event
from tillway.postgres import Part, Tx
from tillway.records import there as decide
from tillway.records.sealed import opened_order, sealed_order
from tillway.records.seen import INVOICES, ORDERS, SHIPMENTS, SQL, Given, Kept, changed, columns, finish
from tillway.records.statements import document
from tillway.records.there import HeldOrder, Invoiced, our_id
from tillway.retail import (
    Invoice,
    InvoiceThere,
    Order,
    OrderNamed,
    OrderThere,
    Shipment,
    ShipmentThere,
)
from tillway.retail.outside.documents import NO_SHOP

ABOUT: Final = timedelta(minutes=1)
"""How far clocks may be apart when it is asked whether the hub was at work when a document was made."""


async def take_orders(tx: Tx, given: Given, items: Sequence[OrderThere], *, again: bool = False) -> None:
    """`again`: they waited, so they count as changed though they are as they were."""
    page = await changed(tx, given, ORDERS, items, lambda item: item.foreign_id, again=again)
    if not page.changed:
        return
    ours = await _ours(tx, given.connection, {key: item.ours for key, (item, _) in page.changed.items()})
    rows = await tx.fetch(SQL["lock_orders"], sorted(ours.values()))
    held = {row["id"]: _held(row) for row in rows}
    kept: list[Kept] = []
    orders: list[Order] = []
    links: list[tuple[str, str, str]] = []
    events: list[Event] = []
    for key, (item, content) in page.changed.items():
        silent = given.first or (
            page.marks[key] is None and decide.made_before(given.began, item.made_at, item.placed_at)
        )
        known = held.get(ours[key]) if key in ours else None
        found = decide.decide_order(known, item, connection=given.connection, silent=silent, cause=given.cause)
        kept.append(Kept(theirs=key, hash=content, mark=item.state, waiting=document(item) if found.waits else None))
        events += found.events
        if found.order is not None:
            orders.append(found.order)
            links.append((found.order.id, key, item.name))
    if orders:
        rows_now = columns(_order_row(order) for order in orders)
        tx.stage(Part("records_orders_there", SQL["save_orders_there"], rows_now))
        tx.stage(Part("records_links", SQL["save_links"], ("order", given.connection, *columns(links))))
    finish(tx, given, ORDERS, kept, events)


async def take_shipments(tx: Tx, given: Given, items: Sequence[ShipmentThere]) -> None:
    """Shipments, under our ids and with our orders."""
    page = await changed(tx, given, SHIPMENTS, items, lambda item: item.shipment.id)
    if not page.changed:
        return
    found = {key: item for key, (item, _) in page.changed.items()}
    ours = await _named(tx, given.connection, [item.order for item in found.values() if item.order is not None])
    shops = {row[0]: row[1] for row in await tx.fetch(SQL["shops_of_orders"], sorted(ours.values()))}
    new = {key: _shipment(item, given.connection, ours, shops) for key, item in found.items()}
    rows = await tx.fetch(SQL["shipments_held"], [UUID(shipment.id) for shipment in new.values()])
    old = {row["theirs"]: msgspec.json.decode(row["document"], type=Shipment) for row in rows}
    events: list[Event] = []
    saved = []
    for key, shipment in new.items():
        if shipment.shop == NO_SHOP:
            continue
        events += decide.decide_shipment(old.get(key), shipment, silent=given.first, cause=given.cause)
        order = None if shipment.order is None else UUID(shipment.order)
        saved.append((UUID(shipment.id), key, order, shipment.shop, shipment.milestone, document(shipment)))
    if saved:
        tx.stage(Part("records_shipments", SQL["save_shipments"], (given.connection, *columns(saved))))
    kept = [Kept(theirs=key, hash=page.changed[key][1], mark=each.milestone) for key, each in new.items()]
    finish(tx, given, SHIPMENTS, kept, events)


async def take_invoices(tx: Tx, given: Given, items: Sequence[InvoiceThere], *, again: bool = False) -> None:
    """Invoices, under our ids and with our orders. One that the hub itself may just be making waits."""
    page = await changed(tx, given, INVOICES, items, lambda item: item.invoice.id, again=again)
    if not page.changed:
        return
    ours = await _named(tx, given.connection, [order for item, _ in page.changed.values() for order in item.orders])
    keys = sorted(ours.values())
    held = {row["id"]: _held(row) for row in await tx.fetch(SQL["lock_orders"], keys)}
    done = [(row[0], row[1], row[2]) for row in await tx.fetch(SQL["invoicings"], keys)]
    kept: list[Kept] = []
    events: list[Event] = []
    for key, (item, content) in page.changed.items():
        mark = page.marks[key]
        orders = [_invoiced(ours[each.foreign_id], item, held, done) for each in item.orders]
        known = [each for each in orders if each is not None]
        waits = item.state == "posted" and any(each.changing for each in known)
        if not (waits or given.first or (mark is None and decide.made_before(given.began, item.made_at))):
            invoice = _invoice(item, given.connection, ours, {UUID(each.order.id): each.order.shop for each in known})
            told = decide.decide_invoice(
                mark or "", invoice, item, known, connection=given.connection, cause=given.cause
            )
            events += told
        now = (mark or "draft:") if waits else decide.invoice_mark(item)
        kept.append(Kept(theirs=key, hash=content, mark=now, waiting=document(item) if waits else None))
    finish(tx, given, INVOICES, kept, events)


def _invoiced(
    order: UUID, item: InvoiceThere, held: Mapping[UUID, HeldOrder], done: Sequence[tuple[UUID, datetime, datetime]]
) -> Invoiced | None:
    """An order of an invoice, as far as it is held. The hub made those that were made while it was at it."""
    if order not in held:
        return None
    by_hub = any(each == order and asked - ABOUT <= item.made_at <= settled + ABOUT for each, asked, settled in done)
    return Invoiced(order=held[order].order, changing=held[order].changing, by_hub=by_hub)


async def _named(tx: Tx, connection: str, named: Iterable[OrderNamed]) -> dict[str, UUID]:
    """Our ids of the orders that documents name, by theirs: one made over there has an id of ours all the same."""
    claimed = {order.foreign_id: order.ours for order in named}
    ours = await _ours(tx, connection, claimed)
    return {key: ours.get(key) or UUID(our_id("order", connection, key)) for key in claimed}


async def _ours(tx: Tx, connection: str, claimed: Mapping[str, str | None]) -> dict[str, UUID]:
    """Our ids by theirs, of orders that are held. What an order there carries where our id belongs is only believed
    when there is such an order and no other one over there is it: people copy orders.
    """
    rows = await tx.fetch(SQL["orders_linked"], connection, sorted(claimed))
    found = {row["theirs"]: UUID(row["ours"]) for row in rows}
    open_claims: dict[UUID, str] = {}
    for key, text in sorted(claimed.items(), key=lambda pair: int(pair[0]) if pair[0].isdigit() else 0):
        if key not in found and (ours := _uuid(text)) is not None:
            open_claims.setdefault(ours, key)
    if open_claims:
        for row in await tx.fetch(SQL["orders_unlinked"], connection, sorted(open_claims)):
            found[open_claims[row["id"]]] = row["id"]
    return found


def _uuid(text: str | None) -> UUID | None:
    try:
        return UUID(text) if text else None
    except ValueError:
        return None


def _shipment(item: ShipmentThere, connection: str, ours: Mapping[str, UUID], shops: Mapping[UUID, str]) -> Shipment:
    """Under our ids; the shop is the one of the order when that is held."""
    order = None if item.order is None else ours[item.order.foreign_id]
    shop = item.shipment.shop if order is None else shops.get(order, item.shipment.shop)

    def renamed(foreign: str | None) -> str | None:
        return None if foreign is None else our_id("shipment", connection, foreign)

    return msgspec.structs.replace(
        item.shipment,
        id=our_id("shipment", connection, item.shipment.id),
        order=None if order is None else str(order),
        shop=shop,
        follows=renamed(item.shipment.follows),
        returns=renamed(item.shipment.returns),
    )


def _invoice(item: InvoiceThere, connection: str, ours: Mapping[str, UUID], shops: Mapping[UUID, str]) -> Invoice:
    orders = tuple(ours[order.foreign_id] for order in item.orders)
    shop = next((shops[order] for order in orders if order in shops), item.invoice.shop)
    takes_back = item.invoice.credits
    return msgspec.structs.replace(
        item.invoice,
        id=our_id("invoice", connection, item.invoice.id),
        orders=tuple(str(order) for order in orders),
        shop=shop,
        credits=None if takes_back is None else our_id("invoice", connection, takes_back),
    )


def _held(row: Any) -> HeldOrder:
    order = opened_order(row["document"])
    return HeldOrder(status=row["status"], changing=row["changing"], last_line=row["last_line"], order=order)


def _order_row(order: Order) -> tuple[Any, ...]:
    key = UUID(order.id)
    last = max((line.number for line in order.lines), default=0)
    return key, order.consumer, order.shop, order.reference, order.status, order.placed_at, sealed_order(order), last
