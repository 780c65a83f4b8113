"""Taxes of a line and of a whole order, rounded as the company's rounding method says.

`round_per_line` rounds every tax of every line; `round_globally` (what a fresh Odoo 19 does) adds up first. Under the
latter a line may show a total that is a cent off the order's: observed, kept.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from tillway.sandbox.environment import Env
from tillway.sandbox.methods import Call
from tillway.sandbox.refusals import server_error
from tillway.sandbox.values import exact, rounded

MODEL: Final = "account.tax"
HUNDRED: Final = Decimal(100)
ZERO: Final = Decimal(0)
PER_LINE: Final = "round_per_line"
RECORD_ARGUMENTS: Final = ("currency", "product", "partner")


def _single(env: Env, taxes: Iterable[int]) -> list[int]:
    """Groups of taxes taken apart."""
    found: list[int] = []
    for tax in taxes:
        row = env.row(MODEL, tax)
        found += _single(env, row["children_tax_ids"]) if row["amount_type"] == "group" else [tax]
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class LineTaxes:
    """A line before its last rounding: net and the amount of each tax by id."""

    net: Decimal
    amounts: dict[int, Decimal]
    all_included: bool
    """Every tax is contained in the price."""

    @property
    def subtotal(self) -> float:
        """Without taxes."""
        return rounded(self.net)

    @property
    def total(self) -> float:
        """With each tax rounded by itself."""
        return rounded(exact(self.subtotal) + sum((exact(rounded(each)) for each in self.amounts.values()), ZERO))


def is_included(env: Env, tax: int) -> bool:
    """Whether prices contain this tax: its own word, else the company's."""
    row = env.row(MODEL, tax)
    chosen = row["price_include_override"] or env.row("res.company", row["company_id"])["account_price_include"]
    return bool(chosen == "tax_included")


def rounds_per_line(env: Env, company: int) -> bool:
    """The company's rounding method."""
    return bool(env.row("res.company", company)["tax_calculation_rounding_method"] == PER_LINE)


def of_line(
    env: Env, taxes: Iterable[int], price: Decimal, quantity: Decimal, *, discount: Decimal = ZERO, per_line: bool
) -> LineTaxes:
    """Net and taxes of one line. `price` is for one unit, `discount` in percent."""
    gross = price * quantity * (1 - discount / HUNDRED)
    if per_line:
        gross = exact(rounded(gross))
    rows = [env.row(MODEL, tax) for tax in _single(env, taxes)]
    included = [row for row in rows if is_included(env, row["id"])]
    fixed = {row["id"]: exact(row["amount"]) * quantity for row in rows if row["amount_type"] == "fixed"}
    rate = sum((exact(row["amount"]) for row in included if row["id"] not in fixed), ZERO) / HUNDRED
    base = (gross - sum((fixed[row["id"]] for row in included if row["id"] in fixed), ZERO)) / (1 + rate)
    amounts = {}
    for row in rows:
        amount = fixed.get(row["id"], base * exact(row["amount"]) / HUNDRED)
        amounts[row["id"]] = exact(rounded(amount)) if per_line else amount
    if per_line:
        base = gross - sum((amounts[row["id"]] for row in included), ZERO)
    return LineTaxes(net=base, amounts=amounts, all_included=len(included) == len(rows) > 0)


def of_order(lines: Sequence[LineTaxes], *, per_line: bool) -> tuple[float, float]:
    """Net and tax of all lines together."""
    if per_line:
        net = sum((exact(line.subtotal) for line in lines), ZERO)
        total = sum((exact(line.total) for line in lines), ZERO)
        return rounded(net), rounded(total - net)
    by_tax: dict[int, Decimal] = {}
    for line in lines:
        for tax, amount in line.amounts.items():
            by_tax[tax] = by_tax.get(tax, ZERO) + amount
    taxed = sum((exact(rounded(amount)) for amount in by_tax.values()), ZERO)
    base = sum((line.net for line in lines), ZERO)
    if lines and all(line.all_included for line in lines):
        # Nothing was added to the prices, so the total is what they say and the net gives way.
        return rounded(exact(rounded(base + sum(by_tax.values(), ZERO))) - taxed), rounded(taxed)
    return rounded(base), rounded(taxed)


def compute_all(  # noqa: PLR0917 - the signature of Odoo
    call: Call,
    price_unit: float,
    currency: Any = None,
    quantity: float = 1.0,
    product: Any = None,
    partner: Any = None,
    is_refund: bool = False,  # noqa: FBT001, FBT002
    handle_price_include: bool = True,  # noqa: FBT001, FBT002
    include_caba_tags: bool = False,  # noqa: FBT001, FBT002
    rounding_method: str | None = None,
) -> dict[str, Any]:
    """The taxes of a price, as Odoo's own method answers them. Records cannot be passed over JSON: ids break it."""
    del is_refund, handle_price_include, include_caba_tags
    if any(each is not None for each in (currency, product, partner)):
        raise server_error("builtins.AttributeError", "'int' object has no attribute '_origin'")
    env = call.env
    per_line = rounding_method == PER_LINE if rounding_method else rounds_per_line(env, env.company)
    ordered = _single(env, env.sort(MODEL, list(call.ids)))
    line = of_line(env, ordered, exact(price_unit), exact(quantity), per_line=per_line)
    with_account = env.row("res.company", env.company)["account_sale_tax_id"]
    listed = [_listed(env, tax, line, has_account=tax == with_account) for tax in ordered]
    return {
        "base_tags": [],
        "taxes": listed,
        "total_excluded": line.subtotal,
        "total_included": rounded(line.net + sum(line.amounts.values(), ZERO)),
        "total_void": float(line.net + sum((exact(each["amount"]) for each in listed if not each["account_id"]), ZERO)),
    }


SALE_TAX_ACCOUNT: Final = 21
"""Id of the account that the company's own sale tax is booked on; other taxes of the sandbox have none."""


def _listed(env: Env, tax: int, line: LineTaxes, *, has_account: bool) -> dict[str, Any]:
    row = env.row(MODEL, tax)
    return {
        "id": tax,
        "name": row["name"],
        "amount": rounded(line.amounts[tax]),
        "base": float(line.net),
        "sequence": row["sequence"],
        "account_id": SALE_TAX_ACCOUNT if has_account else False,
        "analytic": False,
        "use_in_tax_closing": has_account,
        "is_reverse_charge": False,
        "price_include": is_included(env, tax),
        "tax_exigibility": "on_invoice",
        "tax_repartition_line_id": 4 * tax - 2,
        "group": "account.tax()",
        "tag_ids": [],
        "tax_ids": [],
    }
