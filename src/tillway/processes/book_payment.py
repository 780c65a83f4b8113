"""Book a payment: register captured money on the invoice of its order, and refunded money on the credit note, once.

Registering is not idempotent over there: a second call is a second payment. So it carries our id, what was never
answered is looked for by it, and as long as the far side may still be at work nothing is tried again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Any, Final

from tillway import clock
from tillway.errors import TryAgain
from tillway.journal import Event
from tillway.postgres import Database, Part
from tillway.processes.backoffice import call
from tillway.processes.definition import EXCEPTION, START, UNKNOWN, Beginning, Definition, On, Outcome, Step, Work
from tillway.processes.place_order import under_way
from tillway.records import links, payments
from tillway.retail import Office, Offices, Payment

OWNER: Final = payments.OWNER

# An order is invoiced when it is delivered; what was paid for one that is not invoiced by then needs a person.
DEADLINE: Final = timedelta(days=30)

# How soon it is looked again whether there is an invoice: soon at first, for many are invoiced at once.
INVOICED: Final = tuple(timedelta(seconds=seconds) for seconds in (0.5, 1, 2, 5, 10, 30, 60, 300, 900, 3600))

TABLE: Final = (
    On(START, "payment.recorded", "deciding"),
    On("deciding", "nothing-to-book", "kept"),
    On("deciding", "to-book", "looking-up"),
    On("looking-up", "absent", "paying"),
    On("looking-up", "booked", "booked"),
    On("paying", "done", "reading-back"),
    On("paying", UNKNOWN, "looking-up"),
    On("reading-back", "booked", "booked"),
    On(EXCEPTION, "retry", "deciding"),
    On(EXCEPTION, "leave", "leaving"),
    On("leaving", "nothing-to-book", "kept"),
)


def book_payment(db: Database, offices: Offices) -> Definition:
    """The flow, bound to where it reads payments and whom it asks."""
    steps = _Steps(db, offices)
    return Definition(
        name="book-payment",
        version=1,
        starts_on="payment.recorded",
        owner=OWNER,
        deadline=DEADLINE,
        steps=(
            Step(state="deciding", act=steps.decide, tag="retriable", retry=INVOICED),
            Step(state="looking-up", act=steps.look_up, tag="retriable"),
            Step(state="paying", act=steps.pay, tag="pivot"),
            Step(state="reading-back", act=steps.read_back, tag="retriable"),
            Step(state="leaving", act=steps.leave, tag="retriable"),
        ),
        table=TABLE,
        ends=frozenset({"booked", "kept"}),
        begin=_begin,
        tell=_tell,
    )


class _Steps:
    def __init__(self, db: Database, offices: Offices) -> None:
        self._db = db
        self._offices = offices

    async def decide(self, work: Work) -> Outcome:
        """What it is booked on; TryAgain while that is not there yet."""
        payment = (await payments.get(self._db, work.subject)).payment
        if payment.status == "quarantined":
            return Outcome(event="nothing-to-book")
        office = self._offices.at(payment.shop)
        if payment.kind == "authorised" or payment.tender not in office.journals:
            return Outcome(event="nothing-to-book", parts=(payments.settle(payment.id, "unbooked"),))
        if payment.kind == "refunded" and payment.credited is None:
            return Outcome(event="nothing-to-book", parts=(payments.settle(payment.id, "unbooked"),))
        document = await self._document(work, office, payment)
        if document is None:
            raise TryAgain("there is no invoice or credit note yet that it could be booked on")
        return Outcome(event="to-book", data={"document": document})

    async def look_up(self, work: Work) -> Outcome:
        payment, office = await self._payment(work)
        held = await office.invoicing.find_payment(call(work, office.company), payment.id)
        if held is not None:
            return self._booked(work, payment, office, held.foreign_id, held.name)
        if waiting := under_way(work.data, clock.now()):
            raise TryAgain(waiting)
        return Outcome(event="absent")

    async def pay(self, work: Work) -> Outcome:
        payment, office = await self._payment(work)
        await office.invoicing.pay(
            call(work, office.company),
            work.data["document"],
            journal=office.journals[payment.tender],
            amount=payment.amount,
            reference=payment.id,
            day=payment.paid_at.date(),
        )
        return Outcome(event="done")

    async def read_back(self, work: Work) -> Outcome:
        payment, office = await self._payment(work)
        held = await office.invoicing.find_payment(call(work, office.company), payment.id)
        if held is None or held.amount != payment.amount:
            found = "nothing" if held is None else str(held.amount)
            return Outcome(event="differs", detail=f"the back office holds {found} for a payment of {payment.amount}")
        return self._booked(work, payment, office, held.foreign_id, held.name)

    async def leave(self, work: Work) -> Outcome:
        return Outcome(event="nothing-to-book", parts=(payments.settle(work.subject, "unbooked"),))

    async def _payment(self, work: Work) -> tuple[Payment, Office]:
        payment = (await payments.get(self._db, work.subject)).payment
        return payment, self._offices.at(payment.shop)

    async def _document(self, work: Work, office: Office, payment: Payment) -> str | None:
        """Foreign id of the posted invoice of the order, or of the credit note of the return."""
        if payment.kind == "refunded":
            credit = await links.find(self._db, "credit", str(payment.credited), office.connection)
            return None if credit is None else credit.theirs
        order = await links.find(self._db, "order", payment.order, office.connection)
        if order is None:
            return None
        found = await office.invoicing.of_order(call(work, office.company), order.theirs)
        return next((each.foreign_id for each in found if each.state == "confirmed"), None)

    def _booked(self, work: Work, payment: Payment, office: Office, foreign: str, name: str) -> Outcome:
        there = {"connection": office.connection, "id": foreign, "name": name}
        cause = work.cause
        return Outcome(
            event="booked",
            events=(payments.booked(payment, there, cause),),
            parts=(
                payments.settle(payment.id, "booked"),
                links.linking("payment", payment.id, office.connection, foreign, name),
            ),
        )


def _begin(subject: str, data: Mapping[str, Any]) -> Beginning:
    del subject
    return Beginning(data={}, money_at_risk=Decimal(data["amount"]), currency=data["currency"])


def _tell(work: Work, code: str, detail: str) -> tuple[Sequence[Event], Sequence[Part]]:
    event = work.cause.event(
        "payment.exception",
        subject=work.subject,
        data={
            "process": "book-payment",
            "code": code,
            "detail": detail,
            "owner": OWNER,
            "actions": ["retry", "leave"],
        },
    )
    return (event,), (payments.settle(work.subject, "exception"),)
