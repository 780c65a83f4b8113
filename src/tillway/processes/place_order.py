"""Place an order: have it in the back office once, confirmed, and read back before anybody is told.

The first try writes at once: nobody else has this order in hand. Whatever may have been tried before is looked up by
our id; and because "not found" proves nothing while the far side may still be at work, writing is the same idempotent
act each time.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Final

import msgspec

from tillway import clock
from tillway.errors import NotFound, Unavailable
from tillway.journal import Event
from tillway.postgres import Database, Part
from tillway.processes.backoffice import BackOffices, OrderPlace, call
from tillway.processes.customers import partner
from tillway.processes.definition import (
    EXCEPTION,
    REFUSED,
    START,
    UNANSWERED,
    UNKNOWN,
    Beginning,
    Definition,
    On,
    Outcome,
    Step,
    Work,
)
from tillway.records import BACK_OFFICE, claims, links, orders, promises
from tillway.retail import BackOfficeOrder, Criticality, Order, minor_units

OWNER: Final = "retail-operations"

# An order that is not in the back office by then needs a person; the customer was promised it.
DEADLINE: Final = timedelta(hours=4)

# A call without an answer may still be at work over there: Odoo ends a request after 2 minutes where nothing else is
# set, and after 15 where it is set generously. Only then does "not found" mean that it never will be.
SETTLED: Final = timedelta(minutes=15)

# A new customer is in the back office within a second; an order that comes at the same moment waits so long.
UNKNOWN_SECONDS: Final = 0.5

TABLE: Final = (
    On(START, "order.placed", "writing"),
    On("writing", "written", "confirming"),
    On("writing", "confirmed", "reading-back"),
    On("writing", UNKNOWN, "looking-up"),
    On("looking-up", "absent", "writing"),
    On("looking-up", "draft", "confirming"),
    On("looking-up", "confirmed", "reading-back"),
    On("confirming", "done", "reading-back"),
    On("confirming", UNKNOWN, "looking-up"),
    # A refusal may only say that somebody else confirmed it; a draft that cannot be confirmed needs a person.
    On("confirming", REFUSED, "reading-back"),
    On("reading-back", "confirmed", "accepted"),
    On(EXCEPTION, "retry", "looking-up"),
    On(EXCEPTION, "cancel", "cancelling"),
    On("cancelling", "done", "cancelled"),
    On("cancelling", "absent", "cancelled"),
    On("cancelling", UNKNOWN, "cancelling"),
)


def place_order(db: Database, offices: BackOffices) -> Definition:
    """The flow, bound to where it reads orders and whom it asks."""
    steps = _Steps(db, offices)
    return Definition(
        name="place-order",
        version=1,
        starts_on="order.placed",
        owner=OWNER,
        deadline=DEADLINE,
        steps=(
            Step(state="writing", act=steps.write, tag="compensatable", compensation="cancelling"),
            Step(state="looking-up", act=steps.look_up, tag="retriable"),
            Step(state="confirming", act=steps.confirm, tag="pivot"),
            Step(state="reading-back", act=steps.read_back, tag="retriable"),
            Step(state="cancelling", act=steps.cancel, tag="retriable"),
        ),
        table=TABLE,
        ends=frozenset({"accepted", "cancelled"}),
        begin=_begin,
        tell=_tell,
    )


def verdict(order: Order, held: BackOfficeOrder) -> tuple[str, str]:
    """What the back office's order says of ours: the event for the table, and why. Pure."""
    if held.state in ("cancelled", "other"):
        return held.state, f"the order is {held.state} in the back office"
    if held.state == "draft":
        return "draft", ""
    ours = Counter[str]()
    for line in order.lines:
        ours[line.sku] += line.quantity  # type: ignore[assignment]
    theirs = Counter[str]()
    for entry in held.lines:
        theirs[entry.sku] += entry.quantity  # type: ignore[assignment]
    if ours != theirs or held.line_count != len(order.lines):
        return (
            "differs",
            f"the back office holds {held.line_count} lines for our {len(order.lines)}, or other quantities",
        )
    # Whether tax is rounded by line or in total is a setting over there: a minor unit a line is no dispute.
    tolerance = Decimal(len(order.lines)).scaleb(-minor_units(order.currency))
    if abs(held.gross - order.gross) > tolerance:
        return "differs", f"the back office's total is {held.gross}, ours {order.gross} {order.currency}"
    return "confirmed", ""


def missing(promised: Mapping[str, Decimal], reserved: Mapping[str, Decimal]) -> str:
    """Which promises a confirmed order did not get in full, in words; empty when it got them all. Pure."""
    return "; ".join(
        f"{quantity.normalize():f} of {sku} promised, {reserved.get(sku, Decimal(0)).normalize():f} reserved"
        for sku, quantity in sorted(promised.items())
        if reserved.get(sku, Decimal(0)) < quantity
    )


