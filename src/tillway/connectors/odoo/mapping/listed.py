"""Orders and sales of Odoo's as rows of a list that is compared with ours."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from tillway.connectors.odoo.cursor import moment
from tillway.retail import ListedDocument, rounded

from . import orders, sales
from .values import decimal, label, reference, text

SHAPE: Final = "________-____-7___-____-____________"
"""Our order ids (UUIDs of version 7) as a pattern: what people type as a reference looks otherwise."""

FIELDS: Final[Mapping[str, list[str]]] = {
    "sale.order": ["name", "client_order_ref", "state", "amount_total", "currency_id", "create_date", "order_line"],
    "pos.order": ["name", "uuid", "state", "amount_total", "currency_id", "create_date", "lines", "config_id"],
}
"""Fields that are listed, by model."""


def order(row: Mapping[str, Any]) -> ListedDocument:
    """One order of a list."""
    currency = label(row["currency_id"])
    return ListedDocument(
        ours=str(row["client_order_ref"]).lower(),
        foreign_id=str(row["id"]),
        name=text(row["name"]) or str(row["id"]),
        state=orders.STATES.get(str(row["state"]), "other"),
        gross=rounded(decimal(row["amount_total"]), currency),
        currency=currency,
        made_at=moment(row["create_date"]),
        line_count=len(row["order_line"]),
    )


def sale(row: Mapping[str, Any], tills: Mapping[int, str]) -> ListedDocument:
    """One sale of a list; `tills` are ours by Odoo's point of sale."""
    currency, config = label(row["currency_id"]), reference(row["config_id"])
    return ListedDocument(
        ours=(text(row["uuid"]) or f"pos.order:{row['id']}").lower(),
        foreign_id=str(row["id"]),
        name=text(row["name"]) or str(row["id"]),
        state=sales.STATES.get(str(row["state"]), "other"),
        gross=rounded(decimal(row["amount_total"]), currency),
        currency=currency,
        made_at=moment(row["create_date"]),
        till=tills.get(int(config)) if config is not None else None,
        line_count=len(row["lines"]),
    )
