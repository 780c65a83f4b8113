"""Store and till: where goods are sold. A store is always a shop, never a place where data lies."""

from __future__ import annotations

from typing import Annotated

from tillway.retail.data_class import DataClass, classed
from tillway.retail.limits import CurrencyCode, Id, Name
from tillway.retail.word import Word


class Store(Word, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One shop, physical or on the web."""

    id: Annotated[Id, classed(DataClass.PUBLIC)]
    """Our id of the shop, as the landscape names it."""
    name: Annotated[Name, classed(DataClass.PUBLIC)]
    """What people call it."""
    timezone: Annotated[Id, classed(DataClass.PUBLIC)]
    """IANA name; the business day is counted in it."""
    currency: Annotated[CurrencyCode, classed(DataClass.PUBLIC)]
    """What it is paid in."""
    region: Annotated[Id | None, classed(DataClass.PUBLIC)] = None
    """The region it belongs to."""


class Till(Word, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One till of a store; its session in the back office is opened by its id."""

    id: Annotated[Id, classed(DataClass.INTERNAL)]
    """Our id of the till, as the landscape names it."""
    store: Annotated[Id, classed(DataClass.INTERNAL)]
    """The store it stands in."""
