"""Goods that come back: the wizard over a delivery, and the transfer it makes. Nothing is counted that came before."""

from __future__ import annotations

from typing import Any, Final

from tillway.sandbox import changing, stock
from tillway.sandbox.environment import Env
from tillway.sandbox.methods import Call
from tillway.sandbox.quantities import MOVE, MOVE_LINE
from tillway.sandbox.refusals import user_error

WIZARD: Final = "stock.return.picking"
LINE: Final = "stock.return.picking.line"


def offer(env: Env, wizards: list[int]) -> None:
    """A line for each move that is done, with quantity zero: whoever asks has to say how much."""
    for wizard in wizards:
        picking = env.row(WIZARD, wizard)["picking_id"]
        for move in env.search_by(MOVE, "picking_id", picking):
            row = env.row(MOVE, move)
            if row["state"] == "done":
                values = {"wizard_id": wizard, "product_id": row["product_id"], "move_id": move}
                changing.create(env, LINE, values | {"quantity": 0.0, "move_quantity": row["quantity"]})


def action_create_returns(call: Call) -> dict[str, Any]:
    """A transfer the other way round, ready to be validated."""
    env, wizard = call.env, call.one()
    delivery = env.row(stock.PICKING, env.row(WIZARD, wizard)["picking_id"])
    lines = [env.row(LINE, each) for each in env.search_by(LINE, "wizard_id", wizard)]
    if not any(row["quantity"] for row in lines):
        raise user_error("Please specify at least one non-zero quantity.")
    kind = env.row(stock.PICKING_TYPE, delivery["picking_type_id"])
    incoming = env.row(stock.WAREHOUSE, kind["warehouse_id"])["in_type_id"] or delivery["picking_type_id"]
    made = stock.new_picking(
        env,
        incoming,
        origin=f"Return of {delivery['name']}",
        partner_id=delivery["partner_id"],
        sale_id=delivery["sale_id"],
        return_id=delivery["id"],
        location_id=delivery["location_dest_id"],
        location_dest_id=delivery["location_id"],
    )
    for row in lines:
        if row["quantity"]:
            before = env.row(MOVE, row["move_id"])
            move = stock.new_move(
                env,
                made,
                row["product_id"],
                row["quantity"],
                quantity=row["quantity"],
                state="assigned",
                sale_line_id=before["sale_line_id"],
                origin_returned_move_id=before["id"],
            )
            # Only transfers of returns have lines here: nothing else is asked for them.
            held = env.row(MOVE, move)
            ways = {name: held[name] for name in ("picking_id", "product_id", "location_id", "location_dest_id")}
            changing.create(env, MOVE_LINE, {"move_id": move, "quantity": row["quantity"], **ways})
    changing.put(env, stock.PICKING, made, state="assigned")
    return {"type": "ir.actions.act_window", "res_model": stock.PICKING, "res_id": made, "view_mode": "form"}
