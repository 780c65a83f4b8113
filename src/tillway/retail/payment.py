"""Payment: money that moved for an order outside the tills, as the payment provider reported it. Never a card number.

Money that moved is a fact, so it is kept whatever it says; what the ledger of its order does not allow is told and
not booked.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Final, Literal, NamedTuple

import msgspec

from tillway import ids
from tillway.errors import Violation
from tillway.retail.data_class import DataClass, classed
from tillway.retail.limits import Amount, CurrencyCode, Id, Instant, Reference
from tillway.retail.money import rounded
from tillway.retail.tender import TenderKind
from tillway.retail.word import Word

PaymentKind = Literal["authorised", "captured", "refunded"]
"""Set aside at the customer's bank, taken from there, or given back."""

PaymentStatus = Literal["recorded", "quarantined", "booked", "unbooked", "exception"]
"""Recorded: kept. Quarantined: the order's ledger does not allow it, a person must look. Booked: registered in the
back office. Unbooked: nothing is to be booked there, because of its kind or because no journal is declared for its
tender. Exception: it should be booked and could not be."""

ZERO: Final = Decimal(0)


class PaymentReport(Word, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What `recordPayment` receives."""

    kind: Annotated[PaymentKind, classed(DataClass.INTERNAL)] = "captured"
    """What was done with the money."""
    tender: Annotated[TenderKind, classed(DataClass.INTERNAL)] = "card"
    """With what it was paid."""
    provider: Annotated[Id, classed(DataClass.INTERNAL)]
    """Who moved the money, by a name of yours."""
    reference: Annotated[Reference, classed(DataClass.PAYMENT)]
    """The provider's own number of it, unique with that provider; never a card number."""
    amount: Annotated[Amount, classed(DataClass.INTERNAL)]
    """How much, more than nothing."""
    currency: Annotated[CurrencyCode, classed(DataClass.PUBLIC)]
    """What the amount is in; must be the order's."""
    paid_at: Annotated[Instant | None, classed(DataClass.INTERNAL)] = None
    """When it was done; absent: now."""
    credited: Annotated[Id | None, classed(DataClass.INTERNAL)] = None
    """The return that a refund pays out, by our id."""


class Payment(Word, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A payment as the hub holds it."""

    id: Annotated[Id, classed(DataClass.INTERNAL)]
    """A UUID made of provider and reference; the key under which it is booked once."""
    order: Annotated[Id, classed(DataClass.INTERNAL)]
    """The order it is for."""
    consumer: Annotated[Id, classed(DataClass.INTERNAL)]
    """Who recorded it."""
    shop: Annotated[Id, classed(DataClass.INTERNAL)]
    """The store of the order."""
    kind: Annotated[PaymentKind, classed(DataClass.INTERNAL)]
    """What was done with the money."""
    tender: Annotated[TenderKind, classed(DataClass.INTERNAL)]
    """With what it was paid."""
    provider: Annotated[Id, classed(DataClass.INTERNAL)]
    """Who moved the money."""
    reference: Annotated[Reference | None, classed(DataClass.PAYMENT)]
    """The provider's own number of it; absent for those who may not read it."""
    amount: Annotated[Amount, classed(DataClass.INTERNAL)]
    """How much."""
    currency: Annotated[CurrencyCode, classed(DataClass.PUBLIC)]
    """What the amount is in."""
    paid_at: Annotated[Instant, classed(DataClass.INTERNAL)]
    """When it was done."""
    credited: Annotated[Id | None, classed(DataClass.INTERNAL)] = None
    """The return that a refund pays out."""
    status: Annotated[PaymentStatus, classed(DataClass.INTERNAL)] = "recorded"
    """How far it got."""


class PaymentLedger(Word, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What has moved for one order. Kept money never exceeds the total, and no more goes back than came."""

    total: Annotated[Amount, classed(DataClass.INTERNAL)]
    """What the order comes to; nothing once it is cancelled."""
    authorised: Annotated[Amount, classed(DataClass.INTERNAL)] = ZERO
    """Set aside so far."""
    captured: Annotated[Amount, classed(DataClass.INTERNAL)] = ZERO
    """Taken so far."""
    refunded: Annotated[Amount, classed(DataClass.INTERNAL)] = ZERO
    """Given back so far."""


class Entry(NamedTuple):
    """What one payment adds to the ledger of its order."""

    authorised: Decimal = ZERO
    captured: Decimal = ZERO
    refunded: Decimal = ZERO


def payment_id(provider: str, reference: str) -> str:
    """The id of a payment: the same however often it is reported."""
    return str(ids.named("payment", provider, reference))


def entry(kind: PaymentKind, amount: Decimal) -> Entry:
    """What a payment of this kind adds."""
    return Entry(**{kind: amount})


def doubts(report: PaymentReport, ledger: PaymentLedger, currency: str) -> tuple[Violation, ...]:
    """Why this payment does not fit its order, with pointers; empty when it does. Pure."""
    found: list[Violation] = []
    if report.currency != currency:
        found.append(Violation(pointer="/currency", detail=f"the order is in {currency}", rule="currency"))
    if report.amount != rounded(report.amount, report.currency):
        found.append(
            Violation(pointer="/amount", detail=f"has more decimals than {report.currency}", rule="minor-unit")
        )
    if not found:
        found += _beyond(ledger, entry(report.kind, report.amount), currency)
    return tuple(found)


def added(ledger: PaymentLedger, to_add: Entry) -> PaymentLedger:
    """The ledger with one more payment in it."""
    return msgspec.structs.replace(
        ledger,
        authorised=ledger.authorised + to_add.authorised,
        captured=ledger.captured + to_add.captured,
        refunded=ledger.refunded + to_add.refunded,
    )


def _beyond(ledger: PaymentLedger, to_add: Entry, currency: str) -> list[Violation]:
    after = added(ledger, to_add)
    if to_add.authorised and after.authorised > ledger.total:
        return [_wrong(f"{after.authorised} {currency} would be set aside for an order of {ledger.total}")]
    if to_add.captured and after.captured - after.refunded > ledger.total:
        kept = after.captured - after.refunded
        return [_wrong(f"{kept} {currency} would be kept for an order of {ledger.total}")]
    if to_add.captured and ledger.authorised and after.captured > ledger.authorised:
        return [_wrong(f"{after.captured} {currency} would be taken, {ledger.authorised} were set aside")]
    if to_add.refunded and after.refunded > after.captured:
        return [_wrong(f"{after.refunded} {currency} would be given back, {after.captured} were taken")]
    return []


def _wrong(detail: str) -> Violation:
    return Violation(pointer="/amount", detail=detail, rule="ledger")
