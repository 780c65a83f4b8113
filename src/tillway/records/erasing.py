"""What the records hold of people."""

from __future__ import annotations

from typing import Final

from tillway.postgres import Column, Personal
from tillway.records.sealed import ORDERS_AT, SALES_AT

PERSONAL: Final = Personal(
    schema="records",
    columns={
        ("orders", "document"): Column(sealed=ORDERS_AT, nulls=frozenset({"customer"})),
        ("orders", "reference"): Column(),
        ("sales", "document"): Column(sealed=SALES_AT),
        ("sales", "corrected"): Column(sealed=SALES_AT),
        ("sales", "violations"): Column(),
        ("sales", "note"): Column(),
    },
    about={"orders": "id::text", "sales": "id::text"},
)
