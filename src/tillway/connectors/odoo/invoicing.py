"""Invoices, payments and credit notes of orders. Odoo's wizards are not idempotent: each call makes another one.

What keeps an invoice from being made twice is that Odoo's own count of what is left to invoice falls to zero with the
first draft, also for two at once (of four, one was made). Payments and credit notes have no such count, so they carry
our reference: a payment as its memo, a credit note in the reason that Odoo puts into its reference.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any, Final

from tillway.errors import Invalid, NotFound
from tillway.retail import BackOfficeInvoice, BackOfficePayment, Call

from .client import BOOK, WRITE, Json2, number
from .mapping import invoices
from .mapping.values import reference, text

MOVE: Final = "account.move"
MOVE_LINE: Final = "account.move.line"
INVOICE: Final = "out_invoice"
CREDIT: Final = "out_refund"


class OdooInvoicing:
    """`retail.Invoicing` over one Odoo."""

    def __init__(self, odoo: Json2) -> None:
        self._odoo = odoo

    async def of_order(self, call: Call, order: str) -> tuple[BackOfficeInvoice, ...]:
        """Invoices with lines of this order, credit notes not among them."""
        domain = [
            ["line_ids.sale_line_ids.order_id", "=", number(order, "order")],
            ["move_type", "=", INVOICE],
            ["state", "!=", "cancel"],
        ]
        return await self._moves(call, domain)

    async def make(self, call: Call, order: str) -> None:
        """Have a draft made by the wizard. Invalid when nothing is left to invoice, or nothing yet."""
        key = number(order, "order")
        context = {"active_model": "sale.order", "active_ids": [key]}
        wizard = "sale.advance.payment.inv"
        values = {"advance_payment_method": "delivered", "sale_order_ids": [[6, 0, [key]]]}
        made = await self._odoo.call(call, WRITE, wizard, "create", context=context, vals_list=values)
        await self._odoo.call(call, BOOK, wizard, "create_invoices", context=context, ids=made)

    async def post(self, call: Call, invoice: str) -> None:
        """Post a draft. Posting twice is refused by Odoo, so a refusal is answered by looking."""
        key = number(invoice, "invoice")
        try:
            await self._odoo.call(call, BOOK, MOVE, "action_post", ids=[key])
        except Invalid:
            if (await self._one(call, key)).state != "confirmed":
                raise

    async def find_payment(self, call: Call, reference: str) -> BackOfficePayment | None:
        """The payment whose memo is our reference; the oldest one, should people have copied it."""
        domain = [["memo", "=", reference], ["state", "not in", ["canceled", "rejected"]]]
        rows = await self._odoo.search_read(
            call, "account.payment", domain, invoices.PAYMENT_FIELDS, order="id", limit=1
        )
        return invoices.payment(rows[0]) if rows else None

    async def pay(self, call: Call, invoice: str, *, journal: str, amount: Decimal, reference: str, day: date) -> None:
        """Register a payment; Odoo reconciles it with the invoice or credit note at once."""
        key = number(invoice, "invoice")
        context = {"active_model": MOVE, "active_ids": [key]}
        values = {
            "journal_id": number(journal, "journal"),
            "amount": amount,
            "communication": reference,
            "payment_date": day.isoformat(),
        }
        wizard = "account.payment.register"
        made = await self._odoo.call(call, WRITE, wizard, "create", context=context, vals_list=values)
        await self._odoo.call(call, BOOK, wizard, "action_create_payments", context=context, ids=made)

    async def find_credit(self, call: Call, reference: str) -> BackOfficeInvoice | None:
        """The credit note whose reference holds ours."""
        domain = [["ref", "ilike", reference], ["move_type", "=", CREDIT], ["state", "!=", "cancel"]]
        found = await self._moves(call, domain)
        return found[0] if found else None

    async def credit(self, call: Call, invoice: str, *, reference: str, day: date) -> None:
        """Have a draft credit note made of all lines of an invoice."""
        key = number(invoice, "invoice")
        rows = await self._odoo.search_read(call, MOVE, [["id", "=", key]], ["journal_id"])
        if not rows:
            raise NotFound(f"Odoo has no invoice {invoice} any more")
        context = {"active_model": MOVE, "active_ids": [key]}
        values = {
            "move_ids": [[6, 0, [key]]],
            "journal_id": rows[0]["journal_id"][0],
            "reason": reference,
            "date": day.isoformat(),
        }
        wizard = "account.move.reversal"
        made = await self._odoo.call(call, WRITE, wizard, "create", context=context, vals_list=values)
        await self._odoo.call(call, BOOK, wizard, "refund_moves", context=context, ids=made)

    async def keep_only(self, call: Call, credit_note: str, lines: Mapping[tuple[int, str], Decimal]) -> None:
        """Write the quantities of a draft's lines, and take off the others, in one call."""
        key = number(credit_note, "credit note")
        domain = [["move_id", "=", key], ["display_type", "=", "product"]]
        rows = await self._odoo.search_read(call, MOVE_LINE, domain, invoices.LINE_FIELDS, order="id")
        commands = invoices.kept(rows, await self._order_lines(call, rows), lines)
        await self._odoo.call(call, WRITE, MOVE, "write", ids=[key], vals={"invoice_line_ids": commands})

    async def _order_lines(self, call: Call, rows: list[dict[str, Any]]) -> dict[int, tuple[int, str]]:
        """Number and SKU of the order's line that each line of a credit note is of, by the latter's id."""
        wanted = sorted({each for row in rows for each in row["sale_line_ids"]})
        sold = await self._odoo.search_read(
            call, "sale.order.line", [["id", "in", wanted]], ["sequence", "product_id"], archived=True
        )
        products = sorted({int(each) for row in sold if (each := reference(row["product_id"])) is not None})
        named = await self._odoo.search_read(
            call, "product.product", [["id", "in", products]], ["default_code"], archived=True
        )
        skus = {row["id"]: text(row["default_code"]) or "" for row in named}
        known = {row["id"]: (row["sequence"], skus.get(int(reference(row["product_id"]) or 0), "")) for row in sold}
        return {row["id"]: known[each] for row in rows for each in row["sale_line_ids"][:1] if each in known}

    async def _one(self, call: Call, key: int) -> BackOfficeInvoice:
        found = await self._moves(call, [["id", "=", key]])
        if not found:
            raise NotFound(f"Odoo has no invoice {key} any more")
        return found[0]

    async def _moves(self, call: Call, domain: list[Any]) -> tuple[BackOfficeInvoice, ...]:
        rows = await self._odoo.search_read(call, MOVE, domain, invoices.FIELDS, order="id")
        return tuple(invoices.invoice(row) for row in rows)
