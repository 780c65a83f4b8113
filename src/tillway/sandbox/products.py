"""Products: templates, the variants they are sold as, attributes and their surcharges."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import product
from typing import Any, Final

from tillway.sandbox import changing
from tillway.sandbox.environment import Env, empty
from tillway.sandbox.refusals import validation_error
from tillway.sandbox.values import exact

VARIANT: Final = "product.product"
TEMPLATE: Final = "product.template"
LINE: Final = "product.template.attribute.line"
VALUE: Final = "product.template.attribute.value"
CATEGORY: Final = "product.category"


def category_path(env: Env, record: int) -> str:
    """`All / Clothes / Shirts`."""
    return " / ".join(env.row(CATEGORY, each)["name"] for each in _ancestry(env, record))


def category_ids(env: Env, record: int) -> str:
    """`1/4/7/`: ids from the top down to this one."""
    return "".join(f"{each}/" for each in _ancestry(env, record))


def _ancestry(env: Env, record: int) -> list[int]:
    path = [record]
    while above := env.row(CATEGORY, path[0])["parent_id"]:
        path.insert(0, above)
    return path


def category_count(env: Env, record: int) -> int:
    """Templates in it and below."""
    own = len(env.search_by(TEMPLATE, "categ_id", record))
    return own + sum(category_count(env, below) for below in env.search_by(CATEGORY, "parent_id", record))


def company_currency(env: Env, _record: int) -> int:
    """The currency of the company in force."""
    return int(env.row("res.company", env.company)["currency_id"])


def default_taxes(env: Env) -> list[Any]:
    """A new product is sold with the default sale tax of every company."""
    taxes = [row["account_sale_tax_id"] for row in env.store.tables["res.company"].rows.values()]
    return [[6, 0, [tax for tax in taxes if tax]]]


def variants(env: Env, template: int) -> list[int]:
    """All variants of a template, archived ones too."""
    return env.search_by(VARIANT, "product_tmpl_id", template)


def _only(env: Env, template: int) -> int:
    found = variants(env, template)
    alive = [each for each in found if env.row(VARIANT, each)["active"]] or found
    return alive[0] if len(alive) == 1 else 0


def single(name: str) -> Callable[[Env, int], Any]:
    """A field of the only variant; empty when there are several, however they agree."""

    def compute(env: Env, template: int) -> Any:
        variant = _only(env, template)
        return env.row(VARIANT, variant)[name] if variant else empty(env.models[VARIANT].fields[name])

    return compute


def set_single(name: str) -> Callable[[Env, int, Any], None]:
    """Writes through to the only variant; without exactly one it is lost, as in Odoo."""

    def write(env: Env, template: int, value: Any) -> None:
        variant = _only(env, template)
        if variant:
            changing.write(env, VARIANT, [variant], {name: value})

    return write


def first_variant(env: Env, template: int) -> int | bool:
    """The first variant alive."""
    alive = env.get(TEMPLATE, template, "product_variant_ids")
    return alive[0] if alive else False


def variant_count(env: Env, template: int) -> int:
    """How many variants are alive."""
    return len(env.get(TEMPLATE, template, "product_variant_ids"))


def price_extra(env: Env, variant: int) -> float:
    """What the attribute values add to the list price."""
    values = env.row(VARIANT, variant)["product_template_attribute_value_ids"]
    return float(sum((exact(env.row(VALUE, each)["price_extra"]) for each in values), exact(0)))


def sales_price(env: Env, variant: int) -> float:
    """List price of the template and the surcharges of the variant."""
    row = env.row(VARIANT, variant)
    list_price = env.row(TEMPLATE, row["product_tmpl_id"])["list_price"]
    if not row["product_template_attribute_value_ids"]:
        return float(list_price)
    return float(exact(list_price) + exact(price_extra(env, variant)))


def set_sales_price(env: Env, variant: int, value: Any) -> None:
    """Written to one variant, it moves the list price of the template and so every other variant's price."""
    try:
        list_price = float(exact(float(value)) - exact(price_extra(env, variant)))
    except ValueError:
        list_price = value
    changing.write(env, TEMPLATE, [env.row(VARIANT, variant)["product_tmpl_id"]], {"list_price": list_price})


def combination(env: Env, variant: int) -> str:
    """The ids of its attribute values, sorted: what makes it this variant."""
    values = env.row(VARIANT, variant)["product_template_attribute_value_ids"]
    return ",".join(str(each) for each in sorted(values))


def display_template(env: Env, template: int) -> str:
    """`[code] name`."""
    code = env.get(TEMPLATE, template, "default_code")
    name = env.row(TEMPLATE, template)["name"]
    return f"[{code}] {name}" if code else str(name)


