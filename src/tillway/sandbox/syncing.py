"""`pos.order.sync_from_ui`: how a till hands in what it has sold, with the traps of the real one.

The uuid makes it idempotent, and a changed resend is ignored without a word. Sums are not looked at, only that the
payments come to the total. A batch is one transaction. An order for a closed session goes to the till's open one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from tillway.sandbox import changing, reading, receipts, sessions, stock
from tillway.sandbox.environment import Env
from tillway.sandbox.methods import Call
from tillway.sandbox.refusals import key_error, user_error, validation_error
from tillway.sandbox.sessions import CENT, CONFIG, LINE, ORDER, PAYMENT, SESSION
from tillway.sandbox.values import exact

REFUND: Final = " REFUND"
LINE_FIELDS: Final = (
    "qty", "attribute_value_ids", "custom_attribute_value_ids", "price_unit", "uuid", "price_subtotal",
    "price_subtotal_incl", "order_id", "note", "price_type", "product_id", "discount", "tax_ids", "pack_lot_ids",
    "customer_note", "refunded_qty", "price_extra", "full_product_name", "refunded_orderline_id", "combo_parent_id",
    "combo_line_ids", "combo_item_id", "refund_orderline_ids", "extra_tax_data", "write_date", "is_reward_line",
    "reward_id", "reward_identifier_code", "points_cost", "coupon_id", "sale_order_origin_id", "sale_order_line_id",
    "down_payment_details",
)  # fmt: skip
"""What the answer says of a line; orders and payments are answered whole."""

NOT_TAKEN: Final = frozenset({"payment_ids", "name", "amount_return", "access_token"})
"""What a till may send and the server makes itself."""

Order = Mapping[str, Any]


def sync_from_ui(call: Call, orders: Sequence[Order]) -> dict[str, Any]:
    """Keep the orders and answer them, each with the order it takes something back from."""
    env = call.env
    kept = [_keep(env, order) for order in orders]
    refunded = [other for each in kept if (other := receipts.refunded_order(env, each))]
    return answer(env, sorted({*kept, *refunded}))


def answer(env: Env, orders: list[int]) -> dict[str, Any]:
    """Orders with their payments and lines, as a till gets them."""
    lines = [each for order in orders for each in env.search_by(LINE, "order_id", order)]
    payments = [each for order in orders for each in env.search_by(PAYMENT, "pos_order_id", order)]
    entries = [entry for order in orders if (entry := env.row(ORDER, order)["account_move"])]
    return {
        "pos.order": reading.read(env, ORDER, orders, classic=False),
        "pos.session": [],
        "pos.payment": reading.read(env, PAYMENT, payments, classic=False),
        "pos.order.line": reading.read(env, LINE, lines, LINE_FIELDS, classic=False),
        "pos.pack.operation.lot": [],
        "product.attribute.custom.value": [],
        "account.move": reading.read(env, sessions.ENTRY, entries, ["name"], classic=False),
    }


def _keep(env: Env, order: Order) -> int:
    for key in ("lines", "session_id"):
        if key not in order:
            raise key_error(key)
    known = env.search_by(ORDER, "uuid", order["uuid"]) if order.get("uuid") else []
    if known and env.row(ORDER, known[0])["state"] != "draft":
        return known[0]
    session = _session(env, order["session_id"])
    values = {name: value for name, value in order.items() if name not in NOT_TAKEN}
    values["session_id"] = session
    if values.get("partner_id") and not env.exists("res.partner", values["partner_id"]):
        values["partner_id"] = False
    state = values.pop("state", "paid")
    if known:
        if "access_token" not in order:
            raise key_error("access_token")
        record = known[0]
        changing.write(env, ORDER, [record], values)
    else:
        record = changing.create(env, ORDER, values | _returned(order))
    if state != "draft":
        _pay(env, record, order)
        changing.write(env, ORDER, [record], {"state": state})
        _complete(env, record)
    else:
        _add_payments(env, record, order)
        changing.put(env, ORDER, record, amount_paid=float(receipts.paid(env, record)))
    return record


def _returned(order: Order) -> dict[str, Any]:
    return {"amount_return": order["amount_return"]} if "amount_return" in order else {}


def _session(env: Env, session: int) -> int:
    row = env.row(SESSION, session)
    if row["state"] in sessions.SELLING:
        return session
    other = sessions.current_session(env, row["config_id"])
    if other and env.row(SESSION, other)["state"] in sessions.SELLING:
        return int(other)
    raise user_error("No open session available. Please open a new session to capture the order.")


def _add_payments(env: Env, record: int, order: Order) -> None:
    allowed = env.row(CONFIG, env.get(ORDER, record, "config_id"))["payment_method_ids"]
    for command in order.get("payment_ids") or ():
        payment = changing.create(env, PAYMENT, {**command[2], "pos_order_id": record})
        if env.row(PAYMENT, payment)["payment_method_id"] not in allowed:
            raise validation_error("The payment method selected is not allowed in the config of the POS session.")


def _pay(env: Env, record: int, order: Order) -> None:
    """Take the payments; change goes out of the till's cash, whatever was paid with."""
    _add_payments(env, record, order)
    change = order.get("amount_return") or 0.0
    if change:
        method = sessions.cash_method(env, env.get(ORDER, record, "config_id"))
        if not method:
            raise user_error("No cash statement found for this session. Unable to record returned cash.")
        values = {"pos_order_id": record, "amount": change, "payment_method_id": method, "is_change": True}
        changing.create(env, PAYMENT, {**values, "name": "return"})
    total = receipts.paid(env, record)
    row = env.row(ORDER, record)
    if abs(total - exact(row["amount_total"])) >= CENT / 2:
        raise user_error(f"Order {row['name']} is not fully paid.")
    changing.put(env, ORDER, record, amount_paid=float(total), amount_return=float(-exact(change)) or 0.0)


