"""What a sales order comes to: its lines, its taxes, its total."""

from __future__ import annotations

from tillway.sandbox import taxes
from tillway.sandbox.environment import Env
from tillway.sandbox.orders import LINE, ORDER
from tillway.sandbox.values import exact


def _taxed(env: Env, line: int, *, per_line: bool) -> taxes.LineTaxes:
    row = env.row(LINE, line)
    price, quantity, discount = (exact(row[name]) for name in ("price_unit", "product_uom_qty", "discount"))
    return taxes.of_line(env, row["tax_ids"], price, quantity, discount=discount, per_line=per_line)


def _own(env: Env, line: int) -> taxes.LineTaxes:
    company = env.row(ORDER, env.row(LINE, line)["order_id"])["company_id"]
    return _taxed(env, line, per_line=taxes.rounds_per_line(env, company))


def line_subtotal(env: Env, line: int) -> float:
    """Without taxes."""
    return _own(env, line).subtotal


def line_total(env: Env, line: int) -> float:
    """With taxes."""
    return _own(env, line).total


def line_tax(env: Env, line: int) -> float:
    """The difference of the two, with the noise of floats that Odoo shows."""
    taxed = _own(env, line)
    return taxed.total - taxed.subtotal


def _amounts(env: Env, order: int) -> tuple[float, float]:
    per_line = taxes.rounds_per_line(env, env.row(ORDER, order)["company_id"])
    lines = [_taxed(env, line, per_line=per_line) for line in env.search_by(LINE, "order_id", order)]
    return taxes.of_order(lines, per_line=per_line)


def amount_untaxed(env: Env, order: int) -> float:
    """Net."""
    return _amounts(env, order)[0]


def amount_tax(env: Env, order: int) -> float:
    """Taxes."""
    return _amounts(env, order)[1]


def amount_total(env: Env, order: int) -> float:
    """Net and taxes."""
    net, tax = _amounts(env, order)
    return float(exact(net) + exact(tax))
