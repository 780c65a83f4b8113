"""A small believable retailer, the same in every run: about 200 variants, five shops with a till each, two price lists.

Ids follow from the order of creation and so are the same as well. Only the promotion moves: it runs around the day
that is passed in.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final

from tillway.retail.gtin import check_digit
from tillway.sandbox import registry
from tillway.sandbox.assortment import FAMILIES, FOOD, SURCHARGES, Family, attribute_of
from tillway.sandbox.changing import create, put, write
from tillway.sandbox.describing import describe
from tillway.sandbox.environment import Env
from tillway.sandbox.offers import make_price_lists
from tillway.sandbox.products import LINE, TEMPLATE, VALUE, VARIANT, variants
from tillway.sandbox.rewarding import make_programmes
from tillway.sandbox.store import Store, Transaction

COMPANY: Final = "Larkfield Stores"
SALE_TAX: Final = 20.0
"""Percent, added to prices."""
FOOD_TAX: Final = 10.0
"""Percent, contained in prices."""
GTIN_PREFIX: Final = "5901234"
"""GS1 prefix 590 and a made-up company number; five digits of item and the check digit follow."""
COST_SHARE: Final = Decimal("0.45")
"""Of the list price, what a product costs the retailer."""

COUNTRIES: Final = (
    "Austria AT, Bulgaria BG, Canada CA, Croatia HR, Cyprus CY, Czechia CZ, Denmark DK, Estonia EE, Finland FI, "
    "France FR, Germany DE, Greece GR, Hungary HU, Ireland IE, Italy IT, Latvia LV, Lithuania LT, Luxembourg LU, "
    "Malta MT, Netherlands NL, Norway NO, Poland PL, Portugal PT, Romania RO, Slovakia SK, Slovenia SI, Spain ES, "
    "Sweden SE, Switzerland CH, United Kingdom GB, United States US"
)
"""Where its customers live, beside Belgium."""

GENERAL_LIST: Final = 1
CLUB_LIST: Final = 2
STANDARD_TAX: Final = 1
INCLUDED_TAX: Final = 2
WALK_IN: Final = 4
"""Id of the partner that stands for customers nobody knows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shop:
    """A shop with its warehouse and till; the ids are those of `stock.warehouse` and `pos.config`."""

    id: int
    code: str
    name: str
    city: str


SHOPS: Final = (
    Shop(id=1, code="HAR", name="Harbour", city="Antwerp"),
    Shop(id=2, code="OLD", name="Old Town", city="Ghent"),
    Shop(id=3, code="STA", name="Station", city="Brussels"),
    Shop(id=4, code="RIV", name="Riverside", city="Liège"),
    Shop(id=5, code="AIR", name="Airport", city="Zaventem"),
)

MODULES: Final = {
    "account": "Invoicing",
    "api_doc": "API Documentation",
    "base": "Base",
    "base_automation": "Automation Rules",
    "loyalty": "Coupons & Loyalty",
    "point_of_sale": "Point of Sale",
    "pos_loyalty": "Point of Sale - Coupons & Loyalty",
    "product": "Products & Pricelists",
    "rpc": "RPC",
    "sale": "Sales",
    "sale_loyalty": "Sale Loyalty",
    "sale_management": "Sales",
    "sale_stock": "Sales and Warehouse Management",
    "stock": "Inventory",
    "uom": "Units of measure",
}
ABSENT_MODULES: Final = {"website_sale_collect": "Click & Collect"}
MODULE_VERSION: Final = "19.0.1.0"

CUSTOMERS: Final = (
    ("Walk-in customer", "", "", False),
    ("Web shop customer", "WEB", "webshop@larkfield.example", False),
    ("Ana Petrov", "C-1001", "ana.petrov@example.com", True),
    ("Bram Claes", "C-1002", "bram.claes@example.com", False),
    ("Chiara Rossi", "C-1003", "chiara.rossi@example.com", True),
    ("Daan Peeters", "C-1004", "daan.peeters@example.com", False),
    ("Elif Yılmaz", "C-1005", "elif.yilmaz@example.com", False),
    ("Femke Jacobs", "C-1006", "femke.jacobs@example.com", True),
    ("Café Mercator", "B-2001", "orders@mercator.example", False),
    ("Hotel Belvedere", "B-2002", "purchasing@belvedere.example", False),
)
"""Name, reference, address, whether in the club."""


