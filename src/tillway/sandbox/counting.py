"""Counting: a figure is set on a quant, and applied as a move of its own; or both in one call."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Final

from tillway.sandbox import changing
from tillway.sandbox.environment import Env
from tillway.sandbox.methods import Call
from tillway.sandbox.quantities import LOCATION, MOVE, QUANT, ZERO
from tillway.sandbox.values import exact

WIZARD: Final = "stock.inventory.adjustment.name"


def outdated(env: Env, record: int) -> bool:
    """Whether the quantity is not the one any more that the figure was set against."""
    row = env.row(QUANT, record)
    against = exact(row["inventory_quantity"]) - exact(row["inventory_diff_quantity"])
    return bool(row["inventory_quantity_set"]) and against != exact(row["quantity"])


def create_quants(call: Call, vals_list: Any) -> list[int]:
    """In `inventory_mode` a count for the quant that is there; without it a second quant for the same place."""
    return [_create_quant(call.env, dict(each)) for each in (vals_list if isinstance(vals_list, list) else [vals_list])]


def _create_quant(env: Env, given: dict[str, Any]) -> int:
    given.setdefault("reserved_quantity", 0.0)
    if not env.context.get("inventory_mode"):
        return changing.create(env, QUANT, given)
    counted = given.pop("inventory_quantity", None)
    at_once = given.pop("inventory_quantity_auto_apply", None)
    place = given.get("location_id")
    found = [
        q
        for q in env.search_by(QUANT, "product_id", given.get("product_id"))
        if env.row(QUANT, q)["location_id"] == place
    ]
    quant = found[0] if found else changing.create(env, QUANT, given)
    if counted is not None:
        _set(env, quant, counted)
    if at_once is not None:
        _count(env, quant, exact(at_once))
    return quant


def write_quants(call: Call, vals: dict[str, Any]) -> bool:
    """A count in one call (`inventory_quantity_auto_apply`), or any other change."""
    given = dict(vals)
    at_once = given.pop("inventory_quantity_auto_apply", None)
    counted = given.pop("inventory_quantity", None)
    changing.write(call.env, QUANT, call.ids, given)
    for quant in call.ids:
        if counted is not None:
            _set(call.env, quant, counted)
        if at_once is not None:
            _count(call.env, quant, exact(at_once))
    return True


def action_apply_inventory(call: Call) -> dict[str, Any] | None:
    """Make the figures true, those that nobody set (which are nothing) included; ask where one is outdated."""
    return _apply(call.env, list(call.ids), call.env.context.get("inventory_name"))


def apply_named(call: Call) -> dict[str, Any] | None:
    """The wizard: the same for what is set, and only that, under a name."""
    env = call.env
    for wizard in call.ids:
        row = env.row(WIZARD, wizard)
        wanted = [quant for quant in row["quant_ids"] if env.row(QUANT, quant)["inventory_quantity_set"]]
        if (asked := _apply(env, wanted, row["inventory_adjustment_name"])) is not None:
            return asked
    return None


def action_clear_inventory_quantity(call: Call) -> None:
    """Forget the figures that were set."""
    for quant in call.ids:
        _clear(call.env, quant)


def _apply(env: Env, quants: list[int], name: Any) -> dict[str, Any] | None:
    stale = [quant for quant in quants if outdated(env, quant)]
    if stale:
        asked = {"name": "Conflict in Inventory Adjustment", "type": "ir.actions.act_window", "view_mode": "form"}
        context = {"default_quant_ids": quants, "default_quant_to_fix_ids": stale}
        return {
            **asked,
            "views": [[False, "form"]],
            "res_model": "stock.inventory.conflict",
            "target": "new",
            "context": context,
        }
    for quant in quants:
        _count(env, quant, exact(env.row(QUANT, quant)["inventory_quantity"]), name)
    return None


def _set(env: Env, quant: int, counted: Any) -> None:
    difference = float(exact(counted) - exact(env.row(QUANT, quant)["quantity"]))
    values = {"inventory_quantity": float(counted), "inventory_diff_quantity": difference}
    changing.put(env, QUANT, quant, inventory_quantity_set=True, **values)


def _clear(env: Env, quant: int) -> None:
    values = {"inventory_quantity": 0.0, "inventory_diff_quantity": 0.0}
    changing.put(env, QUANT, quant, inventory_quantity_set=False, **values)


def _count(env: Env, quant: int, counted: Decimal, name: Any = None) -> None:
    row = env.row(QUANT, quant)
    difference = counted - exact(row["quantity"])
    if difference:
        _move(env, row, difference, name or "Product Quantity Updated")
    changing.put(env, QUANT, quant, quantity=float(counted or ZERO))
    _clear(env, quant)


def _move(env: Env, row: Any, difference: Decimal, name: Any) -> None:
    """A count is told as a move from or to the place where losses are kept."""
    lost = next(iter(env.search_by(LOCATION, "usage", "inventory")), None)
    if lost is None:
        lost = changing.create(env, LOCATION, {"name": "Inventory adjustment", "usage": "inventory"})
    ways = (lost, row["location_id"]) if difference > 0 else (row["location_id"], lost)
    amount = float(abs(difference))
    values = {"product_id": row["product_id"], "product_uom_qty": amount, "quantity": amount, "picked": True}
    named = {"reference": name, "inventory_name": name, "is_inventory": True, "state": "done"}
    changing.create(env, MOVE, {**values, **named, "location_id": ways[0], "location_dest_id": ways[1]})
