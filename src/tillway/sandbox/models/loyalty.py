"""Programmes, their rules and rewards, cards, what happened to them, and the wizard that sets a balance.

Tables only: what is computed lives in the module named here.
"""

from __future__ import annotations

from typing import Final

from tillway.sandbox import loyalty, pricelists
from tillway.sandbox.defaults import company
from tillway.sandbox.fields import (
    Model,
    Unique,
    boolean,
    char,
    date,
    decimal,
    integer,
    many2many,
    many2one,
    model,
    monetary,
    one2many,
    selection,
    text,
)

_TYPES: Final = (
    "coupons=Coupons|gift_card=Gift Card|loyalty=Loyalty Cards|promotion=Promotions|ewallet=eWallet|"
    "promo_code=Discount Code|buy_x_get_y=Buy X Get Y|next_order_coupons=Next Order Coupons"
)

MODELS: Final[tuple[Model, ...]] = (
    model(
        "product.tag",
        "Product Tag",
        char("name", required=True),
        integer("sequence", default=10),
        order="sequence, id",
    ),
    model(
        "loyalty.program",
        "Loyalty Program",
        char("name", "Program Name", required=True),
        boolean("active", default=True),
        integer("sequence"),
        many2one("company_id", "res.company", default=company),
        many2one("currency_id", "res.currency", required=True, default=pricelists.currency),
        many2many("pricelist_ids", "product.pricelist", "Pricelist"),
        one2many("rule_ids", "loyalty.rule", "program_id", "Conditional rules"),
        one2many("reward_ids", "loyalty.reward", "program_id", "Rewards"),
        one2many("coupon_ids", "loyalty.card", "program_id", "Coupon"),
        selection("program_type", _TYPES, required=True, default="promotion"),
        date("date_from", "Start Date"),
        date("date_to", "End date"),
        boolean("limit_usage"),
        integer("max_usage"),
        selection(
            "applies_on",
            "current=Current order|future=Future orders|both=Current & Future orders",
            required=True,
            default="current",
        ),
        selection("trigger", "auto=Automatic|with_code=Use a code", default="auto"),
        boolean("portal_visible"),
        char("portal_point_name", default="Points"),
        boolean("pos_ok", "Point of Sale", default=True),
        boolean("sale_ok", "Sales", default=True),
        order="sequence",
    ),
    model(
        "loyalty.rule",
        "Loyalty Rule",
        boolean("active", default=True),
        many2one("program_id", "loyalty.program", required=True, on_delete="cascade"),
        char("product_domain", default="[]"),
        many2many("product_ids", "product.product", "Products"),
        many2one("product_category_id", "product.category", "Categories"),
        many2one("product_tag_id", "product.tag"),
        decimal("reward_point_amount", "Reward", default=1.0),
        boolean("reward_point_split", "Split per unit"),
        selection(
            "reward_point_mode",
            "order=per order|money=per money spent|unit=per unit paid",
            required=True,
            default="order",
        ),
        integer("minimum_qty", "Minimum Quantity", default=1),
        monetary("minimum_amount", "Minimum Purchase"),
        selection("minimum_amount_tax_mode", "incl=tax included|excl=tax excluded", required=True, default="incl"),
        selection("mode", "auto=Automatic|with_code=With a promotion code", "Application", default="auto"),
        char("code", "Discount code"),
        rec_name="id",
    ),
    model(
        "loyalty.reward",
        "Loyalty Reward",
        boolean("active", default=True),
        many2one("program_id", "loyalty.program", required=True, on_delete="cascade"),
        char("description"),
        selection("reward_type", "product=Free Product|discount=Discount", required=True, default="discount"),
        decimal("discount", default=10.0),
        selection(
            "discount_mode", "percent=%|per_order=per order|per_point=per point", required=True, default="percent"
        ),
        selection(
            "discount_applicability",
            "order=Order|cheapest=Cheapest Product|specific=Specific Products",
            default="order",
        ),
        char("discount_product_domain", default="[]"),
        many2many("discount_product_ids", "product.product", "Discounted Products"),
        many2one("discount_product_category_id", "product.category", "Discounted Prod. Categories"),
        many2one("discount_product_tag_id", "product.tag", "Discounted Prod. Tag"),
        monetary("discount_max_amount", "Max Discount"),
        many2one("reward_product_id", "product.product", "Product"),
        many2one("reward_product_tag_id", "product.tag"),
        integer("reward_product_qty", default=1),
        decimal("required_points", "Points needed", default=1.0),
        boolean("clear_wallet"),
        order="required_points asc",
        rec_name="description",
        display=loyalty.display_reward,
    ),
    model(
        "loyalty.card",
        "Loyalty Coupon",
        many2one("program_id", "loyalty.program"),
        selection("program_type", _TYPES, path="program_id.program_type", readonly=True),
        many2one("company_id", "res.company", path="program_id.company_id", readonly=True),
        many2one("partner_id", "res.partner"),
        decimal("points"),
        char("point_name", path="program_id.portal_point_name", readonly=True),
        char("points_display", compute=loyalty.points_display),
        char("code", required=True, default=loyalty.new_code, indexed=True),
        date("expiration_date"),
        integer("use_count", compute=lambda _env, _record: 0),
        boolean("active", default=True),
        one2many("history_ids", "loyalty.history", "card_id", "History"),
        rec_name="code",
        display=loyalty.display_card,
        unique=(Unique(fields=("code",), message="A coupon/loyalty card must have a unique code."),),
    ),
    model(
        "loyalty.history",
        "History for Loyalty cards and Ewallets",
        many2one("card_id", "loyalty.card", required=True, on_delete="cascade"),
        many2one("company_id", "res.company", path="card_id.company_id", readonly=True),
        text("description", required=True),
        decimal("issued"),
        decimal("used"),
        char("order_model", readonly=True),
        integer("order_id", readonly=True),
        order="id desc",
    ),
    model(
        "loyalty.card.update.balance",
        "Update Loyalty Card Points",
        many2one("card_id", "loyalty.card", required=True, on_delete="cascade"),
        decimal("old_balance", path="card_id.points", readonly=True),
        decimal("new_balance"),
        char("description", required=True),
    ),
)
