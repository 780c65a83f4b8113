"""Damaged pieces of a transfer of goods that come back: sent to the company's location of losses, never to a shelf.

Odoo's own scrapping is a second document, made after the goods were put among what can be sold. The lines of a
transfer may go to different places; so one transfer, found by our reference, is all there is. What it says already
is read each time, so that repeating it changes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, Final, NamedTuple

from tillway.errors import Invalid
from tillway.retail import BackOfficeLine, Call

from .client import WRITE, Json2, number
from .mapping.values import decimal
from .variants import by_sku

PICKING: Final = "stock.picking"
LINE: Final = "stock.move.line"

_FIELDS: Final = ["move_id", "product_id", "quantity", "location_id", "location_dest_id"]


class Piece(NamedTuple):
    """A line of a transfer: so many pieces of a product, and where they go."""

    key: int
    move: int
    product: int
    quantity: Decimal
    source: int
    to: int


def wanted_of(lines: Sequence[BackOfficeLine], products: Mapping[str, int]) -> dict[int, Decimal]:
    """How much of each of Odoo's products. Invalid for a SKU that Odoo does not have."""
    wanted: dict[int, Decimal] = {}
    for line in lines:
        if line.sku not in products:
            raise Invalid(f"Odoo has no product with SKU {line.sku}")
        wanted[products[line.sku]] = wanted.get(products[line.sku], Decimal(0)) + line.quantity
    return wanted


def apart(
    pieces: Sequence[Piece], wanted: Mapping[int, Decimal], losses: int, picking: int
) -> dict[int, list[list[Any]]]:
    """What to write to the lines of each move so that so much of each product goes to the losses; empty when it does.

    Invalid when the transfer does not have so much, or sends more there. Pure.
    """
    found: dict[int, list[list[Any]]] = {}
    for product, quantity in wanted.items():
        own = [piece for piece in pieces if piece.product == product]
        left = quantity - sum((piece.quantity for piece in own if piece.to == losses), Decimal(0))
        for piece in own:
            taken = min(left, piece.quantity)
            if piece.to == losses or taken <= 0:
                continue
            commands = found.setdefault(piece.move, [])
            if taken == piece.quantity:
                commands.append([1, piece.key, {"location_dest_id": losses}])
            else:
                split = {"picking_id": picking, "product_id": product, "quantity": taken}
                commands.append([1, piece.key, {"quantity": piece.quantity - taken}])
                commands.append([0, 0, {**split, "location_id": piece.source, "location_dest_id": losses}])
            left -= taken
        if left:
            raise Invalid(
                f"the transfer does not set aside {quantity} damaged pieces of product {product}",
                remedy="put the damaged pieces where they cannot be sold in Odoo, then say that it was done by hand",
            )
    return found


async def set_aside(odoo: Json2, call: Call, picking: int, damaged: Sequence[BackOfficeLine]) -> None:
    """Have these pieces of a transfer go to the losses. Invalid when it is too late: they are on the shelf."""
    known = await by_sku(odoo, call, (line.sku for line in damaged), company=call.company)
    wanted = wanted_of(damaged, {sku: row["id"] for sku, row in known.items()})
    losses = await _losses(odoo, call)
    moves = apart(await _pieces(odoo, call, picking), wanted, losses, picking)
    if not moves:
        return
    rows = await odoo.search_read(call, PICKING, [["id", "=", picking]], ["state"])
    if not rows or rows[0]["state"] == "done":
        remedy = "scrap them in Odoo, then say that it was done by hand"
        raise Invalid("damaged pieces were put among what can be sold", remedy=remedy)
    for move, commands in moves.items():
        await odoo.call(call, WRITE, "stock.move", "write", ids=[move], vals={"move_line_ids": commands})
    # What a call under way may have changed meanwhile is not carried out.
    if apart(await _pieces(odoo, call, picking), wanted, losses, picking):
        raise Invalid("Odoo did not set the damaged pieces aside")


async def _losses(odoo: Json2, call: Call) -> int:
    """The location where Odoo scraps to by itself: the company's first one of losses."""
    domain = [["usage", "=", "inventory"], ["company_id", "=", number(call.company, "company")]]
    rows = await odoo.search_read(call, "stock.location", domain, ["usage"], order="id", limit=1)
    if not rows:
        remedy = "make one in Odoo: type Inventory Loss, of this company"
        raise Invalid("Odoo has no location for damaged goods", remedy=remedy)
    return int(rows[0]["id"])


async def _pieces(odoo: Json2, call: Call, picking: int) -> list[Piece]:
    rows = await odoo.search_read(call, LINE, [["picking_id", "=", picking]], _FIELDS, order="id")
    return [
        Piece(
            row["id"],
            row["move_id"][0],
            row["product_id"][0],
            decimal(row["quantity"]),
            row["location_id"][0],
            row["location_dest_id"][0],
        )
        for row in rows
    ]