def under_way(data: Mapping[str, Any], now: datetime) -> str:
    """Why an order that is not found may still turn up over there; empty when it cannot any more. Pure."""
    unanswered = data.get(UNANSWERED)
    if unanswered is None or now - datetime.fromisoformat(unanswered) >= SETTLED:
        return ""
    return f"not found yet, and the call of {unanswered} was never answered"


class _Steps:
    def __init__(self, db: Database, offices: BackOffices) -> None:
        self._db = db
        self._offices = offices

    async def write(self, work: Work) -> Outcome:
        order = await self._order(work)
        place = await self._place(order)
        held = await place.book.write(call(work, place.store.company), order, place.store)
        event = "confirmed" if held.state == "confirmed" else "written"
        return Outcome(event=event, data={"foreign_id": held.foreign_id, "name": held.name})

    async def look_up(self, work: Work) -> Outcome:
        order = await self._order(work)
        place = self._offices.orders(order.shop, order.customer)
        held = await place.book.find(call(work, place.store.company), order.id, order.placed_at)
        if held is None:
            return Outcome(event="absent")
        return Outcome(event=held.state, data={"foreign_id": held.foreign_id, "name": held.name})

    async def confirm(self, work: Work) -> Outcome:
        order = await self._order(work)
        place = self._offices.orders(order.shop, order.customer)
        terms = call(work, place.store.company, criticality=Criticality.CRITICAL)
        await place.book.confirm(terms, work.data["foreign_id"])
        return Outcome(event="done", data={"refused": None})

    async def read_back(self, work: Work) -> Outcome:
        order = await self._order(work)
        place = self._offices.orders(order.shop, order.customer)
        held = await place.book.read(call(work, place.store.company), work.data["foreign_id"])
        event, why = verdict(order, held)
        if event == "confirmed" and (told := await self._missing(work, order, place)):
            event, why = "short", told
        if event != "confirmed":
            return Outcome(event=event, detail=why or work.data.get("refused") or "it is still a draft over there")
        cause = work.cause
        return Outcome(
            event=event,
            events=(
                orders.accepted(
                    order, connection=place.connection, foreign=held.foreign_id, name=held.name, cause=cause
                ),
            ),
            parts=(
                orders.settle(order.id, "accepted"),
                claims.committed(order.id),
                promises.committed(order.id),
                links.linking("order", order.id, place.connection, held.foreign_id, held.name),
            ),
        )

    async def _missing(self, work: Work, order: Order, place: OrderPlace) -> str:
        """What was promised and is not set aside: the back office confirms short orders without a word."""
        promised = await promises.of_order(self._db, order.id)
        if not promised or place.stock is None:
            return ""
        return missing(promised, await place.stock.reserved(call(work, place.store.company), work.data["foreign_id"]))

    async def cancel(self, work: Work) -> Outcome:
        order = await self._order(work)
        place = self._offices.orders(order.shop, order.customer)
        terms = call(work, place.store.company)
        held = await place.book.find(terms, order.id, order.placed_at)
        if held is None and (waiting := under_way(work.data, clock.now())):
            return Outcome(event=UNKNOWN, detail=waiting)
        if held is not None and held.state != "cancelled":
            await place.book.cancel(terms, held.foreign_id)
        parts: tuple[Part, ...] = (
            orders.settle(order.id, "cancelled"),
            claims.dropped(order.id),
            *promises.dropped(order.id),
        )
        return Outcome(event="absent" if held is None else "done", parts=parts)

    async def _place(self, order: Order) -> OrderPlace:
        """Where the order goes, on the account of its customer where that is one of our records."""
        place = self._offices.orders(order.shop, order.customer)
        try:
            theirs = None if order.customer is None else await partner(self._db, order.customer, place.connection)
        except NotFound:
            return place  # the landscape says who it is
        if order.customer is not None and theirs is None:
            raise Unavailable("the customer of this order is not in the back office yet", retry_after=UNKNOWN_SECONDS)
        return msgspec.structs.replace(place, store=msgspec.structs.replace(place.store, party=theirs))

    async def _order(self, work: Work) -> Order:
        return (await orders.get(self._db, work.subject)).order


def _begin(subject: str, data: Mapping[str, Any]) -> Beginning | None:
    if data.get("origin") == BACK_OFFICE:
        return None  # it is there already: made or sold over there
    if "gross" not in data:
        raise NotFound(f"order.placed of {subject} carries no total")
    return Beginning(data={}, money_at_risk=Decimal(data["gross"]), currency=data["currency"])


def _tell(work: Work, code: str, detail: str) -> tuple[Sequence[Event], Sequence[Part]]:
    event = work.cause.event(
        "order.exception",
        subject=work.subject,
        data={"process": "place-order", "code": code, "detail": detail, "owner": OWNER, "actions": ["retry", "cancel"]},
    )
    return (event,), (orders.settle(work.subject, "exception"),)
