"""Orders: our order as rows of `sale.order/load`, and Odoo's order as we compare it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any, Final

from tillway.retail import BackOfficeLine, BackOfficeOrder, BackOfficeStore, Order, rounded
from tillway.retail.outside import BackOfficeState

from .values import decimal, label, reference, text

MODULE: Final = "tillway"
"""The module part of our external ids: `ir.model.data` is unique by (module, name), the one key Odoo enforces here."""

FIELDS: Final = ["name", "state", "amount_total", "currency_id", "order_line"]
"""Fields of `sale.order` that are read."""

LINE_FIELDS: Final = ["product_id", "product_uom_qty", "display_type"]
"""Fields of `sale.order.line` that are read."""

STATES: Final[Mapping[str, BackOfficeState]] = {
    "draft": "draft",
    "sent": "draft",
    "sale": "confirmed",
    "done": "confirmed",
    "cancel": "cancelled",
}
"""What became of an order, by Odoo's word for its state."""


def external_id(order_id: str, line: int | None = None) -> str:
    """The external id of an order, or of one of its lines. Lines need theirs: without, a second load doubles them."""
    return f"{MODULE}.order_{order_id}" + ("" if line is None else f"_l{line}")


def rows(
    order: Order, store: BackOfficeStore, *, customer: str, price_list: int | None, variants: Mapping[str, int]
) -> tuple[list[str], list[list[str]]]:
    """Fields and data of the `load` that creates this order with its lines, once, in one transaction.

    `client_order_ref` is our order id, by which it is found; `origin` the asker's own reference. Price and discount
    stand on each line, so that Odoo charges what was promised whatever its rules say by then. The price list is
    always among the fields, also when empty: Odoo refuses to touch it on a confirmed order, so a late repetition
    can't change one. KeyError for a SKU that `variants` does not name.
    """
    head = {
        "id": external_id(order.id),
        "company_id/.id": store.company,
        "partner_id/.id": customer,
        "client_order_ref": order.id,
        "origin": order.reference or "",
        "pricelist_id/.id": "" if price_list is None else str(price_list),
    }
    if store.warehouse is not None:
        head["warehouse_id/.id"] = store.warehouse
    lines = [
        {
            "order_line/id": external_id(order.id, line.number),
            "order_line/sequence": str(line.number),
            "order_line/product_id/.id": str(variants[line.sku]),
            "order_line/product_uom_qty": _plain(line.quantity),
            "order_line/price_unit": _plain(line.unit_price),
            "order_line/discount": "0",
        }
        for line in order.lines
    ]
    fields = [*head, *lines[0]]
    first = [*head.values(), *lines[0].values()]
    empty = [""] * len(head)
    return fields, [first, *([*empty, *line.values()] for line in lines[1:])]


def order(row: Mapping[str, Any], lines: Iterable[Mapping[str, Any]], skus: Mapping[int, str]) -> BackOfficeOrder:
    """Odoo's order. Sections and notes are no lines, nor are those taken off; a product without code is named by its
    id.
    """
    goods = [line for line in lines if not line["display_type"] and line["product_uom_qty"]]
    currency = label(row["currency_id"])
    return BackOfficeOrder(
        foreign_id=str(row["id"]),
        name=text(row["name"]) or str(row["id"]),
        state=STATES.get(str(row["state"]), "other"),
        gross=rounded(decimal(row["amount_total"]), currency),
        line_count=len(goods),
        lines=tuple(_line(line, skus) for line in goods),
    )


def _line(row: Mapping[str, Any], skus: Mapping[int, str]) -> BackOfficeLine:
    product = reference(row["product_id"])
    sku = skus.get(int(product), f"product.product:{product}") if product is not None else "no product"
    return BackOfficeLine(sku=sku, quantity=decimal(row["product_uom_qty"]))


def _plain(value: Decimal) -> str:
    """The number without an exponent: Odoo reads texts."""
    return f"{value:f}"
