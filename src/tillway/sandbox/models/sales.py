"""Orders that customers place.

Tables only: what is computed lives in the modules named here.
"""

from __future__ import annotations

from typing import Final

from tillway.sandbox import invoicing, order_amounts, orders
from tillway.sandbox.defaults import company, now, user
from tillway.sandbox.fields import (
    Model,
    boolean,
    char,
    date,
    decimal,
    html,
    integer,
    many2many,
    many2one,
    model,
    moment,
    monetary,
    one2many,
    selection,
    text,
)

MODELS: Final[tuple[Model, ...]] = (
    model(
        "sale.order",
        "Sales Order",
        char("name", "Order Reference", required=True, indexed=True),
        selection(
            "state", "draft=Quotation|sent=Quotation Sent|sale=Sales Order|cancel=Cancelled", "Status", default="draft"
        ),
        char("client_order_ref", "Customer Reference", indexed=True),
        char("origin", "Source Document"),
        moment("date_order", "Order Date", required=True, default=now),
        date("validity_date", "Expiration"),
        moment("commitment_date", "Delivery Date"),
        many2one("partner_id", "res.partner", "Customer", required=True, on_delete="restrict"),
        many2one("partner_invoice_id", "res.partner", "Invoice Address", required=True),
        many2one("partner_shipping_id", "res.partner", "Delivery Address", required=True),
        many2one("pricelist_id", "product.pricelist"),
        many2one("currency_id", "res.currency"),
        many2one("company_id", "res.company", required=True, default=company),
        many2one("warehouse_id", "stock.warehouse"),
        many2one("user_id", "res.users", "Salesperson", default=user),
        html("note", "Terms and conditions"),
        one2many("order_line", "sale.order.line", "order_id", "Order Lines"),
        monetary("amount_untaxed", "Untaxed Amount", compute=order_amounts.amount_untaxed, kept=True),
        monetary("amount_tax", "Taxes", compute=order_amounts.amount_tax, kept=True),
        monetary("amount_total", "Total", compute=order_amounts.amount_total, kept=True),
        selection(
            "invoice_status",
            "upselling=Upselling Opportunity|invoiced=Fully Invoiced|to invoice|no=Nothing to Invoice",
            compute=invoicing.status,
            kept=True,
        ),
        selection(
            "delivery_status",
            "pending=Not Delivered|started|partial=Partially Delivered|full=Fully Delivered",
            compute=orders.delivery_status,
            kept=True,
        ),
        one2many("picking_ids", "stock.picking", "sale_id", "Transfers"),
        many2many("invoice_ids", "account.move", "Invoices", compute=invoicing.invoices),
        char("access_token", "Security Token"),
        boolean("locked"),
        boolean("require_payment", "Online payment", default=True),
        order="date_order desc, id desc",
    ),
    model(
        "sale.order.line",
        "Sales Order Line",
        many2one("order_id", "sale.order", "Order Reference", required=True, on_delete="cascade"),
        integer("sequence", default=10),
        text("name", "Description", required=True),
        selection("display_type", "line_section=Section|line_subsection=Subsection|line_note=Note"),
        many2one("product_id", "product.product", on_delete="restrict"),
        many2one("product_template_id", "product.template", path="product_id.product_tmpl_id"),
        decimal("product_uom_qty", "Quantity", required=True, default=1.0),
        many2one("product_uom_id", "uom.uom", "Unit", default=1),
        decimal("price_unit", "Unit Price", required=True),
        decimal("technical_price_unit"),
        decimal("discount", "Discount (%)"),
        many2many("tax_ids", "account.tax", "Taxes"),
        monetary("price_subtotal", "Subtotal", compute=order_amounts.line_subtotal, kept=True),
        decimal("price_tax", "Total Tax", compute=order_amounts.line_tax, kept=True),
        monetary("price_total", "Total", compute=order_amounts.line_total, kept=True),
        decimal("qty_delivered", "Delivery Quantity", compute=invoicing.delivered, kept=True),
        decimal("qty_invoiced", "Invoiced Quantity", compute=invoicing.invoiced, kept=True),
        decimal("qty_to_invoice", "Quantity To Invoice", compute=invoicing.to_invoice, kept=True),
        selection(
            "state",
            "draft=Quotation|sent=Quotation Sent|sale=Sales Order|cancel=Cancelled",
            "Order Status",
            path="order_id.state",
        ),
        many2one("company_id", "res.company", path="order_id.company_id"),
        many2one("currency_id", "res.currency", path="order_id.currency_id"),
        many2one("order_partner_id", "res.partner", "Customer", path="order_id.partner_id"),
        many2one("salesman_id", "res.users", "Salesperson", path="order_id.user_id"),
        one2many("move_ids", "stock.move", "sale_line_id", "Stock Moves"),
        decimal("customer_lead", "Lead Time", required=True, default=0.0),
        many2one("pricelist_item_id", "product.pricelist.item", compute=orders.line_rule),
        order="order_id, sequence, id",
        display=orders.display_line,
    ),
)