def complete_order(env: Env, given: dict[str, Any]) -> None:
    """Number a new order within its till; only a paid one gets a name."""
    session = given.get("session_id")
    if not session:
        return
    config = env.row(CONFIG, env.row(SESSION, session)["config_id"])
    changes = {}
    if not given.get("sequence_number"):  # a number that a till sends is kept, and leaves the count as it is
        changes["orders_numbered"] = given["sequence_number"] = config["orders_numbered"] + 1
    if not given.get("pos_reference"):
        changes["receipts_numbered"] = config["receipts_numbered"] + 1
        year = env.now[2 : len("2026")]
        given["pos_reference"] = f"{year}0-{config['id']}-{changes['receipts_numbered']:06}"
        given.setdefault("tracking_number", str(changes["receipts_numbered"]))
    if "pricelist_id" not in given:
        given["pricelist_id"] = config["pricelist_id"] if config["use_pricelist"] else False
    # Numbering is part of the transaction, so two sales of one till at the same time are a conflict.
    env.transaction.update(CONFIG, config["id"], changes)


def complete_line(env: Env, given: dict[str, Any]) -> None:
    """A line has a running number for a name."""
    given.setdefault("name", f"{env.number(LINE):06}")


def _complete(env: Env, record: int) -> None:
    """Name a paid order, move its goods at once, invoice it when asked to."""
    row = env.row(ORDER, record)
    refunded = receipts.refunded_order(env, record)
    till = env.row(CONFIG, env.get(ORDER, record, "config_id"))
    number = str(row["pos_reference"]).rpartition("-")[2]
    name = f"{env.row(ORDER, refunded)['name']}{REFUND}" if refunded else f"{till['name']} - {number}"
    changing.put(env, ORDER, record, name=name, is_refund=bool(refunded or row["is_refund"]))
    if row["to_invoice"]:
        _invoice(env, record)
    _deliver(env, record, till["picking_type_id"], name)


def _invoice(env: Env, record: int) -> None:
    row = env.row(ORDER, record)
    if not row["partner_id"]:
        raise user_error(
            "The 'Customer' field is required to validate the invoice.\n"
            "You probably don't want to explain to your auditor that you invoiced an invisible man :)"
        )
    year = env.now[: len("2026")]
    name = f"INV/{year}/{env.number(f'INV/{year}'):05}"
    journal = env.row(CONFIG, env.get(ORDER, record, "config_id"))["invoice_journal_id"]
    values = {"name": name, "state": "posted", "move_type": "out_invoice", "journal_id": journal}
    changing.put(env, ORDER, record, state="done", account_move=changing.create(env, sessions.ENTRY, values))


def _deliver(env: Env, record: int, picking_type: int, name: str) -> None:
    """Goods out, and goods back in, each in a transfer of its own that is done at once."""
    rows = receipts.lines(env, record)
    goods = [row for row in rows if row["qty"] and env.get("product.product", row["product_id"], "type") == "consu"]
    order = env.row(ORDER, record)
    shared = {
        "origin": name,
        "pos_order_id": record,
        "pos_session_id": order["session_id"],
        "partner_id": order["partner_id"],
    }
    for back in (False, True):
        moved = [row for row in goods if (row["qty"] < 0) == back]
        if not moved:
            continue
        picking = stock.new_picking(env, picking_type, **shared)
        if back:
            there = env.row(stock.PICKING, picking)
            changing.put(
                env,
                stock.PICKING,
                picking,
                location_id=there["location_dest_id"],
                location_dest_id=there["location_id"],
            )
        for row in moved:
            quantity = abs(row["qty"])
            stock.new_move(env, picking, row["product_id"], quantity, quantity=quantity, state="draft")
        stock.finish(env, picking)


def guard_payments(env: Env, records: list[int]) -> None:
    """Payments of an order that is posted stay."""
    if any(env.row(ORDER, env.row(PAYMENT, each)["pos_order_id"])["state"] == "done" for each in records):
        raise user_error("You cannot edit a payment for a posted order.")
