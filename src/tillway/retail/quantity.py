"""Quantity: how much of a product, in which unit."""

from __future__ import annotations

from typing import Annotated, Final

from tillway.retail.data_class import DataClass, classed
from tillway.retail.limits import QuantityAmount, Unit
from tillway.retail.word import Word

EACH: Final = "each"
"""The unit of what is counted."""


class Quantity(Word, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An amount of a product in its unit. Units are names; nothing here converts between them."""

    amount: Annotated[QuantityAmount, classed(DataClass.INTERNAL)]
    """How much; negative when goods come back."""
    unit: Annotated[Unit, classed(DataClass.PUBLIC)] = EACH
    """The product's unit of measure."""
