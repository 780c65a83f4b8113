"""A till's day: opening a session, and what can be said of it at any time."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Final

from tillway.sandbox import changing, reading
from tillway.sandbox.environment import Env
from tillway.sandbox.methods import Call
from tillway.sandbox.refusals import user_error, validation_error
from tillway.sandbox.values import exact, rounded

CONFIG: Final = "pos.config"
SESSION: Final = "pos.session"
METHOD: Final = "pos.payment.method"
ORDER: Final = "pos.order"
LINE: Final = "pos.order.line"
PAYMENT: Final = "pos.payment"
STATEMENT: Final = "account.bank.statement.line"
ENTRY: Final = "account.move"
ZERO: Final = Decimal(0)
CENT: Final = Decimal("0.01")
SOLD: Final = frozenset({"paid", "done"})
SELLING: Final = frozenset({"opening_control", "opened"})


def default_picking_type(env: Env) -> int | bool:
    """Tills deliver from the company's first warehouse unless told otherwise."""
    first = reading.search(env, "stock.warehouse", [["company_id", "=", env.company]], limit=1)
    return env.row("stock.warehouse", first[0])["pos_type_id"] if first else False


def default_journal(env: Env) -> int | bool:
    """Sales of a till are booked in the first journal that is there for them."""
    found = reading.search(env, "account.journal", [["code", "=", "POSS"]], limit=1)
    return found[0] if found else False


def complete_journal(env: Env, given: dict[str, Any]) -> None:
    """A journal without a code gets one."""
    if not given.get("code"):
        given["code"] = f"{str(given.get('type') or '')[:3].upper()}{env.number('account.journal')}"


def has_cash(env: Env, config: int) -> bool:
    """Whether the till takes cash."""
    return bool(cash_method(env, config))


def cash_method(env: Env, config: int) -> int:
    """The till's payment method for cash, 0 without one."""
    return next((each for each in env.row(CONFIG, config)["payment_method_ids"] if is_cash(env, each)), 0)


def is_cash(env: Env, method: int) -> bool:
    """Cash by its journal."""
    return method_type(env, method) == "cash"


def method_type(env: Env, method: int) -> str:
    """`cash`, `bank` or, without a journal, `pay_later`."""
    journal = env.row(METHOD, method)["journal_id"]
    return str(env.row("account.journal", journal)["type"]) if journal else "pay_later"


def configs_of_method(env: Env, method: int) -> list[int]:
    """The tills that take it."""
    return [each for each, row in env.store.tables[CONFIG].rows.items() if method in row["payment_method_ids"]]


def current_session(env: Env, config: int) -> int | bool:
    """The session that is not closed."""
    open_ones = [
        each for each in env.search_by(SESSION, "config_id", config) if env.row(SESSION, each)["state"] != "closed"
    ]
    return open_ones[-1] if open_ones else False


def current_state(env: Env, config: int) -> str | bool:
    """Its state."""
    session = current_session(env, config)
    return env.row(SESSION, session)["state"] if session else False


def has_active_session(env: Env, config: int) -> bool:
    """Whether there is one."""
    return bool(current_session(env, config))


def _last_closed(env: Env, config: int) -> dict[str, Any]:
    closed = [
        each for each in env.search_by(SESSION, "config_id", config) if env.row(SESSION, each)["state"] == "closed"
    ]
    return env.row(SESSION, closed[-1]) if closed else {"stop_at": False, "cash_register_balance_end_real": 0.0}


def last_closing_date(env: Env, config: int) -> str | bool:
    """The day of the last close."""
    stopped = _last_closed(env, config)["stop_at"]
    return stopped[: len("2026-11-23")] if stopped else False


def last_closing_cash(env: Env, config: int) -> float:
    """What lay in the drawer then."""
    return float(_last_closed(env, config)["cash_register_balance_end_real"])


def cash_journal(env: Env, session: int) -> int | bool:
    """The journal of the till's cash."""
    method = cash_method(env, env.row(SESSION, session)["config_id"])
    return env.row(METHOD, method)["journal_id"] if method else False


def orders(env: Env, session: int, states: frozenset[str] = SOLD) -> list[dict[str, Any]]:
    """The orders of a session in these states."""
    found = (env.row(ORDER, each) for each in env.search_by(ORDER, "session_id", session))
    return [row for row in found if row["state"] in states]


def paid(env: Env, session: int) -> dict[int, list[Decimal]]:
    """Amounts paid in the session by payment method."""
    amounts: dict[int, list[Decimal]] = {}
    for order in orders(env, session):
        for payment in env.search_by(PAYMENT, "pos_order_id", order["id"]):
            row = env.row(PAYMENT, payment)
            amounts.setdefault(row["payment_method_id"], []).append(exact(row["amount"]))
    return amounts


def cash_paid(env: Env, session: int) -> Decimal:
    """Cash taken for sales, change given out already off."""
    method = cash_method(env, env.row(SESSION, session)["config_id"])
    return sum(paid(env, session).get(method, ()), ZERO)


def _cash_moved(env: Env, session: int) -> Decimal:
    rows = (env.row(STATEMENT, each) for each in env.search_by(STATEMENT, "pos_session_id", session))
    return sum((exact(row["amount"]) for row in rows if row["by_hand"]), ZERO)


def expected_cash(env: Env, session: int) -> float:
    """What should lie in the drawer."""
    start = exact(env.row(SESSION, session)["cash_register_balance_start"])
    return float(start + cash_paid(env, session) + _cash_moved(env, session))


def cash_difference(env: Env, session: int) -> float:
    """Counted without expected."""
    return float(
        exact(env.row(SESSION, session)["cash_register_balance_end_real"]) - exact(expected_cash(env, session))
    )


def order_count(env: Env, session: int) -> int:
    """Orders of whatever state."""
    return len(env.search_by(ORDER, "session_id", session))


def total_payments(env: Env, session: int) -> float:
    """Everything paid."""
    return float(sum((sum(amounts, ZERO) for amounts in paid(env, session).values()), ZERO))


def display_entry(env: Env, record: int) -> str:
    """`POSS/2026/11/0004 (Till/00002)`."""
    row = env.row(ENTRY, record)
    return f"{row['name']} ({row['ref']})" if row["ref"] else str(row["name"])


def complete_session(env: Env, given: dict[str, Any]) -> None:
    """A till has one session at a time; the next one starts with the cash that the last one left."""
    config = given.get("config_id")
    if not config:
        raise user_error("You should assign a Point of Sale to your session.")
    env.row(CONFIG, config)
    if current_session(env, config):
        raise validation_error("Another session is already opened for this point of sale.")
    given.setdefault("cash_register_balance_start", last_closing_cash(env, config))


def open_ui(call: Call) -> dict[str, Any]:
    """What a till does first: a session is made if none is open."""
    config = call.one()
    if not current_session(call.env, config):
        changing.create(call.env, SESSION, {"config_id": config})
    return {"type": "ir.actions.act_url", "url": f"/pos/ui/{config}?from_backend=True", "target": "self"}


def set_opening_control(call: Call, cashbox_value: float, notes: Any) -> None:
    """Count the drawer and start selling; only now the session has a name."""
    env, session = call.env, call.one()
    row = env.row(SESSION, session)
    changing.put(
        env, SESSION, session, cash_register_balance_start=rounded(cashbox_value or 0.0), opening_notes=notes or ""
    )
    if row["state"] == "opening_control":
        name = f"{env.row(CONFIG, row['config_id'])['name']}/{env.number(SESSION):05}"
        changing.put(env, SESSION, session, state="opened", start_at=env.now, name=name)
