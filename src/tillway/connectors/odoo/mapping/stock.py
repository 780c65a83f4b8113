"""Quants and transfers, from Odoo's rows to our words and back. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from tillway.errors import Invalid, NotFound
from tillway.retail import StockAdjustment, StockLevel, StockTransfer, TransferPlaces

from .values import decimal, reference

FIELDS: Final = [
    "product_id",
    "location_id",
    "warehouse_id",
    "quantity",
    "reserved_quantity",
    "inventory_quantity",
    "inventory_quantity_set",
    "inventory_diff_quantity",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """A count as it is set on a shelf: the figure there, the one that makes the whole warehouse what was counted, and
    what the warehouse holds elsewhere.
    """

    there: Decimal
    target: Decimal
    elsewhere: Decimal


def within(warehouses: Iterable[str]) -> list[Any]:
    """The condition for quants on the shelves of these warehouses; customers, losses and transit are none."""
    ids = sorted(int(each) for each in warehouses)
    return [["location_id.usage", "=", "internal"], ["location_id.warehouse_id", "in", ids]]


def levels(
    rows: Iterable[Mapping[str, Any]], warehouses: Sequence[str], products: Mapping[str, int]
) -> tuple[StockLevel, ...]:
    """The levels of these products (ids by SKU; 0 is unknown) in each warehouse: sums of quants, zero without any."""
    held: dict[tuple[str, int], list[Decimal]] = {}
    for row in rows:
        key = str(reference(row["warehouse_id"])), int(reference(row["product_id"]) or 0)
        sums = held.setdefault(key, [Decimal(0), Decimal(0)])
        sums[0] += decimal(row["quantity"])
        sums[1] += decimal(row["reserved_quantity"])
    nothing = [Decimal(0), Decimal(0)]
    return tuple(
        StockLevel(warehouse=warehouse, sku=sku, quantity=sums[0], reserved=sums[1])
        for warehouse in warehouses
        for sku, product in products.items()
        for sums in (held.get((warehouse, product), nothing),)
    )


def name_of(adjustment: StockAdjustment) -> str:
    """What Odoo calls the move that our count makes; by it the count is found again."""
    return f"Tillway count {adjustment.id}"


def origin_of(transfer: str) -> str:
    """What Odoo shows as the source of our transfer; by it the transfer is found again."""
    return f"Tillway transfer {transfer}"


def transfer_rows(
    transfer: StockTransfer,
    places: TransferPlaces,
    warehouses: Iterable[Mapping[str, Any]],
    products: Mapping[str, int],
) -> tuple[list[str], list[list[str]]]:
    """Fields and rows for `load`: with ids of ours on the transfer and each line, any number of loads make one."""
    known = {str(row["id"]): row for row in warehouses}
    if places.origin not in known or places.destination not in known:
        raise NotFound("Odoo does not show both warehouses of this transfer to one company")
    origin, destination = known[places.origin], known[places.destination]
    kind = reference(origin["int_type_id"])
    if kind is None:
        raise Invalid("the warehouse left has no inner transfers in Odoo", remedy="switch on storage locations there")
    ends = [str(reference(origin["lot_stock_id"])), str(reference(destination["lot_stock_id"]))]
    prefix = f"tillway.transfer_{transfer.id.replace('-', '_')}"
    fields = ["id", "picking_type_id/.id", "location_id/.id", "location_dest_id/.id", "origin", "move_ids/id"]
    fields += ["move_ids/product_id/.id", "move_ids/product_uom_qty", "move_ids/location_id/.id"]
    fields += ["move_ids/location_dest_id/.id"]
    data = []
    for index, line in enumerate(transfer.lines, 1):
        first = [prefix, str(kind), *ends, origin_of(transfer.id)] if index == 1 else [""] * 5
        data.append([*first, f"{prefix}_l{index}", str(products[line.sku]), f"{line.quantity:f}", *ends])
    return fields, data
