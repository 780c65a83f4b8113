"""Amounts of money as people read them."""

from __future__ import annotations

from tillway.sandbox.environment import Env

NO_BREAK_SPACE = "\N{NO-BREAK SPACE}"


def money_text(env: Env, amount: float, currency: int) -> str:
    """`$ 74.75` or `74.75 €`, with a space that does not break; the sign stands at the number."""
    row = env.row("res.currency", currency)
    number = f"{amount:,.2f}"
    if row["position"] == "before":
        return f"{row['symbol']}{NO_BREAK_SPACE}{number}"
    return f"{number}{NO_BREAK_SPACE}{row['symbol']}"