def display_variant(env: Env, variant: int) -> str:
    """`[code] name (value, value)`; attributes without a choice are not named."""
    row = env.row(VARIANT, variant)
    name = str(env.row(TEMPLATE, row["product_tmpl_id"])["name"])
    chosen = [
        str(env.get(VALUE, each, "name"))
        for each in row["product_template_attribute_value_ids"]
        if len(env.row(LINE, env.row(VALUE, each)["attribute_line_id"])["value_ids"]) > 1
    ]
    named = f"{name} ({', '.join(chosen)})" if chosen else name
    return f"[{row['default_code']}] {named}" if row["default_code"] else named


def display_value(env: Env, value: int) -> str:
    """`Size: S`."""
    row = env.row("product.attribute.value", value)
    return f"{env.row('product.attribute', row['attribute_id'])['name']}: {row['name']}"


def display_template_value(env: Env, value: int) -> str:
    """`Size: S`."""
    return display_value(env, env.row(VALUE, value)["product_attribute_value_id"])


def display_line(env: Env, line: int) -> str:
    """The attribute's name."""
    return str(env.row("product.attribute", env.row(LINE, line)["attribute_id"])["name"])


def value_count(env: Env, line: int) -> int:
    """Values to choose from."""
    return len(env.row(LINE, line)["value_ids"])


def lines_changed(env: Env, lines: list[int], _changed: frozenset[str] = frozenset()) -> None:
    """Give each line one template value for each of its attribute values, and the template its variants."""
    for line in lines:
        row = env.row(LINE, line)
        present = {env.row(VALUE, each)["product_attribute_value_id"]: each for each in _template_values(env, line)}
        for value in row["value_ids"]:
            if value not in present:
                extra = env.row("product.attribute.value", value)["default_extra_price"]
                values = {"attribute_line_id": line, "product_attribute_value_id": value, "price_extra": extra}
                changing.create(env, VALUE, values)
        if variants(env, row["product_tmpl_id"]):
            make_variants(env, [row["product_tmpl_id"]])


def _template_values(env: Env, line: int) -> list[int]:
    return env.search_by(VALUE, "attribute_line_id", line)


def make_variants(env: Env, templates: Iterable[int]) -> None:
    """One variant for every combination of attribute values; combinations that are no more are archived."""
    if env.context.get("create_product_product") is False:
        return
    for template in templates:
        wanted = {tuple(sorted(each)): each for each in product(*_choices(env, template))}
        present: dict[tuple[int, ...], int] = {}
        for variant in variants(env, template):
            present[tuple(sorted(env.row(VARIANT, variant)["product_template_attribute_value_ids"]))] = variant
        for key, values in wanted.items():
            if key not in present:
                values_command = [[6, 0, list(values)]]
                made = {"product_tmpl_id": template, "product_template_attribute_value_ids": values_command}
                changing.create(env, VARIANT, made)
        gone = [
            variant for key, variant in present.items() if key not in wanted and env.row(VARIANT, variant)["active"]
        ]
        changing.write(env, VARIANT, gone, {"active": False})


def _choices(env: Env, template: int) -> list[list[int]]:
    choices = []
    for line in env.sort(LINE, env.search_by(LINE, "product_tmpl_id", template)):
        row = env.row(LINE, line)
        if env.row("product.attribute", row["attribute_id"])["create_variant"] == "no_variant":
            continue
        allowed = set(row["value_ids"])
        values = [
            each
            for each in _template_values(env, line)
            if env.row(VALUE, each)["product_attribute_value_id"] in allowed
        ]
        choices.append(values)
    return choices


def templates_changed(env: Env, templates: list[int], changed: frozenset[str]) -> None:
    """Variants show the fields of their template, so they change with it; archiving goes down to them."""
    for template in templates:
        if "active" in changed:
            active = env.row(TEMPLATE, template)["active"]
            changing.write(env, VARIANT, variants(env, template), {"active": active})
        changing.touch(env, VARIANT, variants(env, template))
    if "attribute_line_ids" in changed:
        make_variants(env, templates)


def check_barcodes(env: Env, records: list[int], changed: frozenset[str] = frozenset({"barcode"})) -> None:
    """A barcode belongs to one product; an SKU (`default_code`) need not."""
    if "barcode" not in changed:
        return
    for record in records:
        barcode = env.row(VARIANT, record)["barcode"]
        holders = env.search_by(VARIANT, "barcode", barcode) if barcode else []
        if len(holders) > 1:
            names = " and ".join(display_variant(env, each) for each in holders)
            raise validation_error(
                f'Barcode(s) already assigned:\n\n- Barcode "{barcode}" already assigned to product(s): {names}\n\n'
                "Note: products that you don't have access to will not be shown above."
            )


def without_variants(env: Env, removed: list[int]) -> list[int]:
    """The templates that lose their last variant with these."""
    templates = dict.fromkeys(env.row(VARIANT, each)["product_tmpl_id"] for each in removed)
    return [each for each in templates if set(variants(env, each)) <= set(removed)]
