"""Stock: quants summed by warehouse, counts that replace only what was expected, transfers that happen once.

A quant is a row for a product at a location, merged and removed by Odoo as it likes, so levels are always sums over
all of a warehouse's inner locations, read in one call. `free_qty` would need a call for each warehouse.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from tillway import clock
from tillway.errors import Conflict, Invalid, NotFound, TryAgain, Violation
from tillway.retail import Call, Counted, Page, StockAdjustment, StockLevel, StockTransfer, TransferPlaces

from .classify import scrub
from .client import BOOK, WRITE, Json2, number
from .cursor import advanced, begun, domain, moment, parse, render
from .mapping import stock as mapping
from .mapping.values import decimal, reference, text
from .variants import by_sku

QUANTS_MAX: Final = 1000
"""Quants a page at most: as many products, read in three more calls."""

_DONE: Final = {"skip_sms": True, "skip_backorder": True}
"""Without these a transfer with a question pending is answered 200 and not done."""


class OdooStock:
    """`retail.Stock` over one Odoo, as the call's company sees it."""

    def __init__(self, odoo: Json2, *, now: Callable[[], datetime] = clock.now) -> None:
        self._odoo = odoo
        self._now = now

    async def changed(
        self, call: Call, *, warehouses: Iterable[str], cursor: str | None, limit: int
    ) -> Page[StockLevel]:
        """Levels of what changed since; None gives nothing yet, and the cursor from which on changes are told."""
        wanted, position = list(warehouses), parse(cursor)
        if not position.after:
            position = begun(position, await self._newest(call), self._now())
        if cursor is None:
            return Page(items=(), cursor=render(advanced(position, [], more=False)), more=False)
        limit = min(limit, QUANTS_MAX)
        rows = await self._quants(call, [*domain(position), *mapping.within(wanted)], order="id", limit=limit)
        more = len(rows) == limit
        following = render(advanced(position, [row["id"] for row in rows], more=more))
        return Page(items=await self._of_quants(call, wanted, rows), cursor=following, more=more)

    async def levels(self, call: Call, *, warehouses: Iterable[str], skus: Iterable[str]) -> tuple[StockLevel, ...]:
        """Levels of these SKUs; zero for what Odoo does not know or does not hold."""
        codes = sorted(set(skus))
        known = await by_sku(self._odoo, call, codes, company=call.company) if codes else {}
        return await self._summed(
            call, list(warehouses), {sku: known[sku]["id"] if sku in known else 0 for sku in codes}
        )

    async def sweep(self, call: Call, *, warehouse: str, cursor: str | None, limit: int) -> Page[StockLevel]:
        """All that a warehouse holds, in the order of its quants; a product with several may come again."""
        limit, after = min(limit, QUANTS_MAX), int(cursor or 0)
        rows = await self._quants(call, [["id", ">", after], *mapping.within([warehouse])], order="id", limit=limit)
        following = str(rows[-1]["id"]) if rows else cursor
        items = await self._of_quants(call, [warehouse], rows)
        return Page(items=items, cursor=following, more=len(rows) == limit)

    async def count(self, call: Call, *, adjustment: StockAdjustment, warehouse: str) -> Counted:
        """Set the counted figure on the shelf and apply it with Odoo's own wizard: that applies only what is set, and
        refuses when the quantity is not the one it was set against. Applying a quant on which nothing is set would
        empty it.

        NotFound: Odoo has no such product. Conflict: somebody else is counting there.
        """
        if (before := await self._applied(call, adjustment)) is not None:
            return Counted(done=True, held=before)
        product = (await by_sku(self._odoo, call, (adjustment.sku,), company=call.company)).get(adjustment.sku)
        if product is None:
            raise NotFound(f"Odoo has no product {adjustment.sku}")
        shelf = await self._shelf(call, warehouse)
        rows = await self._quants(call, [["product_id", "=", product["id"]], *mapping.within([warehouse])], order="id")
        held = sum((decimal(row["quantity"]) for row in rows), Decimal(0))
        if held != adjustment.expected:
            return Counted(done=False, held=held)
        here = [row for row in rows if row["location_id"][0] == shelf]
        if len(here) > 1:
            raise Conflict(f"Odoo holds {adjustment.sku} in several lots there: count it in Odoo")
        there = decimal(here[0]["quantity"]) if here else Decimal(0)
        figures = mapping.Figures(there=there, target=adjustment.counted - (held - there), elsewhere=held - there)
        if figures.target == there:
            return Counted(done=True, held=held)
        quant = await self._set(call, product["id"], shelf, figures.target, here)
        return await self._apply(call, adjustment, quant, figures)

    async def reserved(self, call: Call, foreign_order_id: str) -> Mapping[str, Decimal]:
        """By SKU, over all moves of the order that are not called off: what is set aside, and what went out."""
        moves = await self._odoo.search_read(
            call,
            "stock.move",
            [["sale_line_id.order_id", "=", number(foreign_order_id, "order")], ["state", "!=", "cancel"]],
            ["product_id", "quantity"],
        )
        codes = await self._codes(call, {int(key) for row in moves if (key := reference(row["product_id"]))})
        found: dict[str, Decimal] = {}
        for row in moves:
            code = codes.get(int(reference(row["product_id"]) or 0))
            if code is not None:
                found[code] = found.get(code, Decimal(0)) + decimal(row["quantity"])
        return found

    async def transfer(self, call: Call, *, transfer: StockTransfer, places: TransferPlaces) -> str:
        """An inner transfer, written under our id with `load` and validated: what left has left, reserved or not."""
        found = await self._transfer(call, transfer.id)
        if found is None:
            found = await self._written(call, transfer, places)
        if found["state"] == "draft":
            await self._odoo.call(call, BOOK, "stock.picking", "action_confirm", ids=[found["id"]])
        if found["state"] not in ("done", "cancel"):
            await self._validated(call, found["id"])
        state = (await self._transfer(call, transfer.id) or found)["state"]
        if state != "done":
            raise Invalid(f"the transfer is {state} in Odoo, not done")
        return str(found["id"])

    async def _newest(self, call: Call) -> datetime | None:
        rows = await self._odoo.search_read(call, "stock.quant", [], ["write_date"], order="write_date desc", limit=1)
        return moment(rows[0]["write_date"]) if rows and text(rows[0]["write_date"]) else None

    async def _quants(self, call: Call, wanted: list[Any], **arguments: Any) -> list[dict[str, Any]]:
        return await self._odoo.search_read(call, "stock.quant", wanted, mapping.FIELDS, **arguments)

    async def _of_quants(self, call: Call, warehouses: list[str], rows: list[dict[str, Any]]) -> tuple[StockLevel, ...]:
        """Levels of the products of these quants, whole: a product has other quants elsewhere in the warehouse."""
        codes = await self._codes(call, {int(key) for row in rows if (key := reference(row["product_id"])) is not None})
        if not codes:
            return ()
        known = await by_sku(self._odoo, call, set(codes.values()), company=call.company)
        return await self._summed(call, warehouses, {sku: row["id"] for sku, row in known.items()})

    async def _codes(self, call: Call, products: set[int]) -> dict[int, str]:
        if not products:
            return {}
        rows = await self._odoo.search_read(
            call, "product.product", [["id", "in", sorted(products)]], ["default_code"], archived=True
        )
        return {row["id"]: code for row in rows if (code := text(row["default_code"])) is not None}

    async def _summed(self, call: Call, warehouses: list[str], products: Mapping[str, int]) -> tuple[StockLevel, ...]:
        ids = sorted(key for key in products.values() if key)
        rows = await self._quants(call, [["product_id", "in", ids], *mapping.within(warehouses)]) if ids else []
        return mapping.levels(rows, warehouses, products)

    async def _shelf(self, call: Call, warehouse: str) -> int:
        rows = await self._odoo.search_read(
            call, "stock.warehouse", [["id", "=", number(warehouse, "warehouse")]], ["lot_stock_id"]
        )
        if not rows:
            raise NotFound(f"Odoo has no warehouse {warehouse}")
        return int(rows[0]["lot_stock_id"][0])

    async def _set(self, call: Call, product: int, shelf: int, target: Decimal, here: list[dict[str, Any]]) -> int:
        """Note the figure on the quant, not applied yet. Without `inventory_mode` a second quant would be made."""
        if here and here[0]["inventory_quantity_set"] and decimal(here[0]["inventory_quantity"]) != target:
            raise Conflict("somebody is counting this product in Odoo", remedy="apply or clear that count in Odoo")
        context = {"inventory_mode": True}
        values = {"product_id": product, "location_id": shelf, "inventory_quantity": target}
        if not here:
            made = await self._odoo.call(call, WRITE, "stock.quant", "create", context=context, vals_list=values)
            return int(made[0])
        quant = int(here[0]["id"])
        wanted = {"inventory_quantity": target}
        await self._odoo.call(call, WRITE, "stock.quant", "write", context=context, ids=[quant], vals=wanted)
        return quant

    async def _apply(self, call: Call, adjustment: StockAdjustment, quant: int, figures: mapping.Figures) -> Counted:
        (row,) = await self._quants(call, [["id", "=", quant]])
        against = decimal(row["inventory_quantity"]) - decimal(row["inventory_diff_quantity"])
        if against != figures.there or decimal(row["inventory_quantity"]) != figures.target:
            return await self._cleared(call, quant, figures.elsewhere + decimal(row["quantity"]))
        values = {"quant_ids": [[6, 0, [quant]]], "inventory_adjustment_name": mapping.name_of(adjustment)}
        made = await self._odoo.call(call, WRITE, "stock.inventory.adjustment.name", "create", vals_list=values)
        said = await self._odoo.call(call, BOOK, "stock.inventory.adjustment.name", "action_apply", ids=made)
        if isinstance(said, dict):
            (row,) = await self._quants(call, [["id", "=", quant]])
            return await self._cleared(call, quant, figures.elsewhere + decimal(row["quantity"]))
        before = await self._applied(call, adjustment)
        if before is None:
            raise TryAgain("Odoo did not take the count just now")
        return Counted(done=True, held=before)

    async def _cleared(self, call: Call, quant: int, held: Decimal) -> Counted:
        await self._odoo.call(call, WRITE, "stock.quant", "action_clear_inventory_quantity", ids=[quant])
        return Counted(done=False, held=held)

    async def _applied(self, call: Call, adjustment: StockAdjustment) -> Decimal | None:
        """The figure that our count replaced; None when it did not. The move it made carries our name of it."""
        rows = await self._odoo.search_read(
            call,
            "stock.move",
            [["inventory_name", "=", mapping.name_of(adjustment)], ["state", "=", "done"]],
            ["id"],
            limit=1,
        )
        return adjustment.expected if rows else None

    async def _transfer(self, call: Call, transfer: str) -> dict[str, Any] | None:
        rows = await self._odoo.search_read(
            call, "stock.picking", [["origin", "=", mapping.origin_of(transfer)]], ["state"], order="id", limit=1
        )
        return rows[0] if rows else None

    async def _written(self, call: Call, transfer: StockTransfer, places: TransferPlaces) -> dict[str, Any]:
        known = await by_sku(self._odoo, call, (line.sku for line in transfer.lines), company=call.company)
        unknown = tuple(
            Violation(pointer=f"/lines/{index}/sku", detail="Odoo has no product with this internal reference")
            for index, line in enumerate(transfer.lines)
            if line.sku not in known
        )
        if unknown:
            raise Invalid("Odoo does not know all products of this transfer", violations=unknown)
        warehouses = await self._odoo.search_read(
            call,
            "stock.warehouse",
            [["id", "in", [number(places.origin, "warehouse"), number(places.destination, "warehouse")]]],
            ["lot_stock_id", "int_type_id"],
        )
        fields, data = mapping.transfer_rows(
            transfer, places, warehouses, {sku: row["id"] for sku, row in known.items()}
        )
        answer = await self._odoo.call(call, WRITE, "stock.picking", "load", fields=fields, data=data)
        if not answer["ids"]:
            told = "; ".join(scrub(str(each.get("message", ""))) for each in answer["messages"])
            raise TryAgain(f"Odoo does not take the transfer: {told}")
        return {"id": answer["ids"][0], "state": "draft"}

    async def _validated(self, call: Call, picking: int) -> None:
        moves = await self._odoo.search_read(
            call,
            "stock.move",
            [["picking_id", "=", picking], ["state", "not in", ["done", "cancel"]]],
            ["product_uom_qty"],
        )
        for row in moves:
            values = {"quantity": row["product_uom_qty"], "picked": True}
            await self._odoo.call(call, WRITE, "stock.move", "write", ids=[row["id"]], vals=values)
        await self._odoo.call(call, BOOK, "stock.picking", "button_validate", context=_DONE, ids=[picking])
