"""Change an order: cancel, amend or invoice it in the back office once, as long as what happened there allows it.

The back office itself allows nearly everything: it calls off what was delivered and paid, and an order of which part
was credited it would invoice again. So what stands there is looked at before anything is done, and read back after.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Any, Final, NamedTuple

from tillway.errors import Invalid, TryAgain
from tillway.journal import Event
from tillway.postgres import Database, Part
from tillway.processes.backoffice import call
from tillway.processes.definition import (
    EXCEPTION,
    REFUSED,
    START,
    UNKNOWN,
    Beginning,
    Definition,
    On,
    Outcome,
    Step,
    Work,
)
from tillway.processes.place_order import verdict
from tillway.records import claims, links, order_changes, orders, promises
from tillway.retail import BackOfficeInvoice, Call, Criticality, Office, Offices, Order, OrderChange, Standing, refusal

OWNER: Final = "retail-operations"

# Whoever asked was told 202; what could not be done by then needs a person.
DEADLINE: Final = timedelta(hours=4)

TABLE: Final = (
    On(START, "order.change-requested", "checking"),
    On("checking", "cancel", "cancelling"),
    On("checking", "amend", "amending"),
    On("checking", "invoice", "invoicing"),
    On("checking", "done", "reading-back"),
    On("checking", "not-allowed", "refusing"),
    On("cancelling", "done", "reading-back"),
    On("cancelling", UNKNOWN, "checking"),
    On("amending", "done", "reading-back"),
    On("amending", UNKNOWN, "checking"),
    On("amending", REFUSED, "refusing"),
    On("invoicing", "done", "reading-back"),
    On("invoicing", UNKNOWN, "checking"),
    # Nothing to invoice, or not yet: the back office's own policy decides, and the order is as it was.
    On("invoicing", REFUSED, "refusing"),
    On("reading-back", "done", "done"),
    On("refusing", "refused", "refused"),
    On(EXCEPTION, "retry", "checking"),
    On(EXCEPTION, "refuse", "refusing"),
)


class _Asked(NamedTuple):
    """What a step works on."""

    change: OrderChange
    order: Order
    amended: Order | None
    office: Office
    foreign: str


def change_order(db: Database, offices: Offices) -> Definition:
    """The flow, bound to where it reads changes and whom it asks."""
    steps = _Steps(db, offices)
    return Definition(
        name="change-order",
        version=1,
        starts_on="order.change-requested",
        owner=OWNER,
        deadline=DEADLINE,
        steps=(
            Step(state="checking", act=steps.check, tag="retriable"),
            Step(state="cancelling", act=steps.cancel, tag="pivot"),
            Step(state="amending", act=steps.amend, tag="pivot"),
            Step(state="invoicing", act=steps.invoice, tag="pivot"),
            Step(state="reading-back", act=steps.read_back, tag="retriable"),
            Step(state="refusing", act=steps.refuse, tag="retriable"),
        ),
        table=TABLE,
        ends=frozenset({"done", "refused"}),
        begin=_begin,
        tell=_tell,
    )


def posted(invoices: Sequence[BackOfficeInvoice]) -> BackOfficeInvoice | None:
    """The first invoice that is binding."""
    return next((each for each in invoices if each.state == "confirmed"), None)


class _Steps:
    def __init__(self, db: Database, offices: Offices) -> None:
        self._db = db
        self._offices = offices

    async def check(self, work: Work) -> Outcome:
        asked = await self._asked(work)
        held = await asked.office.orders.standing(self._call(work, asked), asked.foreign)
        kind = asked.change.kind
        if kind == "cancel" and held.state == "cancelled":
            return Outcome(event="done")
        if kind == "invoice" and held.invoiced:
            return Outcome(event="done")
        standing = Standing(status=asked.order.status, delivered=held.delivered, invoiced=held.invoiced)
        why = refusal(standing, kind)
        if why is None and held.state != "confirmed":
            why = f"it is {held.state} in the back office"
        return Outcome(event=kind) if why is None else Outcome(event="not-allowed", detail=why, data={"refused": why})

    async def cancel(self, work: Work) -> Outcome:
        asked = await self._asked(work)
        await asked.office.orders.cancel(self._call(work, asked), asked.foreign)
        return Outcome(event="done")

    async def amend(self, work: Work) -> Outcome:
        asked = await self._asked(work)
        await asked.office.orders.amend(self._call(work, asked), asked.foreign, asked.order, _amended(asked))
        return Outcome(event="done")

    async def invoice(self, work: Work) -> Outcome:
        """Look, make, look again: what an earlier attempt made is taken for ours."""
        asked = await self._asked(work)
        terms, invoicing = self._call(work, asked), asked.office.invoicing
        found = await invoicing.of_order(terms, asked.foreign)
        if not found:
            await invoicing.make(terms, asked.foreign)
            found = await invoicing.of_order(terms, asked.foreign)
        for draft in found:
            if draft.state == "draft":
                await invoicing.post(terms, draft.foreign_id)
        return Outcome(event="done")

    async def read_back(self, work: Work) -> Outcome:
        asked = await self._asked(work)
        terms = self._call(work, asked)
        match asked.change.kind:
            case "cancel":
                return await self._cancelled(work, asked, terms)
            case "amend":
                return await self._read_amended(work, asked, terms)
            case "invoice":
                return await self._invoiced(work, asked, terms)

    async def refuse(self, work: Work) -> Outcome:
        kept = await order_changes.get(self._db, work.subject)
        order = (await orders.get(self._db, kept.change.order)).order
        why = str(work.data.get("refused") or "a person refused it")
        return Outcome(
            event="refused",
            events=(order_changes.told_refused(kept.change, order, why, work.cause),),
            parts=(order_changes.settle(work.subject, "refused", why[:500]),),
        )

    async def _cancelled(self, work: Work, asked: _Asked, terms: Call) -> Outcome:
        held = await asked.office.orders.standing(terms, asked.foreign)
        if held.state != "cancelled":
            return Outcome(event="differs", detail=f"the order is {held.state} in the back office")
        if held.delivered:
            return Outcome(event="differs", detail="it was delivered while it was called off")
        return Outcome(
            event="done",
            events=(order_changes.told("order.cancelled", asked.change, asked.order, work.cause),),
            parts=(
                order_changes.settle(asked.change.id, "done"),
                orders.settle(asked.order.id, "cancelled"),
                claims.dropped(asked.order.id),
                *promises.dropped(asked.order.id),
            ),
        )

    async def _read_amended(self, work: Work, asked: _Asked, terms: Call) -> Outcome:
        after = _amended(asked)
        held = await asked.office.orders.read(terms, asked.foreign)
        event, why = verdict(after, held)
        if event != "confirmed":
            return Outcome(event="differs", detail=why or f"the order is {held.state} in the back office")
        there = {"connection": asked.office.connection, "id": held.foreign_id, "name": held.name}
        last = max(line.number for order in (asked.order, after) for line in order.lines)
        return Outcome(
            event="done",
            events=(order_changes.told_amended(asked.change, after, there, work.cause),),
            parts=(order_changes.settle(asked.change.id, "done"), order_changes.amended(after, last)),
        )

    async def _invoiced(self, work: Work, asked: _Asked, terms: Call) -> Outcome:
        invoice = posted(await asked.office.invoicing.of_order(terms, asked.foreign))
        if invoice is None:
            return Outcome(event="differs", detail="the back office has no posted invoice of it")
        connection = asked.office.connection
        there = {"connection": connection, "id": invoice.foreign_id, "name": invoice.name}
        told = order_changes.told(
            "order.invoiced",
            asked.change,
            asked.order,
            work.cause,
            back_office=there,
            invoiced=str(invoice.gross),
        )
        return Outcome(
            event="done",
            events=(told,),
            parts=(
                order_changes.settle(asked.change.id, "done"),
                order_changes.invoiced(asked.order.id),
                links.linking("invoice", asked.order.id, connection, invoice.foreign_id, invoice.name),
            ),
        )

    async def _asked(self, work: Work) -> _Asked:
        """The change with its order and where that is; TryAgain while the order is on its way there itself."""
        kept = await order_changes.get(self._db, work.subject)
        order = (await orders.get(self._db, kept.change.order)).order
        if order.status == "placed":
            raise TryAgain("the order is on its way to the back office")
        office = self._offices.at(order.shop)
        link = await links.find(self._db, "order", order.id, office.connection)
        if link is None:
            raise Invalid(f"the order is {order.status}, and the back office does not have it")
        return _Asked(kept.change, order, kept.amended, office, link.theirs)

    def _call(self, work: Work, asked: _Asked) -> Call:
        return call(work, asked.office.company, criticality=Criticality.HIGH)


def _amended(asked: _Asked) -> Order:
    if asked.amended is None:
        raise Invalid("this amendment does not say what to amend")
    return asked.amended


def _begin(subject: str, data: Mapping[str, Any]) -> Beginning:
    del subject
    return Beginning(data={"order": data["order"]}, money_at_risk=Decimal(data["gross"]), currency=data["currency"])


def _tell(work: Work, code: str, detail: str) -> tuple[Sequence[Event], Sequence[Part]]:
    event = work.cause.event(
        "order.exception",
        subject=str(work.data["order"]),
        data={
            "process": "change-order",
            "code": code,
            "detail": detail,
            "owner": OWNER,
            "actions": ["retry", "refuse"],
        },
    )
    return (event,), (order_changes.settle(work.subject, "exception", detail[:500]),)
