"""Odoo's invoices, credit notes and payments as we compare them, and the lines a credit note is cut down to."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any, Final

from tillway.errors import Invalid
from tillway.retail import BackOfficeInvoice, BackOfficePayment, rounded
from tillway.retail.outside import BackOfficeState

from .values import decimal, label, text

FIELDS: Final = ["name", "state", "amount_total", "amount_residual", "currency_id"]
"""Fields of `account.move` that are read."""

LINE_FIELDS: Final = ["quantity", "sale_line_ids"]
"""Fields of `account.move.line` that are read."""

PAYMENT_FIELDS: Final = ["name", "amount", "currency_id"]
"""Fields of `account.payment` that are read."""

_STATES: Final[Mapping[str, BackOfficeState]] = {"draft": "draft", "posted": "confirmed", "cancel": "cancelled"}

_UPDATE, _DELETE = 1, 2
"""Odoo's commands for the lines of a document."""


def invoice(row: Mapping[str, Any]) -> BackOfficeInvoice:
    """An invoice or credit note."""
    currency = label(row["currency_id"])
    return BackOfficeInvoice(
        foreign_id=str(row["id"]),
        name=text(row["name"]) or str(row["id"]),
        state=_STATES.get(str(row["state"]), "other"),
        gross=rounded(decimal(row["amount_total"]), currency),
        owed=rounded(decimal(row["amount_residual"]), currency),
    )


def payment(row: Mapping[str, Any]) -> BackOfficePayment:
    """A payment; its amount is positive in either direction."""
    return BackOfficePayment(
        foreign_id=str(row["id"]),
        name=text(row["name"]) or str(row["id"]),
        amount=rounded(decimal(row["amount"]), label(row["currency_id"])),
    )


def kept(
    rows: Iterable[Mapping[str, Any]], of: Mapping[int, tuple[int, str]], wanted: Mapping[tuple[int, str], Decimal]
) -> list[list[Any]]:
    """The commands that leave only what is wanted: each line by the number and SKU of the order's line it is of.

    People may have put the order's lines into another order; then the SKU alone has to do. Invalid when the credit
    note has not so much of something.
    """
    left = dict(wanted)
    commands: list[list[Any]] = []
    for row in rows:
        key = _key(of.get(row["id"]), left)
        quantity = min(left.get(key, Decimal(0)), decimal(row["quantity"])) if key is not None else Decimal(0)
        if key is None or quantity <= 0:
            commands.append([_DELETE, row["id"], 0])
            continue
        left[key] -= quantity
        commands.append([_UPDATE, row["id"], {"quantity": quantity}])
    missing = sorted(sku for (_, sku), quantity in left.items() if quantity > 0)
    if missing:
        raise Invalid(f"the invoice has not so much of {', '.join(missing)} as is to be credited")
    return commands


def _key(of: tuple[int, str] | None, left: Mapping[tuple[int, str], Decimal]) -> tuple[int, str] | None:
    if of is None or of in left:
        return of
    return next((key for key, quantity in left.items() if key[1] == of[1] and quantity > 0), None)
