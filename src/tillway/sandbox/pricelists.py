"""Price lists: which rule applies to a product, and what it makes of the price."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Final

from tillway.sandbox import products
from tillway.sandbox.environment import Env
from tillway.sandbox.methods import Call
from tillway.sandbox.money import money_text
from tillway.sandbox.refusals import server_error, validation_error
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Goods:
    """What is priced: a variant, or a template as a whole (`variant` 0), which no variant's rule is for."""

    variant: int
    template: int

    def list_price(self, env: Env) -> Decimal:
        """Without any list."""
        if self.variant:
            return exact(products.sales_price(env, self.variant))
        return exact(env.row("product.template", self.template)["list_price"])

    def cost(self, env: Env) -> Decimal:
        """What it costs the retailer."""
        variant = self.variant or products.first_variant(env, self.template)
        return exact(env.row("product.product", variant)["standard_price"]) if variant else Decimal(0)


def price(env: Env, pricelist: int, product: int, *, quantity: Decimal, at: str) -> tuple[Decimal, int]:
    """The price of a variant and the id of the rule that made it (0: none applies). `at` is naive UTC text."""
    goods = Goods(variant=product, template=env.row("product.product", product)["product_tmpl_id"])
    return _price(env, pricelist, goods, quantity, at)


def _price(env: Env, pricelist: int, goods: Goods, quantity: Any, at: str) -> tuple[Decimal, int]:
    for rule in rules(env, pricelist):
        if _applies(env, rule, goods, quantity, at):
            return _reckoned(env, rule, goods, quantity, at), int(rule["id"])
    return goods.list_price(env), 0


def rules(env: Env, pricelist: int) -> list[Row]:
    """The rules of a list, the one to try first in front: variant before template before category before all."""
    if not env.exists(MODEL, pricelist):
        env.row(MODEL, pricelist)
    return [env.row(RULE, each) for each in env.sort(RULE, env.search_by(RULE, "pricelist_id", pricelist))]


def _applies(env: Env, rule: Row, goods: Goods, quantity: Any, at: str) -> bool:
    if rule["min_quantity"]:
        if not isinstance(quantity, Decimal):
            kind = type(quantity).__name__
            raise server_error("builtins.TypeError", f"'<' not supported between instances of '{kind}' and 'float'")
        if quantity < exact(rule["min_quantity"]):
            return False
    if (rule["date_start"] and rule["date_start"] > at) or (rule["date_end"] and rule["date_end"] < at):
        return False
    match rule["applied_on"]:
        case "0_product_variant":
            return bool(rule["product_id"] == goods.variant)
        case "1_product":
            return bool(rule["product_tmpl_id"] == goods.template)
        case "2_product_category":
            category = env.row("product.template", goods.template)["categ_id"]
            return bool(category) and str(rule["categ_id"]) in products.category_ids(env, category).split("/")
    return True


def _reckoned(env: Env, rule: Row, goods: Goods, quantity: Any, at: str) -> Decimal:
    if rule["compute_price"] == "fixed":
        return exact(rule["fixed_price"])
    base = _base(env, rule, goods, quantity, at)
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


def _base(env: Env, rule: Row, goods: Goods, quantity: Any, at: str) -> Decimal:
    if rule["base"] == "pricelist" and rule["base_pricelist_id"]:
        return _price(env, rule["base_pricelist_id"], goods, quantity, at)[0]
    if rule["base"] == "standard_price":
        return goods.cost(env)
    return goods.list_price(env)


def get_contextual_price(call: Call) -> float:
    """The price of one variant under the `pricelist`, `quantity` and `date` of the context; the raw one, unrounded."""
    product = call.one()
    template = call.env.row("product.product", product)["product_tmpl_id"]
    return _contextual(call.env, Goods(variant=product, template=template))


def get_template_price(call: Call) -> float:
    """The same for a template as a whole, without surcharges and without the rules of its variants."""
    template = call.one()
    call.env.row("product.template", template)
    return _contextual(call.env, Goods(variant=0, template=template))


def _contextual(env: Env, goods: Goods) -> float:
    pricelist = env.context.get("pricelist")
    if not pricelist:
        return float(goods.list_price(env))
    at = moment_text(env.context["date"]) if env.context.get("date") else env.now
    return float(_price(env, int(pricelist), goods, _quantity(env.context.get("quantity")), at)[0])


def _quantity(given: Any) -> Any:
    # None and zero count as one; what is no number breaks only where a rule asks for a quantity: observed.
    if not given:
        return Decimal(1)
    return exact(given) if isinstance(given, (int, float)) else given


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
