"""The end of a till's day: what was counted, closing, posting. Failures are answers with status 200."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from tillway.sandbox import changing, taxes
from tillway.sandbox.environment import Env
from tillway.sandbox.methods import Call
from tillway.sandbox.sessions import (
    CENT,
    CONFIG,
    ENTRY,
    LINE,
    METHOD,
    ORDER,
    PAYMENT,
    SESSION,
    STATEMENT,
    ZERO,
    cash_difference,
    cash_journal,
    cash_method,
    cash_paid,
    expected_cash,
    method_type,
    orders,
    paid,
)
from tillway.sandbox.values import exact, rounded

ALREADY = "The session has been already closed by another User. "
RESCUED = (
    "All sales completed in the meantime have been saved in a Rescue Session, "
    "which can be reviewed anytime and posted to Accounting from Point of Sale's dashboard."
)


def try_cash_in_out(
    call: Call, _type: str, amount: float, reason: str, partner_id: Any, extras: dict[str, Any]
) -> None:
    """Cash put into or taken out of the drawer beside sales."""
    del partner_id
    env = call.env
    for session in call.ids:
        name = f"{env.row(SESSION, session)['name']}-{extras['translatedType']}-{reason}"
        _book_cash(env, session, exact(amount) * (1 if _type == "in" else -1), name, by_hand=True)


def _book_cash(env: Env, session: int, amount: Decimal, label: str, *, by_hand: bool = False) -> None:
    journal = cash_journal(env, session)
    values = {"pos_session_id": session, "amount": float(amount), "payment_ref": label, "by_hand": by_hand}
    changing.create(env, STATEMENT, {**values, "journal_id": journal})


def get_closing_control_data(call: Call) -> dict[str, Any]:
    """What the till shows before closing: expected cash and the sums of the other methods."""
    env, session = call.env, call.one()
    row = env.row(SESSION, session)
    amounts = paid(env, session)
    config = env.row(CONFIG, row["config_id"])
    cash = cash_method(env, config["id"])
    sold = orders(env, session)
    moves = [env.row(STATEMENT, each) for each in env.search_by(STATEMENT, "pos_session_id", session)]
    return {
        "orders_details": {
            "quantity": len(sold),
            "amount": float(sum((exact(each["amount_total"]) for each in sold), ZERO)),
        },
        "opening_notes": row["opening_notes"] or "",
        "default_cash_details": _cash_details(env, session, cash, moves) if cash else None,
        "non_cash_payment_methods": [
            {
                "name": env.row(METHOD, each)["name"],
                "amount": float(sum(amounts.get(each, ()), ZERO)),
                "number": len(amounts.get(each, ())),
                "id": each,
                "type": method_type(env, each),
            }
            for each in config["payment_method_ids"]
            if each != cash
        ],
        "is_manager": True,
        "amount_authorized_diff": None,
    }


def _cash_details(env: Env, session: int, cash: int, moves: list[dict[str, Any]]) -> dict[str, Any]:
    shown = [
        {
            "name": each["payment_ref"],
            "amount": each["amount"],
            "id": each["id"],
            "date": each["create_date"],
            "cashier_name": False,
        }
        for each in moves
        if each["by_hand"]
    ]
    return {
        "name": env.row(METHOD, cash)["name"],
        "amount": expected_cash(env, session),
        "opening": env.row(SESSION, session)["cash_register_balance_start"],
        "payment_amount": float(cash_paid(env, session)),
        "moves": shown,
        "id": cash,
    }


def post_closing_cash_details(call: Call, counted_cash: float) -> dict[str, Any]:
    """Tell what was counted."""
    env, session = call.env, call.one()
    if env.row(SESSION, session)["state"] == "closed":
        return _closed_already()
    changing.put(env, SESSION, session, cash_register_balance_end_real=rounded(counted_cash))
    return {"successful": True}


def update_closing_control_state_session(call: Call, notes: Any) -> None:
    """Stop selling."""
    env = call.env
    changing.put(env, SESSION, call.one(), state="closing_control", stop_at=env.now, closing_notes=notes or "")


def close_session_from_ui(call: Call, bank_payment_method_diff_pairs: Any = None) -> dict[str, Any]:
    """Close and post. Draft orders and books that do not balance are said with status 200 and `successful: false`."""
    del bank_payment_method_diff_pairs
    env, session = call.env, call.one()
    row = env.row(SESSION, session)
    if row["state"] == "closed":
        return _closed_already()
    drafts = [each["id"] for each in orders(env, session, frozenset({"draft"}))]
    if drafts:
        words = "You cannot close the POS while there are still draft orders for the day."
        return {"successful": False, "message": words, "redirect": False, "open_order_ids": drafts}
    if not _balances(env, session):
        return {"open_order_ids": [], "successful": False, "message": "Force Close Session", "redirect": True}
    sold = orders(env, session, frozenset({"paid"}))
    for order in sold:
        changing.put(env, ORDER, order["id"], state="done")
    values: dict[str, Any] = {"state": "closed", "stop_at": row["stop_at"] or env.now}
    if sold:
        values["move_id"] = _post(env, row)
    if cash_method(env, row["config_id"]):
        _settle_cash(env, session, row["name"])
    changing.put(env, SESSION, session, **values)
    return {"successful": True}


def _balances(env: Env, session: int) -> bool:
    """Whether lines and their taxes, reckoned anew, come to what was paid. Only here the arithmetic is looked at."""
    sold, lines = ZERO, 0
    for order in orders(env, session, frozenset({"paid"})):
        for line in env.search_by(LINE, "order_id", order["id"]):
            row = env.row(LINE, line)
            price, quantity, discount = (exact(row[name]) for name in ("price_unit", "qty", "discount"))
            sold += exact(taxes.of_line(env, row["tax_ids"], price, quantity, discount=discount, per_line=True).total)
            lines += 1
        sold -= sum(
            (exact(env.row(PAYMENT, each)["amount"]) for each in env.search_by(PAYMENT, "pos_order_id", order["id"])),
            ZERO,
        )
    return abs(sold) <= CENT * max(lines, 1)


def _post(env: Env, session: dict[str, Any]) -> int:
    journal = env.row(CONFIG, session["config_id"])["journal_id"]
    month = env.now[: len("2026-11")].replace("-", "/")
    name = f"POSS/{month}/{env.number(f'POSS/{month}'):04}"
    values = {"name": name, "ref": session["name"], "journal_id": journal, "state": "posted"}
    return changing.create(env, ENTRY, values)


def _settle_cash(env: Env, session: int, name: str) -> None:
    taken, difference = cash_paid(env, session), exact(cash_difference(env, session))
    if taken:
        _book_cash(env, session, taken, name)
    if difference:
        side = "Profit" if difference > 0 else "Loss"
        _book_cash(env, session, difference, f"Cash difference observed during the counting ({side}) - closing")


def _closed_already() -> dict[str, Any]:
    return {
        "successful": False,
        "type": "alert",
        "title": "Session already closed",
        "message": ALREADY + RESCUED,
        "redirect": True,
        "open_order_ids": [],
    }
