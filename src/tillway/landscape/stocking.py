"""What a shop keeps back of its stock: for inexact counts, and for tills that sell while they are cut off."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Annotated, Final

from pydantic import Field, StringConstraints

from tillway.landscape.base import Model
from tillway.landscape.values import Id

UNITS_PATTERN: Final = r"^[0-9]{1,9}(\.[0-9]{1,6})?$"

Units = Annotated[str, StringConstraints(pattern=UNITS_PATTERN)]
"""A quantity of a product in its unit, as a decimal string."""


class StockKept(Model):
    """What of each product is never promised."""

    safety: Units = "0"
    """Kept back from every channel, of each product."""
    channels: Mapping[Id, Units] = Field(default_factory=dict)
    """Consumer to what is kept back from it instead: more from a marketplace, nothing from the shop's own tills."""
    offline: Units = "0"
    """Kept for the shop's tills while they are cut off, of each product; nobody is promised it."""

    def safety_from(self, consumer: str) -> Decimal:
        """What is kept back from a consumer."""
        return Decimal(self.channels.get(consumer, self.safety))
