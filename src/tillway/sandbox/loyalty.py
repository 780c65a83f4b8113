"""Loyalty: programmes with what their type brings along, cards with codes, and the wizard that sets a balance."""

from __future__ import annotations

import uuid
from typing import Any, Final

from tillway.sandbox import changing
from tillway.sandbox.environment import Env
from tillway.sandbox.methods import Call
from tillway.sandbox.refusals import Refusal, access_error, validation_error
from tillway.sandbox.values import exact

PROGRAM: Final = "loyalty.program"
CARD: Final = "loyalty.card"
HISTORY: Final = "loyalty.history"
WIZARD: Final = "loyalty.card.update.balance"
REWARD: Final = "loyalty.reward"

_CREATE: Final = 0

TYPES: Final[dict[str, dict[str, Any]]] = {
    "coupons": {
        "applies_on": "current",
        "trigger": "with_code",
        "portal_point_name": "Coupon point(s)",
        "rules": [],
        "rewards": [{"required_points": 1, "discount": 10}],
    },
    "promotion": {
        "applies_on": "current",
        "trigger": "auto",
        "portal_point_name": "Promo point(s)",
        "rules": [{"minimum_amount": 50, "minimum_qty": 0}],
        "rewards": [{"required_points": 1, "discount": 10}],
    },
    "gift_card": {
        "applies_on": "future",
        "trigger": "auto",
        "rules": [{"reward_point_mode": "money", "minimum_qty": 0}],
        "rewards": [{"discount_mode": "per_point", "discount": 1, "description": "Gift Card"}],
    },
    "ewallet": {
        "applies_on": "future",
        "trigger": "auto",
        "rules": [{"reward_point_mode": "money"}],
        "rewards": [{"discount_mode": "per_point", "discount": 1, "description": "eWallet"}],
    },
    "loyalty": {
        "applies_on": "both",
        "trigger": "auto",
        "portal_point_name": "Loyalty point(s)",
        "rules": [{"reward_point_mode": "money"}],
        "rewards": [{"discount": 5, "required_points": 200}],
    },
    "promo_code": {
        "applies_on": "current",
        "trigger": "with_code",
        "portal_point_name": "Discount point(s)",
        "rules": [{"mode": "with_code", "minimum_qty": 0}],
        "rewards": [{"discount": 10}],
    },
    "buy_x_get_y": {
        "applies_on": "current",
        "trigger": "auto",
        "portal_point_name": "Credit(s)",
        "rules": [{"reward_point_mode": "unit", "minimum_qty": 2}],
        "rewards": [{"reward_type": "product", "required_points": 2}],
    },
    "next_order_coupons": {
        "applies_on": "future",
        "trigger": "auto",
        "portal_point_name": "Coupon point(s)",
        "rules": [{"minimum_amount": 100, "minimum_qty": 0}],
        "rewards": [{"discount": 15}],
    },
}
"""What a type of programme comes with where nothing else is said."""


def complete_program(env: Env, given: dict[str, Any]) -> None:
    """Rules, rewards and the rest as the type has them, unless given."""
    defaults = dict(TYPES.get(str(given.get("program_type")), {}))
    for name, field in (("rules", "rule_ids"), ("rewards", "reward_ids")):
        made = [[_CREATE, 0, dict(each)] for each in defaults.pop(name, [])]
        if field not in given:
            given[field] = made
    for name, value in defaults.items():
        given.setdefault(name, value)
    if given.get("program_type") in {"gift_card", "ewallet"} and "portal_point_name" not in given:
        given["portal_point_name"] = env.row("res.currency", _currency(env))["symbol"]


def check_program(env: Env, records: list[int], _changed: frozenset[str] = frozenset()) -> None:
    """A programme rewards."""
    for record in records:
        if not env.get(PROGRAM, record, "reward_ids"):
            raise validation_error("A program must have at least one reward.")


def name_reward(env: Env, records: list[int], _changed: frozenset[str] = frozenset()) -> None:
    """A reward that nobody named says what it gives."""
    for record in records:
        row = env.row(REWARD, record)
        if not row["description"]:
            env.transaction.update(REWARD, record, {"description": _described(env, row)})


def complete_rule(_env: Env, given: dict[str, Any]) -> None:
    """A rule with a code is one that asks for it."""
    if given.get("code") and "mode" not in given:
        given["mode"] = "with_code"


def new_code(_env: Env) -> str:
    """A code that can be printed as a bar code: `044c-fc14-4b22`."""
    return "044" + str(uuid.uuid4())[7:-18]


def points_display(env: Env, record: int) -> str:
    """`269.68 Loyalty Points`."""
    points = env.row(CARD, record)["points"]
    number = f"{int(points)}" if points == int(points) else f"{points:.2f}"
    return f"{number} {env.get(CARD, record, 'point_name') or ''}"


def display_card(env: Env, record: int) -> str:
    """`Club: 044c-fc14-4b22`."""
    row = env.row(CARD, record)
    return f"{env.display_name(PROGRAM, row['program_id']) if row['program_id'] else False}: {row['code']}"


def display_reward(env: Env, record: int) -> str:
    """`Club - $ 5 on your order`."""
    row = env.row(REWARD, record)
    return f"{env.display_name(PROGRAM, row['program_id'])} - {row['description']}"


def never(label: str, model: str) -> Refusal:
    """Nobody may delete these, not even who administers."""
    return access_error(
        f"You are not allowed to delete '{label}' ({model}) records.\n\n"
        "No group currently allows this operation.\n\n"
        "Contact your administrator to request access if necessary."
    )


def unlink_card(call: Call) -> bool:
    """Refused to everybody."""
    raise never("Loyalty Coupon", call.model)


def unlink_wizard(call: Call) -> bool:
    """Refused to everybody."""
    raise never("Update Loyalty Card Points", call.model)


def action_update_card_point(call: Call) -> None:
    """Set the balance, and write down by how much that changes it."""
    env, row = call.env, call.env.row(WIZARD, call.one())
    card, new = row["card_id"], row["new_balance"]
    old = env.row(CARD, card)["points"]
    if old == new or new < 0:
        raise validation_error("New Balance should be positive and different then old balance.")
    # In binary floating point, as there.
    difference = new - old
    line = {"issued": max(difference, 0.0), "used": max(-difference, 0.0), "description": row["description"]}
    changing.create(env, HISTORY, {"card_id": card, **line})
    changing.write(env, CARD, [card], {"points": new})


def _described(env: Env, row: dict[str, Any]) -> str:
    if row["reward_type"] == "product":
        product = row["reward_product_id"]
        name = env.get("product.product", product, "name") if product else ""
        return f"Free Product - {name}" if product else "Free Product"
    amount = f"{exact(row['discount']).normalize():f}"
    money = f"{env.row('res.currency', _currency(env))['symbol']} {amount}"
    what = {"percent": f"{amount}%", "per_order": money, "per_point": f"{money} per point"}[row["discount_mode"]]
    on = {"order": "your order", "cheapest": "the cheapest product", "specific": "specific products"}
    return f"{what} on {on[row['discount_applicability']]}"


def _currency(env: Env) -> int:
    return int(env.row("res.company", env.company)["currency_id"])
