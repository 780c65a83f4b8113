"""Locations, quants and transfers: reserving, delivering, counting."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Final

from tillway.sandbox import changing
from tillway.sandbox.environment import Env
from tillway.sandbox.methods import Call
from tillway.sandbox.quantities import LOCATION, MOVE, MOVE_LINE, OPEN_MOVES, QUANT, below
from tillway.sandbox.refusals import user_error
from tillway.sandbox.values import exact

PICKING: Final = "stock.picking"
PICKING_TYPE: Final = "stock.picking.type"
WAREHOUSE: Final = "stock.warehouse"
CUSTOMERS: Final = "customer"
LOSSES: Final = "inventory"


def location_path(env: Env, record: int) -> str:
    """`WH/Stock`; the topmost views of a warehouse are named, other views are not."""
    return "/".join(env.row(LOCATION, each)["name"] for each in _ancestry(env, record))


def location_ids(env: Env, record: int) -> str:
    """`4/5/`."""
    return "".join(f"{each}/" for each in _ancestry(env, record))


def _ancestry(env: Env, record: int) -> list[int]:
    path = [record]
    while above := env.row(LOCATION, path[0])["location_id"]:
        path.insert(0, above)
    return path


def display_type(env: Env, record: int) -> str:
    """`Shop: Delivery Orders`."""
    row = env.row(PICKING_TYPE, record)
    return f"{env.row(WAREHOUSE, row['warehouse_id'])['name']}: {row['name']}" if row["warehouse_id"] else row["name"]


def display_move(env: Env, record: int) -> str:
    """`S00033/SKU: Stock>Customers`."""
    row = env.row(MOVE, record)
    code = env.row("product.product", row["product_id"])["default_code"]
    start, end = (env.row(LOCATION, row[name])["name"] for name in ("location_id", "location_dest_id"))
    origin = f"{row['origin']}/" if row["origin"] else ""
    return f"{origin}{code}: {start}>{end}" if code else f"{origin}{start}>{end}"


def available_quantity(env: Env, record: int) -> float:
    """Quantity without what is reserved."""
    row = env.row(QUANT, record)
    return float(exact(row["quantity"]) - exact(row["reserved_quantity"]))


def availability_state(env: Env, record: int) -> str | bool:
    """`available` when everything is reserved, else `late`; nothing once done or cancelled."""
    if env.row(PICKING, record)["state"] not in OPEN_MOVES:
        return False
    moves = (env.row(MOVE, each) for each in env.search_by(MOVE, "picking_id", record))
    return "available" if all(row["quantity"] >= row["product_uom_qty"] for row in moves) else "late"


def availability(env: Env, record: int) -> str | bool:
    """The same in words."""
    state = availability_state(env, record)
    return {"available": "Available", "late": "Not Available"}[state] if isinstance(state, str) else False


def make_warehouse(env: Env, given: dict[str, Any]) -> None:
    """A new warehouse comes with its locations and kinds of transfer."""
    name, code = given.get("name"), given.get("code") or str(given.get("name", ""))[:5]
    given["code"] = code
    company = given["company_id"]
    given.setdefault("partner_id", env.row("res.company", company)["partner_id"])
    view = changing.create(env, LOCATION, {"name": code, "usage": "view", "company_id": company})
    shelf = {"name": "Stock", "usage": "internal", "location_id": view, "company_id": company}
    given.update(view_location_id=view, lot_stock_id=changing.create(env, LOCATION, shelf))
    customers = next(iter(env.search_by(LOCATION, "usage", CUSTOMERS)))
    for field, label, sequence in (("out_type_id", "Delivery Orders", "OUT"), ("pos_type_id", "PoS Orders", "POS")):
        kind = {"name": label, "code": "outgoing", "sequence_code": sequence, "company_id": company}
        ways = {"default_location_src_id": given["lot_stock_id"], "default_location_dest_id": customers}
        given[field] = changing.create(env, PICKING_TYPE, {**kind, **ways})
    ways = {"default_location_src_id": customers, "default_location_dest_id": given["lot_stock_id"]}
    kind = {"name": "Receipts", "code": "incoming", "sequence_code": "IN", "company_id": company}
    given["in_type_id"] = changing.create(env, PICKING_TYPE, {**kind, **ways})
    ways = {"default_location_src_id": given["lot_stock_id"], "default_location_dest_id": given["lot_stock_id"]}
    kind = {"name": "Internal Transfers", "code": "internal", "sequence_code": "INT", "company_id": company}
    given["int_type_id"] = changing.create(env, PICKING_TYPE, {**kind, **ways})
    if not any(env.row(LOCATION, each)["company_id"] == company for each in env.search_by(LOCATION, "usage", LOSSES)):
        changing.create(env, LOCATION, {"name": "Inventory adjustment", "usage": LOSSES, "company_id": company})
    del name


def own_locations(env: Env, warehouses: list[int]) -> None:
    """Tell the locations and kinds of transfer which warehouse they belong to."""
    for warehouse in warehouses:
        row = env.row(WAREHOUSE, warehouse)
        for location in below(env, row["view_location_id"]):
            env.transaction.update(LOCATION, location, {"warehouse_id": warehouse})
        for kind in (row["out_type_id"], row["pos_type_id"], row["in_type_id"], row["int_type_id"]):
            env.transaction.update(PICKING_TYPE, kind, {"warehouse_id": warehouse})


def new_picking(env: Env, picking_type: int, **values: Any) -> int:
    """A transfer of this kind, named by its own sequence (`WH/OUT/00047`), between the kind's locations."""
    kind = env.row(PICKING_TYPE, picking_type)
    code = env.row(WAREHOUSE, kind["warehouse_id"])["code"]
    sequence = f"{code}/{kind['sequence_code']}"
    ways = {"location_id": kind["default_location_src_id"], "location_dest_id": kind["default_location_dest_id"]}
    name = f"{sequence}/{env.number(sequence):05}"
    return changing.create(env, PICKING, {"name": name, "picking_type_id": picking_type, **ways, **values})