def fill(store: Store, *, today: date, now: datetime) -> None:
    """Put the retailer into an empty store. `today` is the middle of the promotion, `now` every record's write_date."""
    transaction = Transaction(store)
    moment = now.strftime("%Y-%m-%d %H:%M:%S")
    env = Env(store=store, models=store.models, hooks=registry.HOOKS, transaction=transaction, now=moment, context={})
    describe(env)
    _company(env)
    _taxes(env)
    categories = _categories(env)
    _products(env, categories)
    make_price_lists(env, categories, today)
    _customers(env)
    _shops(env)
    _stock(env)
    make_programmes(env, today)
    transaction.commit()


def _company(env: Env) -> None:
    create(env, "res.lang", {"name": "English (US)", "code": "en_US", "iso_code": "en"})
    euro = {"name": "EUR", "symbol": "€", "full_name": "Euro", "position": "after"}
    create(env, "res.currency", euro)
    create(
        env, "res.currency", {"name": "USD", "symbol": "$", "full_name": "United States dollar", "position": "before"}
    )
    belgium = create(env, "res.country", {"name": "Belgium", "code": "BE", "currency_id": 1, "phone_code": 32})
    for country in COUNTRIES.split(", "):
        name, _, code = country.rpartition(" ")
        create(env, "res.country", {"name": name, "code": code, "currency_id": 1})
    create(env, "uom.uom", {"name": "Units", "sequence": 1})
    address = {"street": "Kaai 12", "city": "Antwerp", "zip": "2000", "country_id": belgium, "vat": "BE0477472701"}
    create(env, "res.partner", {"name": COMPANY, "is_company": True, "email": "info@larkfield.example", **address})
    create(
        env,
        "res.company",
        {"name": COMPANY, "currency_id": 1, "partner_id": 1},
    )
    for login, name, active in (("__system__", "System", False), ("admin", "Integration", True)):
        partner = create(env, "res.partner", {"name": name, "active": active})
        user = {"login": login, "partner_id": partner, "company_id": 1, "company_ids": [[6, 0, [1]]], "active": active}
        create(env, "res.users", user)
    for names, state in ((MODULES, "installed"), (ABSENT_MODULES, "uninstalled")):
        for name, label in names.items():
            version = MODULE_VERSION if state == "installed" else False
            create(
                env, "ir.module.module", {"name": name, "shortdesc": label, "state": state, "latest_version": version}
            )


def _taxes(env: Env) -> None:
    create(env, "account.tax", {"name": "20%", "amount": SALE_TAX, "country_id": 1})
    create(
        env,
        "account.tax",
        {"name": "10% incl", "amount": FOOD_TAX, "country_id": 1, "price_include_override": "tax_included"},
    )
    put(env, "res.company", 1, account_sale_tax_id=STANDARD_TAX)
    for name, code, kind in (("Sales", "INV", "sale"), ("Point of Sale", "POSS", "general"), ("Bank", "BNK1", "bank")):
        create(env, "account.journal", {"name": name, "code": code, "type": kind})


def _categories(env: Env) -> dict[str, int]:
    """Ids by path without the root, e.g. `Clothing / Shirts`."""
    made = {"": create(env, "product.category", {"name": "All"})}
    for path in dict.fromkeys(family.category for family in FAMILIES):
        steps = path.split(" / ")
        for depth in range(1, len(steps) + 1):
            here, above = " / ".join(steps[:depth]), " / ".join(steps[: depth - 1])
            if here not in made:
                made[here] = create(env, "product.category", {"name": steps[depth - 1], "parent_id": made[above]})
    return made


def _attributes(env: Env) -> dict[str, dict[str, int]]:
    """Value ids by attribute name and value; under the empty value the attribute itself."""
    found: dict[str, dict[str, int]] = {}
    for text in dict.fromkeys(text for family in FAMILIES for text in family.attributes):
        name, values = attribute_of(text)
        known = found.setdefault(name, {})
        if not known:
            known[""] = create(env, "product.attribute", {"name": name})
        for value in values:
            if value not in known:
                known[value] = create(env, "product.attribute.value", {"name": value, "attribute_id": known[""]})
    return found


