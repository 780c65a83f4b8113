"""What the records hold of people."""

from __future__ import annotations

from typing import Final

from tillway.postgres import Column, Personal
from tillway.records.payments import PAYMENTS_AT
from tillway.records.sealed import CUSTOMERS_AT, ORDERS_AT, SALES_AT

PERSONAL: Final = Personal(
    schema="records",
    columns={
        ("orders", "document"): Column(sealed=ORDERS_AT, nulls=frozenset({"customer"})),
        ("orders", "reference"): Column(),
        ("order_changes", "amended"): Column(sealed=ORDERS_AT, row="order_id::text", nulls=frozenset({"customer"})),
        ("order_changes", "reason"): Column(),
        ("order_changes", "detail"): Column(),
        ("payments", "document"): Column(sealed=PAYMENTS_AT),
        ("payments", "violations"): Column(),
        ("returns", "document"): Column(),
        ("customers", "document"): Column(sealed=CUSTOMERS_AT, nulls=frozenset({"personal"})),
        ("documents", "waiting"): Column(),
        ("loyalty_movements", "reference"): Column(),
        ("loyalty_movements", "reason"): Column(),
        ("sales", "document"): Column(sealed=SALES_AT),
        ("sales", "corrected"): Column(sealed=SALES_AT),
        ("sales", "violations"): Column(),
        ("sales", "note"): Column(),
    },
    about={
        "customers": "id::text",
        "documents": "theirs",
        "loyalty_movements": "id::text",
        "orders": "id::text",
        "order_changes": "order_id::text",
        "payments": "order_id::text",
        "returns": "id::text",
        "sales": "id::text",
    },
)