def complete_picking(env: Env, given: dict[str, Any]) -> None:
    """A transfer made from outside is named by its kind's sequence."""
    if not given.get("name"):
        kind = env.row(PICKING_TYPE, given["picking_type_id"])
        sequence = f"{env.row(WAREHOUSE, kind['warehouse_id'])['code']}/{kind['sequence_code']}"
        given["name"] = f"{sequence}/{env.number(sequence):05}"


def new_move(env: Env, picking: int, product: int, demand: float, **values: Any) -> int:
    """One product of a transfer, waiting to be reserved."""
    row = env.row(PICKING, picking)
    shared = {"picking_id": picking, "reference": row["name"], "origin": row["origin"], "state": "confirmed"}
    ways = {"location_id": row["location_id"], "location_dest_id": row["location_dest_id"]}
    what = {"product_id": product, "product_uom_qty": demand}
    return changing.create(env, MOVE, {**shared, **ways, **what, **values})


def is_stored(env: Env, product: int) -> bool:
    """Whether stock of it is kept at all."""
    return bool(env.get("product.product", product, "is_storable"))


def reserve(env: Env, move: int) -> None:
    """Take what is free at the move's source, oldest quant first. Short stock is no error: the rest stays open."""
    row = env.row(MOVE, move)
    wanted = exact(row["product_uom_qty"]) - exact(row["quantity"])
    if not is_stored(env, row["product_id"]):
        changing.put(env, MOVE, move, quantity=row["product_uom_qty"], state="assigned")
        return
    within = below(env, row["location_id"])
    for quant in env.search_by(QUANT, "product_id", row["product_id"]):
        held = env.row(QUANT, quant)
        free = exact(held["quantity"]) - exact(held["reserved_quantity"])
        taken = min(free, wanted)
        if held["location_id"] in within and taken > 0:
            changing.put(env, QUANT, quant, reserved_quantity=float(exact(held["reserved_quantity"]) + taken))
            wanted -= taken
    reserved = exact(row["product_uom_qty"]) - wanted
    state = "assigned" if wanted <= 0 else "partially_available" if reserved > 0 else "confirmed"
    changing.put(env, MOVE, move, quantity=float(reserved), state=state)


def settle(env: Env, picking: int) -> None:
    """A transfer is ready as soon as any of its moves has something reserved."""
    states = {env.row(MOVE, each)["state"] for each in env.search_by(MOVE, "picking_id", picking)}
    ready = states & {"assigned", "partially_available"}
    changing.put(env, PICKING, picking, state="assigned" if ready else "confirmed")


def unreserve(env: Env, move: int) -> None:
    """Give back what the move has reserved."""
    row = env.row(MOVE, move)
    if row["state"] not in OPEN_MOVES or not is_stored(env, row["product_id"]):
        return
    within, owed = below(env, row["location_id"]), exact(row["quantity"])
    for quant in env.search_by(QUANT, "product_id", row["product_id"]):
        held = env.row(QUANT, quant)
        given = min(exact(held["reserved_quantity"]), owed)
        if held["location_id"] in within and given > 0:
            changing.put(env, QUANT, quant, reserved_quantity=float(exact(held["reserved_quantity"]) - given))
            owed -= given
    changing.put(env, MOVE, move, quantity=0.0, state="confirmed")


def cancel(env: Env, picking: int) -> None:
    """Cancel a transfer that is not done, and free its stock."""
    if env.row(PICKING, picking)["state"] == "done":
        return
    for move in env.search_by(MOVE, "picking_id", picking):
        unreserve(env, move)
        changing.put(env, MOVE, move, state="cancel")
    changing.put(env, PICKING, picking, state="cancel")


