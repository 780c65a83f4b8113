"""Documents: what people do in Odoo itself, page by page, in as few calls as their number of kinds of related records.

Each page is read anew from what changed; what the hub brought there itself comes along and is told apart by whoever
reads. A document that the hub cannot hold (more lines than it takes, a till's receipt without a number) is logged and
left out.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any, Final, TypeVar

import msgspec

from tillway import clock
from tillway.retail import Call, InvoiceThere, OrderThere, Page, SaleThere, SessionThere, ShipmentThere

from .catalogue import read_taxes
from .client import Json2
from .mapping import documents, receipts
from .mapping.documents import Around
from .mapping.receipts import TillOf
from .mapping.values import reference, text
from .places import Places
from .sweeping import Sweeps, Swept

D = TypeVar("D")

HISTORY: Final = timedelta(days=90)
"""How far back the first sweep over orders, transfers and invoices goes: what nobody touched for so long is done."""

RECEIPTS_HISTORY: Final = timedelta(days=2)
"""The same for receipts and sessions: what was closed is never changed again."""

SESSIONS_AT_ONCE: Final = 20
"""Sessions a page at most: the numbers of all their receipts are read, some hundred each."""

_log = logging.getLogger("tillway.connectors.odoo")


class OdooDocuments:
    """`retail.Documents` over one Odoo, for all companies whose shops are declared on it."""

    def __init__(self, odoo: Json2, places: Places, *, now: Callable[[], datetime] = clock.now) -> None:
        self._odoo = odoo
        self._places = places
        companies = frozenset(int(shop.company) for shop in places.shops.values())
        self._sweeps = Sweeps(odoo, companies, now)
        # Of shops that share a warehouse, the first by name stands for it.
        self._shops = {shop.warehouse: name for name, shop in sorted(places.shops.items(), reverse=True)}
        self._lists = {theirs: ours for ours, theirs in places.price_lists.items() if theirs is not None}
        self._tills = _tills(places)
        self._fields: dict[str, frozenset[str]] = {}

    async def orders(self, call: Call, *, cursor: str | None, limit: int) -> Page[OrderThere]:
        """Orders with their lines."""
        swept = await self._page(call, "sale.order", [], documents.ORDER_FIELDS, cursor, limit, HISTORY)
        lines = await self._sweeps.under(
            call, "sale.order.line", "order_id", _ids(swept.rows), documents.ORDER_LINE_FIELDS, order="sequence,id"
        )
        skus = await self._skus(call, (line for each in lines.values() for line in each))
        around = Around(skus=skus, shops=self._shops, lists=self._lists)
        return _page(swept, lambda row: documents.order(row, lines[row["id"]], around))

    async def shipments(self, call: Call, *, cursor: str | None, limit: int) -> Page[ShipmentThere]:
        """Transfers to customers and back with their moves."""
        optional = await self._known(call, "stock.picking", [*documents.CARRIER_FIELDS, "pos_order_id"])
        wanted: list[Any] = ["|", ["location_dest_id.usage", "=", "customer"], ["location_id.usage", "=", "customer"]]
        if "pos_order_id" in optional:
            wanted = ["&", ["pos_order_id", "=", False], *wanted]
        fields = [*documents.PICKING_FIELDS, *(each for each in documents.CARRIER_FIELDS if each in optional)]
        swept = await self._page(call, "stock.picking", wanted, fields, cursor, limit, HISTORY)
        moves = await self._sweeps.under(
            call, "stock.move", "picking_id", _ids(swept.rows), documents.MOVE_FIELDS, order="sequence,id"
        )
        types = await self._sweeps.of(
            call, "stock.picking.type", _referred(swept.rows, "picking_type_id"), ["warehouse_id"]
        )
        around = Around(
            skus=await self._skus(call, (move for each in moves.values() for move in each)),
            shops=self._shops,
            kinds={key: int(reference(row["warehouse_id"]) or 0) for key, row in types.items()},
            orders=await self._orders(call, _referred(swept.rows, "sale_id")),
        )
        return _page(swept, lambda row: documents.shipment(row, moves[row["id"]], around))

    async def invoices(self, call: Call, *, cursor: str | None, limit: int) -> Page[InvoiceThere]:
        """Invoices and credit notes with the orders that their lines belong to."""
        wanted = [["move_type", "in", ["out_invoice", "out_refund"]]]
        swept = await self._page(call, "account.move", wanted, documents.INVOICE_FIELDS, cursor, limit, HISTORY)
        lines = await self._sweeps.under(
            call, "account.move.line", "move_id", _ids(swept.rows), ["move_id", "sale_line_ids"], order="id"
        )
        sold = {each for rows in lines.values() for row in rows for each in row["sale_line_ids"]}
        order_of = {
            key: int(row["order_id"][0])
            for key, row in (await self._sweeps.of(call, "sale.order.line", sold, ["order_id"])).items()
        }
        around = Around(shops=self._shops, orders=await self._orders(call, set(order_of.values())))

        def mapped(row: dict[str, Any]) -> InvoiceThere:
            orders = {order_of[each] for line in lines[row["id"]] for each in line["sale_line_ids"] if each in order_of}
            return documents.invoice(row, sorted(orders), around)

        return _page(swept, mapped)

    async def sales(self, call: Call, *, cursor: str | None, limit: int) -> Page[SaleThere]:
        """Receipts of our tills with their lines and payments."""
        if not self._tills:
            return Page(items=(), cursor=cursor, more=False)
        wanted = [["config_id", "in", sorted(self._tills)], ["state", "not in", list(receipts.NOT_SOLD)]]
        swept = await self._page(call, "pos.order", wanted, receipts.SALE_FIELDS, cursor, limit, RECEIPTS_HISTORY)
        keys = _ids(swept.rows)
        lines = await self._sweeps.under(
            call, "pos.order.line", "order_id", keys, receipts.SALE_LINE_FIELDS, order="id"
        )
        payments = await self._sweeps.under(
            call, "pos.payment", "pos_order_id", keys, receipts.PAYMENT_FIELDS, order="id"
        )
        around = Around(skus=await self._skus(call, (line for each in lines.values() for line in each)))
        charged = {tax for each in lines.values() for line in each for tax in line["tax_ids"]}
        known = await read_taxes(self._odoo, call, charged)

        def mapped(row: dict[str, Any]) -> SaleThere:
            key, till = row["id"], self._tills[row["config_id"][0]]
            return receipts.sale(row, lines[key], payments[key], till=till, around=around, taxes=known)

        return _page(swept, mapped)

    async def sessions(self, call: Call, *, cursor: str | None, limit: int) -> Page[SessionThere]:
        """Closed sessions of our tills, counted through."""
        if not self._tills:
            return Page(items=(), cursor=cursor, more=False)
        wanted = [["config_id", "in", sorted(self._tills)], ["state", "=", "closed"]]
        limit = min(limit, SESSIONS_AT_ONCE)
        swept = await self._page(call, "pos.session", wanted, receipts.SESSION_FIELDS, cursor, limit, RECEIPTS_HISTORY)
        counted = await self._sweeps.under(
            call, "pos.order", "session_id", _ids(swept.rows), receipts.COUNTED_FIELDS, order="id"
        )
        before = await self._before(call, swept.rows)

        def mapped(row: dict[str, Any]) -> SessionThere:
            till = self._tills[row["config_id"][0]]
            return receipts.session(row, counted[row["id"]], till=till, before=before[row["id"]])

        return _page(swept, mapped)

    async def _before(self, call: Call, sessions: list[dict[str, Any]]) -> dict[int, int]:
        """The last number of each session's till before it: one small call a session."""
        found: dict[int, int] = {}
        for row in sessions:
            earlier = [["config_id", "=", row["config_id"][0]], ["session_id", "<", row["id"]]]
            last = await self._sweeps.rows(
                call, "pos.order", earlier, ["sequence_number"], order="sequence_number desc", limit=1
            )
            found[row["id"]] = int(last[0]["sequence_number"]) if last else 0
        return found

    async def _page(  # noqa: PLR0917 - one call each, all of the same form
        self,
        call: Call,
        model: str,
        wanted: list[Any],
        fields: list[str],
        cursor: str | None,
        limit: int,
        history: timedelta,
    ) -> Swept:
        return await self._sweeps.page(call, model, wanted, fields, cursor=cursor, limit=limit, history=history)

    async def _known(self, call: Call, model: str, names: list[str]) -> frozenset[str]:
        if model not in self._fields:
            self._fields[model] = await self._sweeps.known(call, model, names)
        return self._fields[model]

    async def _orders(self, call: Call, ids: set[int]) -> dict[int, dict[str, Any]]:
        return await self._sweeps.of(call, "sale.order", ids, ["client_order_ref", "warehouse_id"])

    async def _skus(self, call: Call, lines: Iterable[Mapping[str, Any]]) -> dict[int, str]:
        rows = await self._sweeps.of(call, "product.product", _referred(lines, "product_id"), ["default_code"])
        return {key: code for key, row in rows.items() if (code := text(row["default_code"])) is not None}


def _tills(places: Places) -> Mapping[int, TillOf]:
    """Our tills by `pos.config` id."""
    return MappingProxyType(
        {
            places.tills[till].config: TillOf(
                till=till,
                shop=name,
                timezone=shop.timezone,
                methods={method: kind for kind, method in places.tills[till].methods.items()},
            )
            for name, shop in places.shops.items()
            for till in shop.tills
        }
    )


def _ids(rows: list[dict[str, Any]]) -> list[int]:
    return [row["id"] for row in rows]


def _referred(rows: Iterable[Mapping[str, Any]], name: str) -> set[int]:
    return {int(key) for row in rows if (key := reference(row[name])) is not None}


def _page(swept: Swept, mapped: Callable[[dict[str, Any]], D]) -> Page[D]:
    """The page in our words; what does not fit into them is logged."""
    items: list[D] = []
    for row in swept.rows:
        try:
            found = mapped(row)
            items.append(msgspec.convert(msgspec.to_builtins(found), type(found)))
        except (ValueError, msgspec.ValidationError) as error:
            _log.warning("record %s is no document the hub can hold: %s", row["id"], error)
    return Page(items=tuple(items), cursor=swept.cursor, more=swept.more)
