"""What a till has sold, looked at: margins, refunds, how orders and payments are called."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from tillway.sandbox import changing, reading
from tillway.sandbox.environment import Env
from tillway.sandbox.methods import Call
from tillway.sandbox.money import money_text
from tillway.sandbox.refusals import user_error
from tillway.sandbox.sessions import LINE, ORDER, PAYMENT, SOLD, ZERO
from tillway.sandbox.values import exact, rounded

RATIO_DIGITS = 4
"""Decimals of a margin's ratio."""


def lines(env: Env, order: int) -> list[dict[str, Any]]:
    """The rows of an order's lines."""
    return [env.row(LINE, each) for each in env.search_by(LINE, "order_id", order)]


def paid(env: Env, order: int) -> Decimal:
    """The sum of its payments, change included."""
    return sum(
        (exact(env.row(PAYMENT, each)["amount"]) for each in env.search_by(PAYMENT, "pos_order_id", order)), ZERO
    )


def difference(env: Env, order: int) -> float:
    """Paid without total, as soon as it is paid."""
    row = env.row(ORDER, order)
    return float(exact(row["amount_paid"]) - exact(row["amount_total"])) if row["state"] in SOLD else 0.0


def line_cost(env: Env, line: int) -> float:
    """What the goods cost."""
    row = env.row(LINE, line)
    return rounded(exact(row["qty"]) * exact(env.row("product.product", row["product_id"])["standard_price"]))


def line_margin(env: Env, line: int) -> float:
    """What is left."""
    return float(exact(env.row(LINE, line)["price_subtotal"]) - exact(line_cost(env, line)))


def line_margin_percent(env: Env, line: int) -> float:
    """The same as a ratio of the price."""
    return _ratio(line_margin(env, line), env.row(LINE, line)["price_subtotal"])


def margin(env: Env, order: int) -> float:
    """What is left of the whole order."""
    return float(sum((exact(line_margin(env, each)) for each in env.search_by(LINE, "order_id", order)), ZERO))


def margin_percent(env: Env, order: int) -> float:
    """The same as a ratio of the net total."""
    net = sum((exact(row["price_subtotal"]) for row in lines(env, order)), ZERO)
    return _ratio(margin(env, order), float(net))


def _ratio(part: float, whole: float) -> float:
    return rounded(exact(part) / exact(whole), RATIO_DIGITS) if whole else 0.0


def is_paid(env: Env, order: int) -> bool:
    """Costs are fixed once the order is paid."""
    return env.row(ORDER, order)["state"] in SOLD


def picking_count(env: Env, order: int) -> int:
    """Transfers of the order."""
    return len(env.search_by("stock.picking", "pos_order_id", order))


def refunds(env: Env, line: int) -> list[dict[str, Any]]:
    """The lines that take this one back."""
    return [env.row(LINE, each) for each in env.search_by(LINE, "refunded_orderline_id", line)]


def refunded_quantity(env: Env, line: int) -> float:
    """How much of it was taken back; nobody checks that it is not more than was sold."""
    return float(-sum((exact(row["qty"]) for row in refunds(env, line)), ZERO)) or 0.0


def refund_count(env: Env, order: int) -> int:
    """Orders that take something of this one back."""
    return len({row["order_id"] for line in lines(env, order) for row in refunds(env, line["id"])})


def refunded_order(env: Env, order: int) -> int | bool:
    """The order that this one takes back."""
    of = next((row["refunded_orderline_id"] for row in lines(env, order) if row["refunded_orderline_id"]), 0)
    return int(env.row(LINE, of)["order_id"]) if of else False


def has_refundable_lines(env: Env, order: int) -> bool:
    """Whether anything is left to take back."""
    return any(row["qty"] > refunded_quantity(env, row["id"]) for row in lines(env, order))


def display_line(env: Env, line: int) -> str:
    """The product's name."""
    return env.display_name("product.product", env.row(LINE, line)["product_id"])


def display_payment(env: Env, payment: int) -> str:
    """`$ 74.75`, or `return $ -7.00`."""
    row = env.row(PAYMENT, payment)
    amount = money_text(env, row["amount"], env.get(PAYMENT, payment, "currency_id"))
    return f"{row['name']} {amount}" if row["name"] else amount


def guard(env: Env, orders: list[int]) -> None:
    """Only a draft or a cancelled order can be deleted."""
    if any(env.row(ORDER, order)["state"] not in {"draft", "cancel"} for order in orders):
        raise user_error("In order to delete a sale, it must be new or cancelled.")


def action_pos_order_cancel(call: Call) -> dict[str, Any]:
    """Cancel drafts."""
    from_ids = list(call.ids)
    if any(call.env.row(ORDER, order)["state"] != "draft" for order in from_ids):
        raise user_error("This order is already paid or cancelled. You can only cancel a draft order.")
    for order in from_ids:
        changing.put(call.env, ORDER, order, state="cancel")
    return {"pos.order": reading.read(call.env, ORDER, from_ids, classic=False)}
