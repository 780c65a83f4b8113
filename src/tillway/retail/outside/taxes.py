"""What taxes the back office charges on sales."""

from __future__ import annotations

from typing import Protocol

from tillway.retail.call import Call
from tillway.retail.tax import Tax


class TaxBook(Protocol):
    """Taxes on sales, of the call's company."""

    async def taxes(self, call: Call) -> tuple[Tax, ...]:
        """All in force that are percentages, in the order they are computed."""
        ...