def finish(env: Env, picking: int) -> None:
    """Move the goods: what was reserved, or for a till everything, even below zero."""
    for move in env.search_by(MOVE, "picking_id", picking):
        row = env.row(MOVE, move)
        if row["state"] == "cancel":
            continue
        quantity = exact(row["quantity"])
        unreserve(env, move)
        if is_stored(env, row["product_id"]) and quantity:
            shift(env, row["product_id"], row["location_id"], -quantity)
            for place, part in _ways(env, move) or [(row["location_dest_id"], quantity)]:
                shift(env, row["product_id"], place, part)
        changing.put(env, MOVE, move, quantity=float(quantity), state="done", picked=True, date=env.now)
        if row["sale_line_id"]:
            changing.touch(env, "sale.order.line", [row["sale_line_id"]])
            changing.touch(env, "sale.order", [env.row("sale.order.line", row["sale_line_id"])["order_id"]])
    changing.put(env, PICKING, picking, state="done", date_done=env.now)


def _ways(env: Env, move: int) -> list[tuple[int, Decimal]]:
    """Where the pieces of a move go, as far as its lines say so."""
    rows = [env.row(MOVE_LINE, each) for each in env.search_by(MOVE_LINE, "move_id", move)]
    return [(row["location_dest_id"], exact(row["quantity"])) for row in rows]


def _backorder(env: Env, picking: int) -> None:
    """What is not moved now gets a transfer of its own, and the demand here is cut down to what is."""
    row = env.row(PICKING, picking)
    kept = ("origin", "partner_id", "sale_id", "scheduled_date", "date_deadline", "location_id", "location_dest_id")
    rest = new_picking(env, row["picking_type_id"], backorder_id=picking, **{name: row[name] for name in kept})
    for move in env.search_by(MOVE, "picking_id", picking):
        held = env.row(MOVE, move)
        missing = exact(held["product_uom_qty"]) - exact(held["quantity"])
        if missing <= 0 or held["state"] == "cancel":
            continue
        if not held["quantity"]:
            changing.put(env, MOVE, move, picking_id=rest, reference=env.row(PICKING, rest)["name"], picked=False)
            continue
        changing.put(env, MOVE, move, product_uom_qty=held["quantity"])
        more = new_move(env, rest, held["product_id"], float(missing), sale_line_id=held["sale_line_id"])
        reserve(env, more)
    settle(env, rest)


def shift(env: Env, product: int, location: int, change: Decimal) -> None:
    """Add to the quant of a product at a location, made if there is none."""
    for quant in env.search_by(QUANT, "product_id", product):
        row = env.row(QUANT, quant)
        if row["location_id"] == location:
            changing.put(env, QUANT, quant, quantity=float(exact(row["quantity"]) + change))
            return
    values = {"product_id": product, "location_id": location, "quantity": float(change), "reserved_quantity": 0.0}
    changing.create(env, QUANT, values)


def button_validate(call: Call) -> bool | dict[str, Any]:
    """Deliver what is picked, or else what is reserved. When something is missing it asks, which over JSON means: it
    does nothing, but that all counts as picked from there on.
    """
    env = call.env
    for picking in call.ids:
        if env.row(PICKING, picking)["state"] in {"done", "cancel"}:
            continue
        moves = [env.row(MOVE, each) for each in env.search_by(MOVE, "picking_id", picking)]
        if not any(row["quantity"] for row in moves):
            raise user_error("You cannot validate a transfer if no quantities are reserved.")
        for row in moves:
            if row["quantity"]:
                changing.put(env, MOVE, row["id"], picked=True)
        if any(row["quantity"] < row["product_uom_qty"] for row in moves):
            if not env.context.get("skip_backorder"):
                wizard = {"name": "Create Backorder?", "type": "ir.actions.act_window", "view_mode": "form"}
                return {**wizard, "res_model": "stock.backorder.confirmation", "target": "new"}
            if picking not in (env.context.get("picking_ids_not_to_backorder") or ()):
                _backorder(env, picking)
        finish(env, picking)
    return True


def action_assign(call: Call) -> bool:
    """Reserve again what is still open."""
    for picking in call.ids:
        for move in call.env.search_by(MOVE, "picking_id", picking):
            if call.env.row(MOVE, move)["state"] in OPEN_MOVES:
                reserve(call.env, move)
        settle(call.env, picking)
    return True


def action_confirm(call: Call) -> bool:
    """Let a transfer that was made as a draft wait for its goods."""
    for picking in call.ids:
        for move in call.env.search_by(MOVE, "picking_id", picking):
            if call.env.row(MOVE, move)["state"] == "draft":
                changing.put(call.env, MOVE, move, state="confirmed")
                reserve(call.env, move)
        settle(call.env, picking)
    return True
