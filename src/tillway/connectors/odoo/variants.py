"""Which record of Odoo's a SKU stands for, just before something is written about it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from tillway.retail import Call

from .client import Json2
from .mapping.products import winners
from .mapping.values import text


async def by_sku(odoo: Json2, call: Call, skus: Iterable[str], *, company: str) -> dict[str, dict[str, Any]]:
    """Rows of `product.product` (id, taxes_id) by SKU. Archived ones count too: what was ordered or sold was sold.

    An unknown SKU is simply not there.
    """
    rows = await odoo.search_read(
        call,
        "product.product",
        [["default_code", "in", sorted(set(skus))]],
        ["default_code", "active", "taxes_id"],
        archived=True,
        company=company,
    )
    chosen = set(winners(rows).values())
    return {code: row for row in rows if row["id"] in chosen and (code := text(row["default_code"])) is not None}
