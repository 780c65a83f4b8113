"""Loyalty: rows of `loyalty.card`, `.program`, `.rule` and `.reward` become our cards and promotions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal
from typing import Any, Final, NamedTuple, cast

from tillway.retail import (
    BackOfficeCard,
    CardKind,
    Channel,
    Products,
    Promotion,
    PromotionKind,
    PromotionRule,
    Reward,
    as_points,
)

from .values import decimal, label, reference, text

CARD_FIELDS: Final = [
    "program_id",
    "program_type",
    "point_name",
    "code",
    "partner_id",
    "points",
    "expiration_date",
    "active",
]
"""Fields of `loyalty.card`."""

HISTORY_FIELDS: Final = ["issued", "used"]
"""Fields of `loyalty.history`: what a movement really did."""

PROGRAM_FIELDS: Final = [
    "name",
    "program_type",
    "currency_id",
    "date_from",
    "date_to",
    "pricelist_ids",
    "limit_usage",
    "max_usage",
    "applies_on",
    "portal_point_name",
]
"""Fields of `loyalty.program`, without those of the modules that sell."""

CHANNEL_FIELDS: Final[Mapping[str, Channel]] = {"pos_ok": "pos", "sale_ok": "web"}
"""Fields that the modules of tills and of orders bring."""

RULE_FIELDS: Final = [
    "program_id",
    "mode",
    "product_ids",
    "product_category_id",
    "product_tag_id",
    "product_domain",
    "minimum_qty",
    "minimum_amount",
    "minimum_amount_tax_mode",
    "reward_point_amount",
    "reward_point_mode",
]
"""Fields of `loyalty.rule`. Not its code: whoever knows that may use it."""

REWARD_FIELDS: Final = [
    "program_id",
    "description",
    "required_points",
    "reward_type",
    "discount",
    "discount_mode",
    "discount_applicability",
    "discount_max_amount",
    "discount_product_ids",
    "discount_product_category_id",
    "discount_product_tag_id",
    "discount_product_domain",
    "reward_product_id",
    "reward_product_tag_id",
    "reward_product_qty",
    "clear_wallet",
]
"""Fields of `loyalty.reward`."""

_CARDS: Final[Mapping[str, CardKind]] = {
    "loyalty": "loyalty",
    "ewallet": "ewallet",
    "gift_card": "gift-card",
    "coupons": "coupon",
    "next_order_coupons": "coupon",
}
_KINDS: Final[Mapping[str, PromotionKind]] = {
    "loyalty": "loyalty",
    "ewallet": "ewallet",
    "gift_card": "gift-card",
    "coupons": "coupons",
    "promotion": "promotion",
    "promo_code": "discount-code",
    "buy_x_get_y": "buy-x-get-y",
    "next_order_coupons": "next-order-coupons",
}
_EARNED: Final[Mapping[str, str]] = {"current": "this-order", "future": "later-orders", "both": "both"}
_PER: Final = frozenset({"order", "money", "unit"})
_ON: Final[Mapping[str, str]] = {"order": "order", "cheapest": "cheapest", "specific": "products"}
_DISCOUNTS: Final[Mapping[str, str]] = {"percent": "percent", "per_order": "amount", "per_point": "amount_per_point"}
_EVERYTHING: Final = "[]"

_ONE_HUNDREDTH: Final = Decimal("0.01")


class Named(NamedTuple):
    """What rules and rewards refer to: SKUs by variant, paths by category."""

    skus: Mapping[int, str]
    categories: Mapping[int, str]


def card(row: Mapping[str, Any]) -> BackOfficeCard:
    """A card. ValueError for one without a programme: it is good for nothing."""
    programme = reference(row["program_id"])
    if programme is None:
        raise ValueError("a card without a programme")
    expires = text(row["expiration_date"])
    return BackOfficeCard(
        foreign_id=str(row["id"]),
        programme=programme,
        kind=_CARDS.get(str(row["program_type"]), "other"),
        unit=_short(row["point_name"]),
        code=str(row["code"]),
        customer=reference(row["partner_id"]),
        points=as_points(decimal(row["points"])),
        expires_on=None if expires is None else date.fromisoformat(expires),
        active=bool(row["active"]),
    )


def moved(rows: Iterable[Mapping[str, Any]], wanted: Decimal) -> Decimal:
    """By how much these lines of a card's history changed it.

    What lies within a hundredth of what was wanted is that: the balance before it was a float with noise or with more
    decimals than count.
    """
    found = sum((decimal(row["issued"]) - decimal(row["used"]) for row in rows), Decimal(0))
    return wanted if abs(found - wanted) < _ONE_HUNDREDTH else as_points(found)


def promotion(
    row: Mapping[str, Any],
    rules: Iterable[Mapping[str, Any]],
    rewards: Iterable[Mapping[str, Any]],
    named: Named,
) -> Promotion:
    """A programme with its rules and rewards. What has no word here is told in `reasons`."""
    reasons: list[str] = []
    kind = _KINDS.get(str(row["program_type"]))
    if kind is None:
        reasons.append(f"programmes of type {row['program_type']} are not known")
    earned = _EARNED.get(str(row["applies_on"]))
    if earned is None:
        reasons.append(f"points that apply on {row['applies_on']} are not known")
    starts, ends = text(row["date_from"]), text(row["date_to"])
    return Promotion(
        id=str(row["id"]),
        name=str(row["name"]),
        kind=kind or "other",
        channels=tuple(channel for field, channel in CHANNEL_FIELDS.items() if row.get(field)),
        currency=label(row["currency_id"]),
        starts_on=None if starts is None else date.fromisoformat(starts),
        ends_on=None if ends is None else date.fromisoformat(ends),
        price_lists=tuple(str(each) for each in sorted(row["pricelist_ids"])),
        uses_at_most=int(row["max_usage"]) if row["limit_usage"] else None,
        earned_for=cast("Any", earned or "this-order"),
        unit=_short(row["portal_point_name"]),
        rules=tuple(_rule(each, named, reasons) for each in rules),
        rewards=tuple(_reward(each, named, reasons) for each in rewards),
        understood=not reasons,
        reasons=tuple(reasons),
    )


def _rule(row: Mapping[str, Any], named: Named, reasons: list[str]) -> PromotionRule:
    where = f"rule {row['id']}"
    per = str(row["reward_point_mode"])
    if per not in _PER:
        reasons.append(f"{where}: points given {per} are not known")
    if (text(row["product_domain"]) or _EVERYTHING) != _EVERYTHING:
        reasons.append(f"{where}: its products are chosen by a search of Odoo's")
    products = _products(
        row["product_ids"], row["product_category_id"], row["product_tag_id"], named, reasons, where=where
    )
    return PromotionRule(
        id=str(row["id"]),
        with_code=row["mode"] == "with_code",
        products=products,
        minimum_quantity=decimal(row["minimum_qty"]),
        minimum_amount=decimal(row["minimum_amount"]),
        minimum_with_tax=row["minimum_amount_tax_mode"] != "excl",
        points=as_points(decimal(row["reward_point_amount"])),
        per=cast("Any", per if per in _PER else "order"),
    )


def _reward(row: Mapping[str, Any], named: Named, reasons: list[str]) -> Reward:
    where = f"reward {row['id']}"
    gives = row["reward_type"] == "product"
    if row["reward_type"] not in {"product", "discount"}:
        reasons.append(f"{where}: rewards of type {row['reward_type']} are not known")
    found = as_points(decimal(row["required_points"]))
    return Reward(
        id=str(row["id"]),
        description=text(row["description"]) or "",
        points=found,
        kind="product" if gives else "discount",
        takes_all=bool(row["clear_wallet"]),
        **(_given(row, named, reasons, where) if gives else _discount(row, named, reasons, where)),
    )


def _given(row: Mapping[str, Any], named: Named, reasons: list[str], where: str) -> dict[str, Any]:
    product = reference(row["reward_product_id"])
    variants = () if product is None else (int(product),)
    products = _products(variants, False, row["reward_product_tag_id"], named, reasons, where=where)
    if not variants and products.tag is None:
        reasons.append(f"{where}: no product is given")
    return {"products": products, "quantity": decimal(row["reward_product_qty"])}


def _discount(row: Mapping[str, Any], named: Named, reasons: list[str], where: str) -> dict[str, Any]:
    mode, on = _DISCOUNTS.get(str(row["discount_mode"])), _ON.get(str(row["discount_applicability"]))
    if mode is None:
        reasons.append(f"{where}: discounts {row['discount_mode']} are not known")
    if on is None:
        reasons.append(f"{where}: discounts on {row['discount_applicability']} are not known")
    found: dict[str, Any] = {"on": on or "order", "maximum": decimal(row["discount_max_amount"]) or None}
    if mode is not None:
        found[mode] = decimal(row["discount"])
    if on == "products":
        if (text(row["discount_product_domain"]) or _EVERYTHING) != _EVERYTHING:
            reasons.append(f"{where}: its products are chosen by a search of Odoo's")
        found["products"] = _products(
            row["discount_product_ids"],
            row["discount_product_category_id"],
            row["discount_product_tag_id"],
            named,
            reasons,
            where=where,
        )
    return found


def _products(
    variants: Iterable[int], category: Any, tag: Any, named: Named, reasons: list[str], *, where: str
) -> Products:
    keys = sorted(variants)
    if missing := [key for key in keys if key not in named.skus]:
        reasons.append(f"{where}: {len(missing)} of its products have no internal reference")
    within = reference(category)
    return Products(
        skus=tuple(named.skus[key] for key in keys if key in named.skus),
        category=None if within is None else named.categories.get(int(within), within),
        tag=reference(tag),
    )


def _short(value: Any) -> str | None:
    found = text(value)
    return None if found is None else found[:32]
