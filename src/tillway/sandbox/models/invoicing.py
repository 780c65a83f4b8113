"""Invoices, payments, and the wizards that make them and credit notes and returns.

Tables only: what is computed lives in the modules named here.
"""

from __future__ import annotations

from typing import Final

from tillway.sandbox import invoicing
from tillway.sandbox.defaults import today
from tillway.sandbox.fields import (
    Model,
    boolean,
    char,
    constant,
    date,
    decimal,
    many2many,
    many2one,
    model,
    monetary,
    selection,
    text,
)

MODELS: Final[tuple[Model, ...]] = (
    model(
        "account.move.line",
        "Journal Item",
        many2one("move_id", "account.move", "Journal Entry", required=True, on_delete="cascade"),
        many2one("product_id", "product.product"),
        text("name", "Label"),
        selection("display_type", "product|cogs|tax|discount|rounding|payment_term", default="product"),
        decimal("quantity", default=1.0),
        decimal("price_unit", "Unit Price"),
        decimal("discount", "Discount (%)"),
        many2many("tax_ids", "account.tax", "Taxes"),
        many2many("sale_line_ids", "sale.order.line", "Sales Order Lines"),
        monetary("price_subtotal", "Subtotal", compute=invoicing.item_subtotal, kept=True),
        monetary("price_total", "Total", compute=invoicing.item_total, kept=True),
        many2one("currency_id", "res.currency", path="move_id.currency_id"),
        many2one("company_id", "res.company", path="move_id.company_id"),
        order="id",
    ),
    model(
        "account.payment",
        "Payments",
        char("name", "Number"),
        selection("state", "draft|in_process|paid|canceled|rejected", default="draft"),
        char("memo"),
        char("payment_reference"),
        monetary("amount"),
        selection("payment_type", "outbound=Send|inbound=Receive", default="inbound"),
        selection("partner_type", "customer|supplier=Vendor", default="customer"),
        many2one("partner_id", "res.partner", "Customer/Vendor"),
        many2one("journal_id", "account.journal", required=True),
        many2one("currency_id", "res.currency"),
        date("date", required=True, default=today),
        many2many("reconciled_invoice_ids", "account.move", "Reconciled Invoices"),
        boolean("is_reconciled", compute=constant(True)),
        order="date desc, name desc",
    ),
    model(
        "sale.advance.payment.inv",
        "Sales Advance Payment Invoice",
        selection("advance_payment_method", "delivered|percentage|fixed", required=True, default="delivered"),
        many2many("sale_order_ids", "sale.order"),
        decimal("amount", "Down Payment"),
        rec_name="id",
    ),
    model(
        "account.payment.register",
        "Pay",
        many2one("journal_id", "account.journal"),
        monetary("amount"),
        char("communication", "Memo"),
        date("payment_date", required=True, default=today),
        many2many("move_ids", "account.move"),
        rec_name="id",
    ),
    model(
        "account.move.reversal",
        "Account Move Reversal",
        many2many("move_ids", "account.move"),
        many2one("journal_id", "account.journal"),
        char("reason"),
        date("date", default=today),
        rec_name="id",
    ),
    model(
        "stock.return.picking",
        "Return Picking",
        many2one("picking_id", "stock.picking"),
        rec_name="id",
    ),
    model(
        "stock.return.picking.line",
        "Return Picking Line",
        many2one("wizard_id", "stock.return.picking"),
        many2one("product_id", "product.product", required=True),
        many2one("move_id", "stock.move"),
        decimal("quantity", required=True, default=1.0),
        decimal("move_quantity"),
        boolean("to_refund", default=True),
        rec_name="product_id",
    ),
    model(
        "stock.move.line",
        "Product Moves (Stock Move Line)",
        many2one("move_id", "stock.move", "Stock Operation", on_delete="cascade"),
        many2one("picking_id", "stock.picking", "Transfer", on_delete="cascade"),
        many2one("product_id", "product.product", "Product"),
        decimal("quantity"),
        many2one("location_id", "stock.location", "From", required=True),
        many2one("location_dest_id", "stock.location", "To", required=True),
        rec_name="id",
    ),
)
