"""Changes of orders, and a consumer's own list of them: part of `orders.v1`."""

from __future__ import annotations

import base64
import binascii
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple
from uuid import UUID

import msgspec

from tillway import clock
from tillway.apis.causing import cause
from tillway.apis.listed import listed
from tillway.errors import Invalid, NotFound, TillwayError, Violation
from tillway.gateway import Answer, Ask, Handler
from tillway.postgres import Database
from tillway.records import Shelf, links, order_changes, orders
from tillway.records.order_changes import Locked
from tillway.retail import (
    AmendRequest,
    Call,
    ChangeRequest,
    Criticality,
    Offices,
    Order,
    OrderChangeKind,
    OrderDefaults,
    OrderRequest,
    Standing,
    numbered,
    parse,
    place,
)

PAGE: Final = 100

# How long the back office is waited for (seconds): what it does not say by then, the process finds out.
ASKING_SECONDS: Final = 3.0


def bind(db: Database, shelf: Shelf, offices: Offices) -> dict[str, Handler]:
    """The handlers."""
    asking = _Asking(db, shelf, offices)

    async def cancel_order(ask: Ask) -> Answer:
        return await asking.change(ask, "cancel", parse(ask.body, ChangeRequest).reason)

    async def invoice_order(ask: Ask) -> Answer:
        return await asking.change(ask, "invoice", parse(ask.body, ChangeRequest).reason)

    async def amend_order(ask: Ask) -> Answer:
        return await asking.change(ask, "amend", None, parse(ask.body, AmendRequest))

    async def get_order_change(ask: Ask) -> Answer:
        order = await visible(db, ask, ask.path["id"])
        kept = await order_changes.get(db, ask.path["change"])
        if kept.change.order != order.id:
            raise NotFound("no change has this id")
        return Answer(200, kept.change)

    async def list_orders(ask: Ask) -> Answer:
        found, following = await order_changes.page(
            db,
            ask.grant.consumer,
            after=_place(ask.query.get("after", "")),
            limit=ask.query.get("limit", PAGE),
            reference=ask.query.get("reference"),
        )
        # A device of the consumer's sees what its shop ordered.
        shown = [order for order in found if ask.device is None or ask.grant.sees_shop(order.shop)]
        return Answer(200, {"orders": shown, "next": None if following is None else _cursor(*following)})

    return {
        "cancelOrder": cancel_order,
        "invoiceOrder": invoice_order,
        "amendOrder": amend_order,
        "getOrderChange": get_order_change,
        "listOrders": list_orders,
    }


async def visible(db: Any, ask: Ask, order_id: str) -> Order:
    """The order, if whoever asks may know of it: their own, or one of their shops."""
    kept = await orders.get(db, order_id)
    # What a device may see ends with its shop, also of its own consumer's.
    own = kept.consumer == ask.grant.consumer and ask.device is None
    if not own and not ask.grant.sees_shop(kept.order.shop):
        raise NotFound("no order has this id")
    return kept.order


class _There(NamedTuple):
    """What the back office says; nothing said counts as nothing done."""

    delivered: bool = False
    invoiced: bool = False

    def known(self, standing: Standing) -> Standing:
        return standing._replace(delivered=self.delivered, invoiced=standing.invoiced or self.invoiced)


class _Asking:
    """Takes changes in: by our records, and by what the back office says if it answers soon enough."""

    def __init__(self, db: Database, shelf: Shelf, offices: Offices) -> None:
        self._db = db
        self._shelf = shelf
        self._offices = offices

    async def change(
        self, ask: Ask, kind: OrderChangeKind, reason: str | None, amend: AmendRequest | None = None
    ) -> Answer:
        order = await visible(self._db, ask, ask.path["id"])
        amended = None if amend is None else await self._amended(ask, order, amend)
        there = await self._there(ask, order)
        async with ask.transaction(self._db) as tx:
            found = await order_changes.lock(tx, order.id)
            found = found._replace(standing=there.known(found.standing))
            if amended is not None:
                amended = _renewed(amended, found)
            change = order_changes.ask(tx, found, kind, at=ask.now, cause=cause(ask), reason=reason, amended=amended)
            answer = Answer(202, change, (("Location", f"/orders/v1/orders/{order.id}/changes/{change.id}"),))
            ask.settle(tx, answer)
        return answer

    async def _there(self, ask: Ask, order: Order) -> _There:
        """Whether the back office delivered or invoiced any of it; nothing when it does not say soon enough."""
        if order.status != "accepted":
            return _There()
        try:
            office = self._offices.at(order.shop)
            link = await links.find(self._db, "order", order.id, office.connection)
            if link is None:
                return _There()
            terms = _terms(ask, order, office.company)
            standing = await office.orders.standing(terms, link.theirs)
        except TillwayError:
            # What it can't say now, the process will find out, and tell.
            return _There()
        return _There(delivered=standing.delivered, invoiced=standing.invoiced)

    async def _amended(self, ask: Ask, order: Order, amend: AmendRequest) -> Order:
        by = await listed(self._shelf, ask.landscape, order.price_list, "/price_list")
        return place(
            OrderRequest(lines=amend.lines, reference=order.reference, total=amend.total),
            order_id=order.id,
            products=await self._shelf.products({line.sku for line in amend.lines}),
            price_list=by.price_list,
            defaults=OrderDefaults(consumer=order.consumer, shop=order.shop, customer=order.customer),
            at=ask.now,
            others=by.others,
            promised={line.sku: line.unit_price for line in order.lines},
        )


def _renewed(amended: Order, found: Locked) -> Order:
    """The amended order with the identity of the one it replaces. Pure."""
    before = found.order
    kept = msgspec.structs.replace(amended, placed_at=before.placed_at, status=before.status)
    return numbered(kept, before, found.last_line)


def _terms(ask: Ask, order: Order, company: str) -> Call:
    deadline = min(ask.deadline, clock.now() + timedelta(seconds=ASKING_SECONDS))
    return Call(
        criticality=Criticality.CRITICAL,
        deadline=deadline,
        correlation=ask.correlation,
        reference=order.id,
        company=company,
    )


def _cursor(at: datetime, last: UUID) -> str:
    return base64.urlsafe_b64encode(f"{at.isoformat()} {last}".encode()).decode()


def _place(cursor: str) -> tuple[datetime, UUID] | None:
    """Where a page begins; an empty cursor is before all."""
    if not cursor:
        return None
    try:
        at, _, last = base64.b64decode(cursor.encode(), altchars=b"-_", validate=True).decode().partition(" ")
        found = datetime.fromisoformat(at), UUID(last)
    except (binascii.Error, ValueError):
        found = None
    if found is None or found[0].tzinfo is None:
        detail = "not a cursor that this hub gave out"
        raise Invalid(violations=(Violation(pointer="/query/after", detail=detail, rule="cursor"),))
    return found
