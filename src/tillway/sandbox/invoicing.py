"""Invoices, payments and credit notes: made by wizards that are not idempotent, as in Odoo.

An order's own count of what is left to invoice falls with the first draft, and rises again with a credit note.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any, Final

from tillway.sandbox import changing, taxes
from tillway.sandbox.environment import Env
from tillway.sandbox.methods import Call
from tillway.sandbox.quantities import MOVE, ZERO
from tillway.sandbox.refusals import user_error
from tillway.sandbox.values import exact

ENTRY: Final = "account.move"
ITEM: Final = "account.move.line"
PAYMENT: Final = "account.payment"
ORDER: Final = "sale.order"
SOLD: Final = "sale.order.line"
INVOICE: Final = "out_invoice"
CREDIT: Final = "out_refund"

NOTHING: Final = (
    "Cannot create an invoice. No items are available to invoice.\n\n"
    "To resolve this issue, please ensure that:\n"
    "   • The products have been delivered before attempting to invoice them.\n"
    "   • The invoicing policy of the product is configured correctly.\n"
)


def delivered(env: Env, line: int) -> float:
    """What left for the customer, without what came back."""
    total = ZERO
    for move in env.search_by(MOVE, "sale_line_id", line):
        row = env.row(MOVE, move)
        if row["state"] == "done":
            total += exact(row["quantity"]) * (-1 if row["origin_returned_move_id"] else 1)
    return float(total)


def invoiced(env: Env, line: int) -> float:
    """What is on invoices, drafts included, without what is on credit notes."""
    order = env.row(SOLD, line)["order_id"]
    total = ZERO
    for move in invoices(env, order):
        row = env.row(ENTRY, move)
        sign = -1 if row["move_type"] == CREDIT else 1
        for item in env.search_by(ITEM, "move_id", move):
            there = env.row(ITEM, item)
            if line in there["sale_line_ids"] and row["state"] != "cancel":
                total += exact(there["quantity"]) * sign
    return float(total)


def to_invoice(env: Env, line: int) -> float:
    """What the product's policy lets be invoiced and is not."""
    row = env.row(SOLD, line)
    if env.row(ORDER, row["order_id"])["state"] != "sale" or not row["product_id"]:
        return 0.0
    by_order = env.get("product.product", row["product_id"], "invoice_policy") == "order"
    wanted = row["product_uom_qty"] if by_order else delivered(env, line)
    return float(exact(wanted) - exact(invoiced(env, line)))


def invoices(env: Env, order: int) -> list[int]:
    """Invoices and credit notes of an order."""
    name = env.row(ORDER, order)["name"]
    return env.search_by(ENTRY, "invoice_origin", name)


def status(env: Env, order: int) -> str:
    """`to invoice` while anything is left, `invoiced` once nothing is."""
    if env.row(ORDER, order)["state"] != "sale":
        return "no"
    lines = env.search_by(SOLD, "order_id", order)
    if any(to_invoice(env, line) for line in lines):
        return "to invoice"
    return "invoiced" if any(invoiced(env, line) for line in lines) else "no"


def _taxed(env: Env, item: int) -> taxes.LineTaxes:
    row = env.row(ITEM, item)
    company = env.row(ENTRY, row["move_id"])["company_id"]
    price, quantity, discount = (exact(row[name]) for name in ("price_unit", "quantity", "discount"))
    per_line = taxes.rounds_per_line(env, company)
    return taxes.of_line(env, row["tax_ids"], price, quantity, discount=discount, per_line=per_line)


def item_subtotal(env: Env, item: int) -> float:
    """Without taxes."""
    return _taxed(env, item).subtotal


def item_total(env: Env, item: int) -> float:
    """With taxes."""
    return _taxed(env, item).total


def _amounts(env: Env, move: int) -> tuple[float, float]:
    per_line = taxes.rounds_per_line(env, env.row(ENTRY, move)["company_id"])
    lines = [_taxed(env, item) for item in env.search_by(ITEM, "move_id", move)]
    return taxes.of_order(lines, per_line=per_line) if lines else (0.0, 0.0)


def tax(env: Env, move: int) -> float:
    """The total without the untaxed amount."""
    return float(exact(total(env, move)) - exact(untaxed(env, move)))


def untaxed(env: Env, move: int) -> float:
    """Net."""
    return _amounts(env, move)[0]


def total(env: Env, move: int) -> float:
    """Net and taxes."""
    net, tax = _amounts(env, move)
    return float(exact(net) + exact(tax))


def residual(env: Env, move: int) -> float:
    """What is not paid."""
    return float(exact(total(env, move)) - exact(env.row(ENTRY, move)["amount_settled"]))


def payment_state(env: Env, move: int) -> str:
    """How far it is paid."""
    row = env.row(ENTRY, move)
    if row["state"] != "posted" or not row["amount_settled"]:
        return "not_paid"
    return "partial" if residual(env, move) else "paid"


def create_invoices(call: Call) -> dict[str, Any]:
    """One draft for each order with anything left to invoice; none at all is an error."""
    env, made = call.env, []
    for order in env.row(call.model, call.one())["sale_order_ids"]:
        lines = [line for line in env.search_by(SOLD, "order_id", order) if to_invoice(env, line)]
        if lines:
            made.append(_draft(env, order, lines))
    if not made:
        raise user_error(NOTHING)
    return {"type": "ir.actions.act_window", "res_model": ENTRY, "res_id": made[0], "view_mode": "form"}


