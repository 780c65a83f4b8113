"""For how much it is sold, as the back office holds it."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Final, Protocol

from tillway.retail.call import Call
from tillway.retail.data_class import DataClass, classed
from tillway.retail.limits import Id, QuantityAmount
from tillway.retail.price import PriceList
from tillway.retail.word import Word

ASKED_MAX: Final = 20
"""Prices asked of the back office for one request: each costs it about 25 ms, and somebody waits."""


class PriceAsked(Word, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the back office is asked the price of."""

    variant: Annotated[Id, classed(DataClass.INTERNAL)]
    """Foreign id of the product."""
    quantity: Annotated[QuantityAmount, classed(DataClass.INTERNAL)]
    """For how much of it."""


class PriceLists(Protocol):
    """For how much."""

    async def price_list(self, call: Call, list_id: str) -> PriceList:
        """One list, whole: rules carry no change mark that can be trusted. NotFound when there is none."""
        ...

    async def ask(
        self, call: Call, list_id: str, asked: tuple[PriceAsked, ...], at: datetime
    ) -> tuple[Decimal | None, ...]:
        """What one unit of each costs by a list at a moment, as the back office itself reckons; None: it does not say.

        At most `ASKED_MAX` at once.
        """
        ...

    async def versions(self, call: Call) -> str:
        """A cheap fingerprint of all lists that differs once any rule changed, appeared or vanished."""
        ...
