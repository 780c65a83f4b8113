"""Goods that come back to the back office's stock."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Protocol

from tillway.retail.call import Call
from tillway.retail.data_class import DataClass, classed
from tillway.retail.limits import Id, Reference
from tillway.retail.outside.order_book import BackOfficeLine, BackOfficeState
from tillway.retail.word import Word


class GoodsBack(Word, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A transfer of goods that come back. Confirmed means that they are in stock."""

    foreign_id: Annotated[Id, classed(DataClass.INTERNAL)]
    """Their id."""
    name: Annotated[Reference, classed(DataClass.INTERNAL)]
    """The number their people know it by."""
    state: Annotated[BackOfficeState, classed(DataClass.INTERNAL)]
    """What became of it."""


class TakingBack(Protocol):
    """Goods of delivered orders, by our return's id."""

    async def find(self, call: Call, order: str, reference: str, since: datetime) -> GoodsBack | None:
        """The transfer with our reference. One that we made for this order after `since` and could not mark any more,
        because an answer was lost, is marked now.
        """
        ...

    async def take_back(self, call: Call, order: str, reference: str, lines: tuple[BackOfficeLine, ...]) -> GoodsBack:
        """Have a transfer made for these goods, marked with our reference. Not safe to repeat. Invalid when not so
        much was delivered.
        """
        ...

    async def finish(self, call: Call, foreign_id: str, damaged: tuple[BackOfficeLine, ...] = ()) -> GoodsBack:
        """Have the goods in stock, the damaged ones of them where nobody can sell them; no effect when they are.
        Invalid when damaged ones cannot be kept apart any more.
        """
        ...
