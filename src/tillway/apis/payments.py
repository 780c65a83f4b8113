"""Payments of orders: `payments.v1`."""

from __future__ import annotations

from tillway.apis.causing import cause
from tillway.apis.order_changes import visible
from tillway.errors import Invalid, NotFound, Violation
from tillway.gateway import Answer, Ask, Handler
from tillway.postgres import Database
from tillway.records import order_changes, payments
from tillway.records.payments import Recorded
from tillway.retail import PaymentReport, parse


def bind(db: Database) -> dict[str, Handler]:
    """The handlers of this document."""

    async def record_payment(ask: Ask) -> Answer:
        order = await visible(db, ask, ask.path["order"])
        report = parse(ask.body, PaymentReport)
        if report.amount <= 0:
            wrong = Violation(pointer="/amount", detail="must be more than zero", rule="amount-positive")
            raise Invalid(violations=(wrong,))
        async with ask.transaction(db) as tx:
            # Its total may be amended, or it called off, meanwhile.
            order = (await order_changes.lock(tx, order.id)).order
            done = await payments.record(tx, report, order, consumer=ask.grant.consumer, at=ask.now, cause=cause(ask))
            answer = _answer(done)
            ask.settle(tx, answer)
        return answer

    async def get_payment(ask: Ask) -> Answer:
        found = await payments.get(db, ask.path["id"])
        try:
            await visible(db, ask, found.payment.order)
        except NotFound:
            raise NotFound("no payment has this id") from None
        return Answer(200, found.payment)

    async def list_payments(ask: Ask) -> Answer:
        order = await visible(db, ask, ask.path["order"])
        found, ledger = await payments.of_order(db, order)
        return Answer(200, {"payments": found, "ledger": ledger})

    return {"recordPayment": record_payment, "getPayment": get_payment, "listPayments": list_payments}


def _answer(done: Recorded) -> Answer:
    """202 tells that it is in quarantine."""
    told = [{"pointer": item.pointer, "detail": item.detail, "rule": item.rule} for item in done.violations]
    return Answer(
        202 if done.violations else 201,
        {"payment": done.payment, "violations": told},
        (("Location", f"/payments/v1/payments/{done.payment.id}"),),
    )
