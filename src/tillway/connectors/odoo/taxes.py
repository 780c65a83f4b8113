"""Taxes on sales, as one company charges them."""

from __future__ import annotations

from tillway.retail import Call, Tax

from .client import Json2, number
from .mapping import taxes


class OdooTaxes:
    """`retail.TaxBook` over one Odoo."""

    def __init__(self, odoo: Json2) -> None:
        self._odoo = odoo

    async def taxes(self, call: Call) -> tuple[Tax, ...]:
        """The percentages among the company's taxes on sales; fixed amounts and groups are none."""
        domain = [["type_tax_use", "=", "sale"], ["company_id", "=", number(call.company, "company")]]
        rows = await self._odoo.search_read(call, "account.tax", domain, taxes.FIELDS, order=taxes.ORDER)
        return taxes.percentages(rows)
