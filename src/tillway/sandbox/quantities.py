"""How much there is of a product: on hand, free, on its way. Warehouse or location come from the context."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from tillway.sandbox.environment import Env, ids_of
from tillway.sandbox.values import exact

QUANT: Final = "stock.quant"
MOVE: Final = "stock.move"
MOVE_LINE: Final = "stock.move.line"
LOCATION: Final = "stock.location"
OPEN_MOVES: Final = frozenset({"waiting", "confirmed", "partially_available", "assigned"})
ZERO: Final = Decimal(0)


def below(env: Env, location: int) -> set[int]:
    """A location and everything in it."""
    found, pending = {location}, [location]
    while pending:
        inner = env.search_by(LOCATION, "location_id", pending.pop())
        pending += inner
        found.update(inner)
    return found


def scope(env: Env) -> set[int]:
    """The locations the context speaks of: `location`, else `warehouse_id`, else all of the company's warehouses."""
    locations = ids_of(env.context.get("location"))
    if not locations:
        warehouses = ids_of(env.context.get("warehouse_id"))
        if not warehouses:
            table = env.store.tables["stock.warehouse"].rows
            warehouses = [each for each, row in table.items() if row["company_id"] == env.company]
        locations = [env.row("stock.warehouse", each)["view_location_id"] for each in warehouses]
    return set().union(*(below(env, each) for each in locations)) if locations else set()


def _held(env: Env, product: int, field: str) -> Decimal:
    within = scope(env)
    rows = (env.row(QUANT, each) for each in env.search_by(QUANT, "product_id", product))
    return sum((exact(row[field]) for row in rows if row["location_id"] in within), ZERO)


def _moving(env: Env, product: int, *, inwards: bool) -> Decimal:
    within = scope(env)
    total = ZERO
    for each in env.search_by(MOVE, "product_id", product):
        row = env.row(MOVE, each)
        if row["state"] in OPEN_MOVES:
            starts, ends = row["location_id"] in within, row["location_dest_id"] in within
            if (ends and not starts) if inwards else (starts and not ends):
                total += exact(row["product_uom_qty"])
    return total


def on_hand(env: Env, product: int) -> float:
    """What lies there."""
    return float(_held(env, product, "quantity"))


def free(env: Env, product: int) -> float:
    """What lies there and is not reserved."""
    return float(_held(env, product, "quantity") - _held(env, product, "reserved_quantity"))


def incoming(env: Env, product: int) -> float:
    """What is to arrive."""
    return float(_moving(env, product, inwards=True))


def outgoing(env: Env, product: int) -> float:
    """What is to leave."""
    return float(_moving(env, product, inwards=False))


def forecast(env: Env, product: int) -> float:
    """On hand, and what arrives, without what leaves; may be negative."""
    arriving, leaving = _moving(env, product, inwards=True), _moving(env, product, inwards=False)
    return float(_held(env, product, "quantity") + arriving - leaving)
