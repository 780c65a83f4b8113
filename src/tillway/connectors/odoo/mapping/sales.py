"""Sales: our sale as a `pos.order/sync_from_ui` payload, and Odoo's point of sale order as we compare it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC
from decimal import Decimal
from typing import Any, Final

from tillway import ids
from tillway.retail import BackOfficeSale, Sale, SaleLine, Tender, rounded, sale_id
from tillway.retail.outside import BackOfficeState

from .values import decimal, reference, text

FIELDS: Final = ["name", "uuid", "state", "amount_total", "lines", "session_id"]
"""Fields of `pos.order` that are read."""

STATES: Final[Mapping[str, BackOfficeState]] = {
    "draft": "draft",
    "paid": "confirmed",
    "done": "confirmed",
    "invoiced": "confirmed",
    "cancel": "cancelled",
}
"""What became of a sale, by Odoo's word for its state."""

_TIME: Final = "%Y-%m-%d %H:%M:%S"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sold:
    """What a line is in Odoo."""

    product: int
    """`product.product` id."""
    taxes: tuple[int, ...]
    """`account.tax` ids: Odoo computes none by itself here."""
    refunded: int | None = None
    """`pos.order.line` id of the line that this one takes back, where Odoo has it."""


def payload(sale: Sale, *, session: int, sold: Mapping[int, Sold], methods: Mapping[str, int]) -> dict[str, Any]:
    """The order as a till of Odoo's would send it; numbers as Decimal.

    `uuid` is our sale id, unique in Odoo: what makes sending it again harmless. `sold` is by line number, `methods`
    by kind of tender; KeyError for one that is missing. Odoo does not check sums here: they were audited before.
    """
    paid = sum((tender.amount for tender in sale.tenders), Decimal(0))
    return {
        "uuid": sale.id,
        "session_id": session,
        "state": "paid",
        "pos_reference": f"{sale.till}/{sale.epoch}/{sale.sequence}",
        "date_order": sale.sold_at.astimezone(UTC).strftime(_TIME),
        "amount_total": sale.gross,
        "amount_tax": sale.tax,
        "amount_paid": paid,
        "amount_return": -sale.change,
        "lines": [[0, 0, _line(sale, line, sold[line.number])] for line in sale.lines],
        "payment_ids": [[0, 0, _payment(tender, methods)] for tender in sale.tenders],
    }


def sale(row: Mapping[str, Any], currency: str) -> BackOfficeSale:
    """Odoo's point of sale order."""
    return BackOfficeSale(
        foreign_id=str(row["id"]),
        name=text(row["name"]) or str(row["id"]),
        state=STATES.get(str(row["state"]), "other"),
        gross=rounded(decimal(row["amount_total"]), currency),
        line_count=len(row["lines"]),
        session=reference(row["session_id"]) or "",
    )


def difference(ours: Sale, theirs: BackOfficeSale) -> str | None:
    """What differs between our sale and the one that Odoo holds under its id, or None."""
    if rounded(ours.gross, ours.currency) != theirs.gross:
        return f"total {theirs.gross} there, {ours.gross} here"
    if len(ours.lines) != theirs.line_count:
        return f"{theirs.line_count} lines there, {len(ours.lines)} here"
    return None


def line_uuid(sale_id: str, number: int) -> str:
    """The uuid of a line, unique in Odoo."""
    return str(ids.named("sale-line", sale_id, str(number)))


def refunded_uuid(line: SaleLine) -> str | None:
    """The uuid of the line that this one takes back; None when the till did not say."""
    of = line.refund_of
    return None if of is None else line_uuid(sale_id(of.till, of.epoch, of.sequence), of.line)


def _line(sale: Sale, line: SaleLine, sold: Sold) -> dict[str, Any]:
    refunded = {} if sold.refunded is None else {"refunded_orderline_id": sold.refunded}
    return refunded | {
        "uuid": line_uuid(sale.id, line.number),
        "product_id": sold.product,
        "qty": line.quantity,
        "price_unit": line.unit_price,
        "discount": line.discount,
        "tax_ids": [[6, 0, list(sold.taxes)]],
        "price_subtotal": line.net,
        "price_subtotal_incl": line.gross,
    }


def _payment(tender: Tender, methods: Mapping[str, int]) -> dict[str, Any]:
    return {"payment_method_id": methods[tender.kind], "amount": tender.amount}
