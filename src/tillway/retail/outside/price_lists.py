"""For how much it is sold, as the back office holds it."""

from __future__ import annotations

from typing import Protocol

from tillway.retail.call import Call
from tillway.retail.price import PriceList


class PriceLists(Protocol):
    """For how much."""

    async def price_list(self, call: Call, list_id: str) -> PriceList:
        """One list, whole: rules carry no change mark that can be trusted. NotFound when there is none."""
        ...

    async def versions(self, call: Call) -> str:
        """A cheap fingerprint of all lists that differs once any rule changed, appeared or vanished."""
        ...
