"""Documents of Odoo's people: rows of orders, transfers and invoices as the words of `retail`, or a reason why not."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any, Final

from tillway.connectors.odoo.cursor import moment
from tillway.retail import (
    Invoice,
    InvoiceThere,
    OrderLine,
    OrderNamed,
    OrderThere,
    Shipment,
    ShipmentLine,
    ShipmentThere,
    rounded,
)
from tillway.retail.limits import LINES_MAX
from tillway.retail.outside import BackOfficeState
from tillway.retail.outside.documents import NO_SHOP
from tillway.retail.shipment import Milestone, PaymentState

from .values import decimal, label, reference, text

ORDER_FIELDS: Final = [
    "name", "state", "client_order_ref", "origin", "date_order", "create_date", "warehouse_id", "pricelist_id",
    "currency_id", "amount_untaxed", "amount_tax", "amount_total",
]  # fmt: skip
"""Fields of `sale.order`."""

ORDER_LINE_FIELDS: Final = [
    "order_id", "sequence", "product_id", "display_type", "product_uom_qty", "qty_delivered", "price_unit", "discount",
    "price_subtotal", "price_total",
]  # fmt: skip
"""Fields of `sale.order.line`."""

PICKING_FIELDS: Final = [
    "name", "state", "picking_type_id", "picking_type_code", "scheduled_date", "date_done", "create_date",
    "backorder_id", "backorder_ids", "return_id", "sale_id",
]  # fmt: skip
"""Fields of `stock.picking` that every Odoo with sales and stock has."""

CARRIER_FIELDS: Final = ["carrier_id", "carrier_tracking_ref"]
"""Those that come with the module for carriers."""

MOVE_FIELDS: Final = ["picking_id", "product_id", "product_uom_qty", "quantity", "state"]
"""Fields of `stock.move`."""

INVOICE_FIELDS: Final = [
    "name", "state", "move_type", "payment_state", "invoice_date", "invoice_date_due", "create_date", "currency_id",
    "amount_untaxed", "amount_tax", "amount_total", "amount_residual", "reversed_entry_id",
]  # fmt: skip
"""Fields of `account.move`."""

_ORDER_STATES: Final[Mapping[str, BackOfficeState]] = {
    "draft": "draft",
    "sent": "draft",
    "sale": "confirmed",
    "done": "confirmed",
    "cancel": "cancelled",
}
_PAYMENTS: Final[Mapping[str, PaymentState]] = {
    "not_paid": "not-paid",
    "in_payment": "in-payment",
    "partial": "partial",
    "paid": "paid",
    "reversed": "reversed",
}
_PERCENT: Final = Decimal(100)
_PRICE: Final = Decimal(1).scaleb(-6)


@dataclass(frozen=True, slots=True, kw_only=True)
class Around:
    """What rows of a page refer to, read once for all of them."""

    skus: Mapping[int, str] = field(default_factory=dict)
    """Codes by `product.product` id."""
    shops: Mapping[int, str] = field(default_factory=dict)
    """Our shops by `stock.warehouse` id."""
    lists: Mapping[int, str] = field(default_factory=dict)
    """Our price lists by `product.pricelist` id."""
    kinds: Mapping[int, int] = field(default_factory=dict)
    """`stock.warehouse` ids by `stock.picking.type` id."""
    orders: Mapping[int, Mapping[str, Any]] = field(default_factory=dict)
    """`sale.order` rows that other documents name, by id."""

    def sku(self, product: Any) -> str:
        """The code of a product; one without is called by its id."""
        key = reference(product)
        return "no product" if key is None else self.skus.get(int(key), f"product.product:{key}")

    def shop(self, warehouse: Any) -> str | None:
        """Our shop whose warehouse this is."""
        key = reference(warehouse)
        return None if key is None else self.shops.get(int(key))

    def named(self, order: Any) -> OrderNamed | None:
        """The order that another document is about."""
        key = reference(order)
        if key is None:
            return None
        row = self.orders.get(int(key), {})
        return OrderNamed(foreign_id=key, ours=text(row.get("client_order_ref")))


def order(row: Mapping[str, Any], lines: Iterable[Mapping[str, Any]], around: Around) -> OrderThere:
    """An order. Sections and notes are no lines. ValueError when it is more than the hub can hold."""
    currency = label(row["currency_id"])
    goods = [line for line in lines if not line["display_type"]]
    listed = reference(row["pricelist_id"])
    return OrderThere(
        foreign_id=str(row["id"]),
        name=text(row["name"]) or str(row["id"]),
        state=_ORDER_STATES.get(str(row["state"]), "other"),
        ours=text(row["client_order_ref"]),
        reference=text(row["origin"]),
        shop=around.shop(row["warehouse_id"]),
        price_list=None if listed is None else around.lists.get(int(listed)),
        currency=currency,
        made_at=moment(row["create_date"]),
        placed_at=moment(row["date_order"] or row["create_date"]),
        delivered=any(decimal(line["qty_delivered"]) > 0 for line in goods),
        lines=tuple(_order_line(number, line, around, currency) for number, line in _numbered(goods)),
        net=rounded(decimal(row["amount_untaxed"]), currency),
        tax=rounded(decimal(row["amount_tax"]), currency),
        gross=rounded(decimal(row["amount_total"]), currency),
    )


def _numbered(goods: Sequence[Mapping[str, Any]]) -> Iterable[tuple[int, Mapping[str, Any]]]:
    """Lines with their numbers: the hub writes its own as `sequence`; where that names no line, places count."""
    numbers = [int(line["sequence"]) for line in goods]
    named = len(set(numbers)) == len(numbers) and all(1 <= number <= LINES_MAX for number in numbers)
    return zip(numbers if named else range(1, len(goods) + 1), goods, strict=True)


def _order_line(number: int, line: Mapping[str, Any], around: Around, currency: str) -> OrderLine:
    net, gross = (rounded(decimal(line[name]), currency) for name in ("price_subtotal", "price_total"))
    charged = decimal(line["price_unit"]) * (_PERCENT - decimal(line["discount"])) / _PERCENT
    return OrderLine(
        number=number,
        sku=around.sku(line["product_id"]),
        quantity=decimal(line["product_uom_qty"]),
        unit_price=charged.quantize(_PRICE).normalize() + 0,
        net=net,
        tax=gross - net,
        gross=gross,
    )


def shipment(row: Mapping[str, Any], moves: Iterable[Mapping[str, Any]], around: Around) -> ShipmentThere:
    """A transfer to a customer, or back from one."""
    kind = int(reference(row["picking_type_id"]) or 0)
    carrier = label(row.get("carrier_id"))
    found = Shipment(
        id=str(row["id"]),
        name=text(row["name"]) or str(row["id"]),
        kind="return" if row["picking_type_code"] == "incoming" else "delivery",
        milestone=milestone(row),
        shop=around.shop(around.kinds.get(kind, False)) or NO_SHOP,
        carrier=carrier or None,
        tracking=text(row.get("carrier_tracking_ref")),
        scheduled_at=moment(row["scheduled_date"]) if row["scheduled_date"] else None,
        done_at=moment(row["date_done"]) if row["date_done"] and row["state"] == "done" else None,
        follows=reference(row["backorder_id"]),
        returns=reference(row["return_id"]),
        lines=tuple(
            ShipmentLine(
                number=number,
                sku=around.sku(move["product_id"]),
                quantity=decimal(move["product_uom_qty"]),
                done=decimal(move["quantity"]) if move["state"] == "done" else Decimal(0),
            )
            for number, move in enumerate(moves, 1)
        ),
    )
    return ShipmentThere(order=around.named(row["sale_id"]), made_at=moment(row["create_date"]), shipment=found)


def milestone(row: Mapping[str, Any]) -> Milestone:
    """How far a transfer got. When part of one is delivered, Odoo cuts its demand down to that part and gives the rest
    to a new transfer: only `backorder_ids` tells of it. Goods left out for good leave no trace but the quantities.
    """
    state = str(row["state"])
    if state == "cancel":
        return "cancelled"
    if state != "done":
        return "ready" if state == "assigned" else "waiting"
    if row["picking_type_code"] == "incoming":
        return "returned"
    return "partially-shipped" if row["backorder_ids"] else "shipped"


def invoice(row: Mapping[str, Any], orders: Iterable[int], around: Around) -> InvoiceThere:
    """An invoice, or a credit note: their amounts are all positive. `orders` are the orders of its lines."""
    currency = label(row["currency_id"])
    named = tuple(each for key in orders if (each := around.named(key)) is not None)
    shops = [around.shop(around.orders[int(each.foreign_id)]["warehouse_id"]) for each in named]
    found = Invoice(
        id=str(row["id"]),
        name=text(row["name"]) or str(row["id"]),
        kind="credit-note" if row["move_type"] == "out_refund" else "invoice",
        shop=next((shop for shop in shops if shop is not None), None),
        credits=reference(row["reversed_entry_id"]),
        invoiced_on=_day(row["invoice_date"]),
        due_on=_day(row["invoice_date_due"]),
        currency=currency,
        net=rounded(decimal(row["amount_untaxed"]), currency),
        tax=rounded(decimal(row["amount_tax"]), currency),
        gross=rounded(decimal(row["amount_total"]), currency),
        open=rounded(decimal(row["amount_residual"]), currency),
        payment=_PAYMENTS.get(str(row["payment_state"]), "other"),
    )
    state = {"posted": "posted", "cancel": "cancelled"}.get(str(row["state"]), "draft")
    return InvoiceThere(state=state, made_at=moment(row["create_date"]), orders=named, invoice=found)  # type: ignore[arg-type]


def _day(value: Any) -> date | None:
    return date.fromisoformat(value) if isinstance(value, str) else None