def _draft(env: Env, order: int, lines: Sequence[int]) -> int:
    row = env.row(ORDER, order)
    journal = next(
        each for each in env.search_by("account.journal", "company_id", row["company_id"])
        if env.row("account.journal", each)["type"] == "sale"
    )  # fmt: skip
    values = {
        "move_type": INVOICE,
        "journal_id": journal,
        "company_id": row["company_id"],
        "currency_id": row["currency_id"],
        "partner_id": row["partner_invoice_id"],
        "invoice_origin": row["name"],
        "ref": row["client_order_ref"] or "",
    }
    move = changing.create(env, ENTRY, values)
    for line in lines:
        sold = env.row(SOLD, line)
        item = {name: sold[name] for name in ("product_id", "name", "price_unit", "discount")}
        quantity = {"quantity": to_invoice(env, line), "display_type": "product"}
        links = {"tax_ids": [[6, 0, list(sold["tax_ids"])]], "sale_line_ids": [[6, 0, [line]]]}
        changing.create(env, ITEM, {"move_id": move, **item, **quantity, **links})
    # Two that invoice one order at once conflict here, and the second finds nothing left.
    changing.touch(env, ORDER, [order])
    return move


def action_post(call: Call) -> bool:
    """Number drafts; a credit note pays off what is open of the invoice it reverses."""
    env = call.env
    for move in call.ids:
        row = env.row(ENTRY, move)
        if row["state"] != "draft":
            raise user_error(f"The entry {row['name']} (id {move}) must be in draft.")
        prefix = "RINV" if row["move_type"] == CREDIT else "INV"
        year = env.now[: len("2026")]
        name = f"{prefix}/{year}/{env.number(f'{prefix}/{year}'):05}"
        changing.put(env, ENTRY, move, state="posted", name=name, invoice_date=env.now[: len("2026-11-23")])
        if row["reversed_entry_id"]:
            settled = min(exact(residual(env, move)), exact(residual(env, row["reversed_entry_id"])))
            _settle(env, move, settled)
            _settle(env, row["reversed_entry_id"], settled)
    return False


def _settle(env: Env, move: int, amount: Decimal) -> None:
    settled = exact(env.row(ENTRY, move)["amount_settled"]) + amount
    changing.put(env, ENTRY, move, amount_settled=float(settled))


def complete_register(env: Env, given: dict[str, Any]) -> None:
    """A payment is registered on what the context names, and only on what is posted and open."""
    moves = [each for each in env.context.get("active_ids", ()) if env.exists(ENTRY, each)]
    given["move_ids"] = [[6, 0, moves]]
    if any(env.row(ENTRY, each)["state"] != "posted" for each in moves):
        raise user_error("You can only register payment for posted journal entries.")
    if not any(residual(env, each) for each in moves):
        raise user_error(
            "You can't register a payment because there is nothing left to pay on the selected journal items."
        )
    # Without an amount, all that is open is paid.
    given.setdefault("amount", float(sum((exact(residual(env, each)) for each in moves), ZERO)))


def action_create_payments(call: Call) -> dict[str, Any]:
    """Another payment each time."""
    env, row = call.env, call.env.row(call.model, call.one())
    move = row["move_ids"][0]
    invoice = env.row(ENTRY, move)
    outbound = invoice["move_type"] == CREDIT
    year = env.now[: len("2026")]
    code = env.row("account.journal", row["journal_id"])["code"]
    values = {
        "name": f"P{code}/{year}/{env.number(f'P{code}/{year}'):05}",
        "state": "paid" if outbound else "in_process",
        "memo": row["communication"],
        "amount": row["amount"],
        "payment_type": "outbound" if outbound else "inbound",
        "partner_type": "customer",
        "partner_id": invoice["partner_id"],
        "journal_id": row["journal_id"],
        "date": row["payment_date"],
        "currency_id": invoice["currency_id"],
        "reconciled_invoice_ids": [[6, 0, [move]]],
    }
    payment = changing.create(env, PAYMENT, values)
    _settle(env, move, min(exact(row["amount"]), exact(residual(env, move))))
    return {"type": "ir.actions.act_window", "res_model": PAYMENT, "res_id": payment, "view_mode": "form"}


def refund_moves(call: Call) -> dict[str, Any]:
    """A draft credit note of whole invoices, another each time."""
    env, row = call.env, call.env.row(call.model, call.one())
    made = [_reversed(env, move, row) for move in row["move_ids"]]
    return {"type": "ir.actions.act_window", "res_model": ENTRY, "res_id": made[0], "view_mode": "form"}


def _reversed(env: Env, move: int, wizard: dict[str, Any]) -> int:
    row = env.row(ENTRY, move)
    reason = f", {wizard['reason']}" if wizard["reason"] else ""
    shared = {name: row[name] for name in ("company_id", "currency_id", "partner_id", "invoice_origin")}
    made = changing.create(
        env,
        ENTRY,
        shared
        | {
            "move_type": CREDIT,
            "journal_id": wizard["journal_id"] or row["journal_id"],
            "ref": f"Reversal of: {row['name']}{reason}",
            "date": wizard["date"],
            "reversed_entry_id": move,
        },
    )
    for item in env.search_by(ITEM, "move_id", move):
        there = env.row(ITEM, item)
        plain = ("product_id", "name", "price_unit", "discount", "quantity", "display_type")
        links = {name: [[6, 0, list(there[name])]] for name in ("tax_ids", "sale_line_ids")}
        changing.create(env, ITEM, {"move_id": made, **{name: there[name] for name in plain}, **links})
    return made
