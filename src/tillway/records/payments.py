"""Payments of orders: kept once by provider and reference, entered into the ledger of their order if it allows them."""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID

import msgspec

from tillway import journal, sealing
from tillway.errors import Conflict, NotFound, Violation
from tillway.journal import Event
from tillway.postgres import Part, Tx, load
from tillway.records.statements import digest, document
from tillway.records.tracing import Cause
from tillway.retail import Order, Payment, PaymentLedger, PaymentReport, doubts, payment_entry, payment_id

SQL: Final = load("tillway.records", "payments.sql")

PAYMENTS_AT: Final = "records.payments.document"

# Payments of one order that are listed: an order paid in a hundred parts is none.
LISTED: Final = 500

# Who answers for payments that do not fit their order.
OWNER: Final = "finance-operations"


class Recorded(msgspec.Struct, frozen=True, kw_only=True):
    """A payment as it is kept, and why it is in quarantine if it is."""

    payment: Payment
    violations: tuple[Violation, ...] = ()


async def record(tx: Tx, report: PaymentReport, order: Order, *, consumer: str, at: Any, cause: Cause) -> Recorded:
    """Keep a payment: `payment.recorded`, and `payment.exception` when the ledger does not allow it.

    The same reference again answers what is kept; with other content it is a Conflict.
    """
    payment = _payment(report, order, consumer, at)
    content = digest(document(msgspec.structs.replace(report, paid_at=None)) + order.id)
    await tx.execute(SQL["open_ledger"], UUID(order.id), order.gross)
    row = await tx.fetchrow(SQL["lock_ledger"], UUID(order.id))
    known = await tx.fetchrow(SQL["payment"], UUID(payment.id))
    if known is not None:
        if known["content_hash"] != content:
            remedy = "give each movement of money a reference of its own; what was recorded stays"
            raise Conflict("this provider's reference was recorded before with other content", remedy=remedy)
        return _opened(known)
    ledger = _ledger(order, row)
    wrong = doubts(report, ledger, order.currency)
    if wrong:
        payment = msgspec.structs.replace(payment, status="quarantined")
    else:
        entry = payment_entry(report.kind, report.amount)
        tx.stage(Part("records_payment_entry", SQL["enter"], (UUID(order.id), ledger.total, *entry)))
    kept = None if not wrong else document([_violation(item) for item in wrong])
    tx.stage(
        Part(
            "records_payment",
            SQL["save_payment"],
            (UUID(payment.id), UUID(order.id), payment.status, content, kept, _sealed(payment)),
        )
    )
    tx.stage(journal.appending([recorded(payment, cause), *_doubted(payment, wrong, cause)]))
    return Recorded(payment=payment, violations=wrong)


async def get(db: Any, payment: str) -> Recorded:
    """One payment. NotFound when there is none of that id."""
    try:
        key = UUID(payment)
    except ValueError:
        raise NotFound("no payment has this id") from None
    row = await db.fetchrow(SQL["payment"], key)
    if row is None:
        raise NotFound("no payment has this id")
    return _opened(row)


async def of_order(db: Any, order: Order) -> tuple[tuple[Payment, ...], PaymentLedger]:
    """The payments of an order, oldest first, and what those that count come to."""
    rows = await db.fetch(SQL["payments_of"], UUID(order.id), LISTED)
    return tuple(_opened(row).payment for row in rows), _ledger(order, await db.fetchrow(SQL["ledger"], UUID(order.id)))


def settle(payment: str, status: str) -> Part:
    """The part that notes how far a payment got."""
    return Part("records_payment_settled", SQL["settle_payment"], (UUID(payment), status))


def recorded(payment: Payment, cause: Cause) -> Event:
    """`payment.recorded`: it is kept, in quarantine or not."""
    data = msgspec.to_builtins(payment)
    for left_out in ("id", "reference"):
        data.pop(left_out)
    return _event("payment.recorded", payment, data, cause)


def booked(payment: Payment, back_office: dict[str, str], cause: Cause) -> Event:
    """`payment.booked`: registered on the invoice of its order."""
    data = {
        "order": payment.order,
        "shop": payment.shop,
        "currency": payment.currency,
        "amount": str(payment.amount),
        "back_office": back_office,
    }
    return _event("payment.booked", payment, data, cause)


def _payment(report: PaymentReport, order: Order, consumer: str, at: Any) -> Payment:
    return Payment(
        id=payment_id(report.provider, report.reference),
        order=order.id,
        consumer=consumer,
        shop=order.shop,
        kind=report.kind,
        tender=report.tender,
        provider=report.provider,
        reference=report.reference,
        amount=report.amount,
        currency=report.currency,
        paid_at=report.paid_at or at,
        credited=report.credited,
    )


def _ledger(order: Order, row: Any) -> PaymentLedger:
    total = order.gross if order.status != "cancelled" else order.gross * 0
    if row is None:
        return PaymentLedger(total=total)
    return PaymentLedger(total=total, authorised=row["authorised"], captured=row["captured"], refunded=row["refunded"])


def _doubted(payment: Payment, wrong: tuple[Violation, ...], cause: Cause) -> tuple[Event, ...]:
    if not wrong:
        return ()
    data = {
        "process": "book-payment",
        "code": wrong[0].rule,
        "detail": "; ".join(each.detail for each in wrong),
        "owner": OWNER,
        "actions": [],
    }
    return (_event("payment.exception", payment, data, cause),)


def _event(event_type: str, payment: Payment, data: dict[str, Any], cause: Cause) -> Event:
    return cause.event(
        event_type,
        subject=payment.id,
        data=data,
    )


def _sealed(payment: Payment) -> str:
    """The document as it is kept: the provider's reference is sealed."""
    tree = msgspec.to_builtins(payment)
    tree["reference"] = sealing.seal(PAYMENTS_AT, payment.id, tree["reference"])
    return document(tree)


def _opened(row: Any) -> Recorded:
    tree = msgspec.json.decode(row["document"])
    tree["reference"] = sealing.opened(PAYMENTS_AT, tree["id"], tree["reference"])
    found = [] if row["violations"] is None else msgspec.json.decode(row["violations"])
    return Recorded(payment=msgspec.convert(tree, Payment), violations=tuple(Violation(**item) for item in found))


def _violation(item: Violation) -> dict[str, str]:
    return {"pointer": item.pointer, "detail": item.detail, "rule": item.rule}
