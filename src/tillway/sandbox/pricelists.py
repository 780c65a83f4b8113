"""Price lists: which rule applies to a product, and what it makes of the price."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Final

from tillway.sandbox import products
from tillway.sandbox.environment import Env
from tillway.sandbox.methods import Call
from tillway.sandbox.money import money_text
from tillway.sandbox.refusals import validation_error
from tillway.sandbox.store import Row
from tillway.sandbox.values import exact, moment_text

MODEL: Final = "product.pricelist"
RULE: Final = "product.pricelist.item"
HUNDRED: Final = Decimal(100)

CATEGORY: Final = "2_product_category"
PRODUCT: Final = "1_product"
VARIANT: Final = "0_product_variant"


def currency(env: Env) -> int:
    """The currency of the company in force."""
    return int(env.row("res.company", env.company)["currency_id"])


def display(env: Env, record: int) -> str:
    """`Members (EUR)`."""
    row = env.row(MODEL, record)
    return f"{row['name']} ({env.row('res.currency', row['currency_id'])['name']})"


def price(env: Env, pricelist: int, product: int, *, quantity: Decimal, at: str) -> tuple[Decimal, int]:
    """The price of a variant and the id of the rule that made it (0: none applies). `at` is naive UTC text."""
    row = env.row("product.product", product)
    for rule in rules(env, pricelist):
        if _applies(env, rule, row, quantity, at):
            return _reckoned(env, rule, product, quantity, at), int(rule["id"])
    return exact(products.sales_price(env, product)), 0


def rules(env: Env, pricelist: int) -> list[Row]:
    """The rules of a list, the one to try first in front: variant before template before category before all."""
    if not env.exists(MODEL, pricelist):
        env.row(MODEL, pricelist)
    return [env.row(RULE, each) for each in env.sort(RULE, env.search_by(RULE, "pricelist_id", pricelist))]


def _applies(env: Env, rule: Row, product: Row, quantity: Decimal, at: str) -> bool:
    if rule["min_quantity"] and quantity < exact(rule["min_quantity"]):
        return False
    if (rule["date_start"] and rule["date_start"] > at) or (rule["date_end"] and rule["date_end"] < at):
        return False
    match rule["applied_on"]:
        case "0_product_variant":
            return bool(rule["product_id"] == product["id"])
        case "1_product":
            return bool(rule["product_tmpl_id"] == product["product_tmpl_id"])
        case "2_product_category":
            category = env.row("product.template", product["product_tmpl_id"])["categ_id"]
            return bool(category) and str(rule["categ_id"]) in products.category_ids(env, category).split("/")
    return True


def _reckoned(env: Env, rule: Row, product: int, quantity: Decimal, at: str) -> Decimal:
    if rule["compute_price"] == "fixed":
        return exact(rule["fixed_price"])
    base = _base(env, rule, product, quantity, at)
    if rule["compute_price"] == "percentage":
        return base - base * exact(rule["percent_price"]) / HUNDRED
    result = base - base * exact(rule["price_discount"]) / HUNDRED
    if rule["price_round"]:
        step = exact(rule["price_round"])
        result = (result / step).quantize(Decimal(1), rounding=ROUND_HALF_UP) * step
    result += exact(rule["price_surcharge"])
    if rule["price_min_margin"]:
        result = max(result, base + exact(rule["price_min_margin"]))
    if rule["price_max_margin"]:
        result = min(result, base + exact(rule["price_max_margin"]))
    return result


def _base(env: Env, rule: Row, product: int, quantity: Decimal, at: str) -> Decimal:
    if rule["base"] == "pricelist" and rule["base_pricelist_id"]:
        return price(env, rule["base_pricelist_id"], product, quantity=quantity, at=at)[0]
    if rule["base"] == "standard_price":
        return exact(env.row("product.product", product)["standard_price"])
    return exact(products.sales_price(env, product))


def get_contextual_price(call: Call) -> float:
    """The price of one variant under the `pricelist`, `quantity` and `date` of the context; the raw one, unrounded."""
    context = call.env.context
    product = call.one()
    call.env.row("product.product", product)
    pricelist = context.get("pricelist")
    if not pricelist:
        return products.sales_price(call.env, product)
    at = moment_text(context["date"]) if context.get("date") else call.env.now
    return float(price(call.env, int(pricelist), product, quantity=_quantity(context.get("quantity")), at=at)[0])


def get_template_price(call: Call) -> float:
    """The same for a template: that of its first variant."""
    template = call.one()
    variant = products.first_variant(call.env, template)
    if not variant:
        return float(call.env.row("product.template", template)["list_price"])
    return get_contextual_price(Call(env=call.env, model="product.product", ids=(variant,)))


def _quantity(given: Any) -> Decimal:
    # What is no number counts as one, and so does nothing: observed.
    return exact(given) if isinstance(given, (int, float)) and given else Decimal(1)


def rule_name(env: Env, record: int) -> str:
    """What the rule applies to, in words."""
    row = env.row(RULE, record)
    if row["applied_on"] == CATEGORY and row["categ_id"]:
        return f"Category: {env.display_name('product.category', row['categ_id'])}"
    if row["applied_on"] == PRODUCT and row["product_tmpl_id"]:
        return env.display_name("product.template", row["product_tmpl_id"])
    if row["applied_on"] == VARIANT and row["product_id"]:
        return f"Variant: {env.display_name('product.product', row['product_id'])}"
    return "All Products"


def rule_text(env: Env, record: int) -> str:
    """What the rule does, in words."""
    row = env.row(RULE, record)
    if row["compute_price"] == "fixed":
        return money_text(env, row["fixed_price"], env.row(MODEL, row["pricelist_id"])["currency_id"])
    percent = row["percent_price"] if row["compute_price"] == "percentage" else row["price_discount"]
    basis = {"list_price": "sales price", "standard_price": "product cost", "pricelist": "other pricelist"}[row["base"]]
    return f"{percent:g} % discount on {basis}"


def markup(env: Env, record: int) -> float:
    """The discount seen from below."""
    return -float(env.row(RULE, record)["price_discount"]) or 0.0


def set_markup(env: Env, record: int, value: float) -> None:
    """Written through to the discount."""
    env.transaction.update(RULE, record, {"price_discount": -float(value) or 0.0})


def complete_rule(env: Env, given: dict[str, Any]) -> None:
    """A rule on a variant also names its template."""
    product = given.get("product_id")
    if product and not given.get("product_tmpl_id"):
        given["product_tmpl_id"] = env.row("product.product", product)["product_tmpl_id"]


def check_rules(env: Env, records: list[int], _changed: frozenset[str] = frozenset()) -> None:
    """A rule names what it applies to."""
    for record in records:
        row = env.row(RULE, record)
        for scope, field, words in (
            (CATEGORY, "categ_id", "the category"),
            (PRODUCT, "product_tmpl_id", "the product"),
            (VARIANT, "product_id", "the product variant"),
        ):
            if row["applied_on"] == scope and not row[field]:
                raise validation_error(f"Please specify {words} for which this rule should be applied")
