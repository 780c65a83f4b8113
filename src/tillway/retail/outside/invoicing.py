"""Invoices, payments on them and credit notes in the back office, and how they get there."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Annotated, Protocol

from tillway.retail.call import Call
from tillway.retail.data_class import DataClass, classed
from tillway.retail.limits import Amount, Id, Reference
from tillway.retail.outside.order_book import BackOfficeState
from tillway.retail.word import Word


class BackOfficeInvoice(Word, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An invoice or a credit note as the back office holds it; confirmed means posted."""

    foreign_id: Annotated[Id, classed(DataClass.INTERNAL)]
    """Their id."""
    name: Annotated[Reference, classed(DataClass.INTERNAL)]
    """The number their people know it by; of a draft its id."""
    state: Annotated[BackOfficeState, classed(DataClass.INTERNAL)]
    """What became of it."""
    gross: Annotated[Amount, classed(DataClass.INTERNAL)]
    """Its total, tax included."""
    owed: Annotated[Amount, classed(DataClass.INTERNAL)]
    """What of it is not paid yet."""


class BackOfficePayment(Word, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A payment as the back office holds it."""

    foreign_id: Annotated[Id, classed(DataClass.INTERNAL)]
    """Their id."""
    name: Annotated[Reference, classed(DataClass.INTERNAL)]
    """The number their people know it by."""
    amount: Annotated[Amount, classed(DataClass.INTERNAL)]
    """How much."""


class Invoicing(Protocol):
    """What is owed and paid for orders. Nothing here is safe to repeat: look before, and look after."""

    async def of_order(self, call: Call, order: str) -> tuple[BackOfficeInvoice, ...]:
        """The invoices of an order by its foreign id, oldest first, without those called off."""
        ...

    async def make(self, call: Call, order: str) -> None:
        """Have a draft made of what can be invoiced. Invalid when nothing can be."""
        ...

    async def post(self, call: Call, invoice: str) -> None:
        """Make a draft binding; no effect on one that is."""
        ...

    async def find_payment(self, call: Call, reference: str) -> BackOfficePayment | None:
        """The payment with our reference, or None."""
        ...

    async def pay(self, call: Call, invoice: str, *, journal: str, amount: Decimal, reference: str, day: date) -> None:
        """Register a payment on an invoice, or a payout on a credit note."""
        ...

    async def find_credit(self, call: Call, reference: str) -> BackOfficeInvoice | None:
        """The credit note with our reference, or None."""
        ...

    async def credit(self, call: Call, invoice: str, *, reference: str, day: date) -> None:
        """Have a draft credit note made of a whole invoice."""
        ...

    async def keep_only(self, call: Call, credit_note: str, lines: Mapping[tuple[int, str], Decimal]) -> None:
        """Leave on a draft credit note only these quantities, by number and SKU of the order's line. Invalid when it
        has not so much of one.
        """
        ...
