"""The sample retailer's programmes: a club with points, gift cards, coupons, buy three get one, a dated promotion."""

from __future__ import annotations

from datetime import date
from typing import Any, Final

from tillway.sandbox.changing import create
from tillway.sandbox.environment import Env
from tillway.sandbox.offers import PROMOTION_AFTER, PROMOTION_BEFORE
from tillway.sandbox.products import VARIANT

CLUB_CARD: Final = "CLUB-1001"
GIFT_CARD: Final = "GIFT-1001"
COUPON: Final = "COUPON-1001"
"""What is printed on three cards that everybody may play with."""

PLENTY: Final = 1_000_000.0
"""Points, or euros, of those: they are not to run out."""

COUPONS: Final = 20
"""Single-use coupons, `COUPON-1001` and on."""


def make_programmes(env: Env, today: date) -> None:
    """All programmes with a few cards. Members of the club have the ids of the sample's customers."""

    def variant(code: str) -> int:
        return next(iter(env.search_by(VARIANT, "default_code", code)))

    def programme(name: str, kind: str, **given: Any) -> int:
        return create(env, "loyalty.program", {"name": name, "program_type": kind, **given})

    club = programme(
        "Larkfield Club",
        "loyalty",
        portal_point_name="points",
        rule_ids=[[0, 0, {"reward_point_amount": 1, "reward_point_mode": "money"}]],
        reward_ids=[[0, 0, {"discount": 5, "discount_mode": "per_order", "required_points": 200}]],
    )
    create(env, "loyalty.card", {"program_id": club, "partner_id": 5, "code": CLUB_CARD, "points": PLENTY})
    for code, customer, points in (("CLUB-1002", 7, 269.68), ("CLUB-1003", 10, 12.5)):
        create(env, "loyalty.card", {"program_id": club, "partner_id": customer, "code": code, "points": points})
    gift = programme("Gift cards", "gift_card")
    create(env, "loyalty.card", {"program_id": gift, "code": GIFT_CARD, "points": PLENTY})
    coupons = programme("10% coupons", "coupons")
    first = int(COUPON.rpartition("-")[2])
    for number in range(first, first + COUPONS):
        create(env, "loyalty.card", {"program_id": coupons, "code": f"COUPON-{number}", "points": 1})
    mug = variant("MUG-STON")
    programme(
        "Four mugs for three",
        "buy_x_get_y",
        rule_ids=[[0, 0, {"product_ids": [[6, 0, [mug]]], "minimum_qty": 3, "reward_point_mode": "unit"}]],
        reward_ids=[[0, 0, {"reward_type": "product", "reward_product_id": mug, "required_points": 3}]],
    )
    programme(
        "Ten off eighty",
        "promotion",
        date_from=f"{today - PROMOTION_BEFORE}",
        date_to=f"{today + PROMOTION_AFTER}",
        pos_ok=False,
        rule_ids=[[0, 0, {"minimum_amount": 80, "minimum_qty": 0}]],
        reward_ids=[[0, 0, {"discount": 10, "discount_mode": "per_order"}]],
    )