def _products(env: Env, categories: Mapping[str, int]) -> None:
    attributes = _attributes(env)
    item = 0
    for family in FAMILIES:
        template = create(env, TEMPLATE, _template(family, categories, attributes))
        for line in env.search_by(LINE, "product_tmpl_id", template):
            for value in env.search_by(VALUE, "attribute_line_id", line):
                name, _, chosen = env.display_name(VALUE, value).partition(": ")
                if (name, chosen) in SURCHARGES:
                    put(env, VALUE, value, price_extra=float(SURCHARGES[name, chosen]))
        for variant in variants(env, template):
            item += 1
            digits = f"{GTIN_PREFIX}{item:05}"
            cost = float((Decimal(family.price) * COST_SHARE).quantize(Decimal("0.01")))
            values = {"default_code": _sku(env, family, variant), "barcode": digits + check_digit(digits)}
            write(env, VARIANT, [variant], {**values, "standard_price": cost})


def _template(
    family: Family, categories: Mapping[str, int], attributes: Mapping[str, Mapping[str, int]]
) -> dict[str, Any]:
    lines = []
    for text in family.attributes:
        name, values = attribute_of(text)
        ids = [attributes[name][value] for value in values]
        lines.append([0, 0, {"attribute_id": attributes[name][""], "value_ids": [[6, 0, ids]]}])
    tax = INCLUDED_TAX if family.category.startswith(FOOD) else STANDARD_TAX
    return {
        "name": family.name,
        "list_price": float(family.price),
        "categ_id": categories[family.category],
        "taxes_id": [[6, 0, [tax]]],
        "attribute_line_ids": lines,
        "is_storable": True,
        "available_in_pos": True,
    }


def _sku(env: Env, family: Family, variant: int) -> str:
    values = env.row(VARIANT, variant)["product_template_attribute_value_ids"]
    return "-".join([family.code, *(str(env.get(VALUE, each, "name")).upper() for each in values)])


def _customers(env: Env) -> None:
    for name, reference, email, in_club in CUSTOMERS:
        values = {"name": name, "ref": reference or False, "email": email or False, "country_id": 1}
        is_company = reference.startswith("B-")
        listed = CLUB_LIST if in_club else False
        create(env, "res.partner", {**values, "is_company": is_company, "specific_property_product_pricelist": listed})


def _shops(env: Env) -> None:
    for name, usage in (("Vendors", "supplier"), ("Customers", "customer"), ("Inter-company transit", "transit")):
        create(env, "stock.location", {"name": name, "usage": usage})
    card = create(env, "pos.payment.method", {"name": "Card", "journal_id": 3})
    for shop in SHOPS:
        warehouse = create(env, "stock.warehouse", {"name": shop.name, "code": shop.code})
        journal = {"name": f"Cash {shop.name}", "code": f"CSH{shop.id}", "type": "cash"}
        cash = {"name": f"Cash {shop.name}", "journal_id": create(env, "account.journal", journal)}
        methods = [create(env, "pos.payment.method", cash), card]
        till = {
            "name": f"{shop.name} Till",
            "picking_type_id": env.row("stock.warehouse", warehouse)["pos_type_id"],
            "payment_method_ids": [[6, 0, methods]],
            "use_pricelist": True,
            "pricelist_id": GENERAL_LIST,
            "available_pricelist_ids": [[6, 0, [GENERAL_LIST, CLUB_LIST]]],
            "invoice_journal_id": 1,
            "journal_id": 2,
        }
        create(env, "pos.config", till)


def _stock(env: Env) -> None:
    """Every shop has 4 to 40 pieces of most products and none of a few."""
    for shop in SHOPS:
        shelf = env.row("stock.warehouse", shop.id)["lot_stock_id"]
        for variant in env.store.tables[VARIANT].rows:
            spread = (variant * 31 + shop.id * 17) % 41
            if spread > 3:  # noqa: PLR2004 - one in ten is sold out somewhere
                values = {
                    "product_id": variant,
                    "location_id": shelf,
                    "quantity": float(spread),
                    "reserved_quantity": 0.0,
                }
                create(env, "stock.quant", values)
