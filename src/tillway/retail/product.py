"""Product: one sellable variant, as every channel knows it."""

from __future__ import annotations

from typing import Annotated

import msgspec

from tillway.retail.data_class import DataClass, classed
from tillway.retail.gtin import parse_gtin
from tillway.retail.limits import (
    ATTRIBUTES_MAX,
    TAXES_MAX,
    CategoryPath,
    CurrencyCode,
    Gtin,
    Id,
    Name,
    SkuText,
    Unit,
    UnitPrice,
)
from tillway.retail.own_field import OwnFieldsHeld
from tillway.retail.quantity import EACH
from tillway.retail.sku import parse_sku
from tillway.retail.tax import Tax
from tillway.retail.word import Word


class Product(Word, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A variant that can be sold by its SKU. A malformed SKU or GTIN is a ValueError: what maps products decides."""

    sku: Annotated[SkuText, classed(DataClass.PUBLIC)]
    """The retailer's own name of it, unique in the hub."""
    name: Annotated[Name, classed(DataClass.PUBLIC)]
    """What the receipt prints."""
    gtin: Annotated[Gtin | None, classed(DataClass.PUBLIC)] = None
    """The number under its bar code, with a right check digit."""
    list_price: Annotated[UnitPrice, classed(DataClass.PUBLIC)]
    """Price of one unit before any list, the variant's surcharge included; with or without tax as its taxes say."""
    currency: Annotated[CurrencyCode, classed(DataClass.PUBLIC)]
    """What `list_price` is in."""
    taxes: Annotated[Annotated[tuple[Tax, ...], msgspec.Meta(max_length=TAXES_MAX)], classed(DataClass.PUBLIC)] = ()
    """The taxes on its sale, in the order they are computed."""
    unit: Annotated[Unit, classed(DataClass.PUBLIC)] = EACH
    """What one of it is."""
    category: Annotated[CategoryPath | None, classed(DataClass.PUBLIC)] = None
    """Ids from the root category down to its own, as in `3/7/`."""
    template: Annotated[Id, classed(DataClass.INTERNAL)]
    """Foreign id of the family it is a variant of."""
    variant: Annotated[Id, classed(DataClass.INTERNAL)]
    """Foreign id of the variant itself."""
    attributes: Annotated[
        Annotated[dict[Name, Name], msgspec.Meta(max_length=ATTRIBUTES_MAX)], classed(DataClass.PUBLIC)
    ] = msgspec.field(default_factory=dict)
    """What tells it from its siblings, as in {"Colour": "Blue"}."""
    active: Annotated[bool, classed(DataClass.PUBLIC)] = True
    """False once it is no longer sold; it stays known for old orders."""
    extensions: Annotated[OwnFieldsHeld, classed(DataClass.PUBLIC)] = msgspec.field(default_factory=dict)
    """The retailer's own fields, as its landscape declares them; each has a class of its own there."""

    def __post_init__(self) -> None:
        super().__post_init__()
        parse_sku(self.sku)
        if self.gtin is not None:
            parse_gtin(self.gtin)


def category_ids(path: str | None) -> tuple[str, ...]:
    """The ids of a category path from the root down: `3/7/` and `3/7` give ("3", "7")."""
    return tuple(part for part in (path or "").split("/") if part)
