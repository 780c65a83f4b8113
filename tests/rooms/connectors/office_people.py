"""People at work in the back office, and a hub that reads what they did."""

from __future__ import annotations

import secrets
import uuid
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from tests.rooms.connectors.far_side import FarSide, Retailer, TillThere, close_session
from tests.rooms.journal.world import sequenced

from tillway.journal import read
from tillway.postgres import Database
from tillway.records.refreshing.documents import INVOICES, ORDERS, SALES, SESSIONS, SHIPMENTS, DocumentsReading, Kind
from tillway.records.refreshing.source import Source
from tillway.records.there import our_id
from tillway.retail import Documents

NO_QUESTIONS = {"skip_sms": True, "skip_backorder": True}


class Told(NamedTuple):
    """An event, as far as it matters."""

    type: str
    data: dict[str, Any]


@dataclass(kw_only=True)
class Reader:
    """A hub's readings of documents, for a shop at the retailer's warehouse with one till."""

    db: Database
    connection: str
    documents: Documents
    seen: int = 0
    kinds: tuple[Kind, ...] = (ORDERS, SHIPMENTS, INVOICES, SALES, SESSIONS)

    async def once(self) -> None:
        """Read everything once, as a node that just started does."""
        source = Source(
            connection=self.connection,
            company="1",
            catalogue=None,  # type: ignore[arg-type]
            price_lists=None,  # type: ignore[arg-type]
            lists={},
            poll_seconds=60,
            documents=self.documents,
        )
        for kind in self.kinds:
            await DocumentsReading(self.db, source, self.documents, kind).once()

    def id(self, kind: Any, foreign: int) -> str:
        """Our id of a document that people made."""
        return our_id(kind, self.connection, str(foreign))

    async def told(self, *subjects: str) -> list[Told]:
        """What was told of these since this was asked last."""
        await sequenced(self.db)
        found = []
        while page := (await read(self.db, self.seen)).events:
            self.seen = page[-1].position
            found += [Told(each.type, each.data) for each in page if each.subject in subjects or not subjects]
        return found


@dataclass(kw_only=True)
class People:
    """What they do in the back office, over its own door."""

    far: FarSide
    shop: Retailer
    made: list[int] = field(default_factory=list)

    def stock(self, sku: str, quantity: int) -> None:
        """Count goods into the warehouse."""
        variant = self.shop.variants[sku]
        self.far.ask("product.template", "write", ids=[self.shop.template], vals={"is_storable": True})
        place = self.far.rows("stock.warehouse", [["id", "=", int(self.shop.warehouse)]], ["lot_stock_id"])
        values = {"product_id": variant, "location_id": place[0]["lot_stock_id"][0], "inventory_quantity": quantity}
        quants = self.far.ask("stock.quant", "create", vals_list=values, context={"inventory_mode": True})
        self.far.ask("stock.quant", "action_apply_inventory", ids=quants)

    def order(self, sku: str, quantity: int, *, confirm: bool = True, ref: str | None = None) -> int:
        """Sell over the telephone."""
        line = {"product_id": self.shop.variants[sku], "product_uom_qty": quantity}
        order = self.far.make(
            "sale.order",
            partner_id=int(self.shop.customer),
            warehouse_id=int(self.shop.warehouse),
            client_order_ref=ref or f"TEL-{secrets.token_hex(3)}",
            order_line=[[0, 0, line]],
        )
        if confirm:
            self.far.ask("sale.order", "action_confirm", ids=[order])
        return order

    def pickings(self, order: int) -> list[int]:
        rows = self.far.rows("stock.picking", [["sale_id", "=", order]], ["name"], order="id")
        return [row["id"] for row in rows]

    def deliver(self, picking: int, quantity: int | None = None) -> None:
        """Hand over, all of it or as much."""
        if quantity is not None:
            moves = self.far.rows("stock.move", [["picking_id", "=", picking]], ["state"])
            values = {"quantity": quantity, "picked": True}
            self.far.ask("stock.move", "write", ids=[move["id"] for move in moves], vals=values)
        done = self.far.ask("stock.picking", "button_validate", ids=[picking], context=NO_QUESTIONS)
        assert done is True

    def cancel(self, order: int) -> None:
        self.far.ask("sale.order", "action_cancel", ids=[order])

    def invoice(self, order: int) -> int:
        """Make an invoice and post it."""
        context = {"active_model": "sale.order", "active_ids": [order]}
        values = {"advance_payment_method": "delivered", "sale_order_ids": [[6, 0, [order]]]}
        wizard = self.far.ask("sale.advance.payment.inv", "create", vals_list=values, context=context)
        made = self.far.ask("sale.advance.payment.inv", "create_invoices", ids=wizard, context=context)
        self.far.ask("account.move", "action_post", ids=[made["res_id"]])
        invoice: int = made["res_id"]
        return invoice

    def pay(self, invoice: int, amount: float | None = None) -> None:
        journal = self.far.rows("account.journal", [["type", "=", "bank"]], ["name"], order="id", limit=1)[0]["id"]
        context = {"active_model": "account.move", "active_ids": [invoice]}
        values = {"journal_id": journal} | ({} if amount is None else {"amount": amount})
        wizard = self.far.ask("account.payment.register", "create", vals_list=values, context=context)
        self.far.ask("account.payment.register", "action_create_payments", ids=wizard)

    def open(self, till: TillThere) -> int:
        session = self.far.make("pos.session", config_id=till.config)
        self.far.ask("pos.session", "set_opening_control", ids=[session], cashbox_value=0, notes="")
        return session

    def sell(self, till: TillThere, session: int, sku: str, quantity: int, *, number: int | None = None) -> str:
        """A receipt at the back office's own till; its UUID."""
        net, gross = 20 * quantity, 23 * quantity
        line = {"product_id": self.shop.variants[sku], "qty": quantity, "price_unit": 20.0, "discount": 0.0}
        line |= {"tax_ids": [[6, 0, [self.shop.tax]]], "price_subtotal": net, "price_subtotal_incl": gross}
        order = {
            "uuid": str(uuid.uuid4()),
            "session_id": session,
            "state": "paid",
            "amount_total": gross,
            "amount_tax": gross - net,
            "amount_paid": gross,
            "amount_return": 0.0,
            "lines": [[0, 0, line | {"uuid": str(uuid.uuid4())}]],
            "payment_ids": [[0, 0, {"payment_method_id": till.methods["card"], "amount": gross}]],
        }
        if number is not None:
            order["sequence_number"] = number
        self.far.ask("pos.order", "sync_from_ui", orders=[order])
        return str(order["uuid"])

    def close(self, session: int) -> None:
        close_session(self.far, session)
