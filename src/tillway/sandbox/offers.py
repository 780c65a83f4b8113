"""The sample retailer's price lists: one for everybody, one for the club with a promotion around a given day."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any, Final

from tillway.sandbox.changing import create
from tillway.sandbox.environment import Env
from tillway.sandbox.products import VARIANT

PROMOTION_BEFORE: Final = timedelta(days=3)
PROMOTION_AFTER: Final = timedelta(days=4)
"""How long before and after the given day the promotion runs."""


def make_price_lists(env: Env, categories: Mapping[str, int], today: date) -> None:
    """Store prices: category discounts, quantity breaks. Club: 5 % off, a dated promotion, fixed and rounded prices."""

    def family(code: str) -> int:
        found = next(iter(env.search_by(VARIANT, "default_code", code)))
        return int(env.row(VARIANT, found)["product_tmpl_id"])

    def on_category(path: str, **rule: Any) -> list[Any]:
        return [0, 0, {"applied_on": "2_product_category", "categ_id": categories[path], **rule}]

    def on_product(code: str, **rule: Any) -> list[Any]:
        return [0, 0, {"applied_on": "1_product", "product_tmpl_id": family(code), "compute_price": "fixed", **rule}]

    def percent(value: float, **rule: Any) -> dict[str, Any]:
        return {"compute_price": "percentage", "percent_price": value, **rule}

    general = [
        on_category("Stationery", **percent(10)),
        on_category("Home / Kitchen", **percent(5)),
        on_category("Food / Chocolate", **percent(15, min_quantity=10)),
        on_product("COF-ESPR-250G", fixed_price=6.5, min_quantity=6),
        on_product("MUG-STON", fixed_price=8.5, min_quantity=4),
        on_product("MUG-STON", fixed_price=7.5, min_quantity=12),
    ]
    create(env, "product.pricelist", {"name": "Store prices", "company_id": 1, "item_ids": general})
    begins, ends = f"{today - PROMOTION_BEFORE} 00:00:00", f"{today + PROMOTION_AFTER} 23:59:59"
    boot = next(iter(env.search_by(VARIANT, "default_code", "SHOE-BOOT-42")))
    club = [
        [0, 0, {"applied_on": "3_global", **percent(5)}],
        on_category("Clothing / Shirts", **percent(20, date_start=begins, date_end=ends)),
        on_category(
            "Clothing / Outerwear", compute_price="formula", price_discount=12, price_round=1, price_surcharge=-0.01
        ),
        on_product("KNIT-CREW-S-NAVY", fixed_price=69.0),
        on_product("LAMP-DESK", fixed_price=49.0),
        on_product("PAN-IRON", fixed_price=65.0),
        [0, 0, {"applied_on": "0_product_variant", "product_id": boot, "compute_price": "fixed", "fixed_price": 129.0}],
    ]
    create(env, "product.pricelist", {"name": "Club", "company_id": 1, "item_ids": club})
