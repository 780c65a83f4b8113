"""Tax on a line and on a document, to the cent as Odoo computes it. Percentages only.

Included taxes are inside the amount and are divided out of it together; excluded taxes come on top of what is
left, none of them on another. Each tax is rounded by itself, half away from zero, and the net follows.

Documents are rounded in one of two ways, a setting of the company in Odoo. `line`: every tax of every line is
rounded, and the document is their sum. `total`: each tax is summed over the document before it is rounded
(Odoo 19 calls it `round_globally` and takes it unless told otherwise); the cents that this moves are laid on the
largest lines, so that lines add up to the document either way.
"""

from __future__ import annotations

from typing import Annotated, Literal

from tillway.retail.data_class import DataClass, classed
from tillway.retail.limits import Amount, Id, Name, Percent
from tillway.retail.word import Word

Rounding = Literal["line", "total"]
"""Where taxes are rounded: on each line, or once a document."""


class Tax(Word, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A tax on the sale of a product."""

    id: Annotated[Id, classed(DataClass.INTERNAL)]
    """Foreign id."""
    name: Annotated[Name, classed(DataClass.PUBLIC)]
    """What the receipt prints."""
    rate: Annotated[Percent, classed(DataClass.PUBLIC)]
    """In percent: 15 means 15 %."""
    included: Annotated[bool, classed(DataClass.PUBLIC)]
    """Whether prices hold it already."""


class TaxSplit(Word, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An amount taken apart; net plus tax is gross, always."""

    net: Annotated[Amount, classed(DataClass.INTERNAL)]
    """Without tax."""
    tax: Annotated[Amount, classed(DataClass.INTERNAL)]
    """All taxes together."""
    gross: Annotated[Amount, classed(DataClass.INTERNAL)]
    """What is paid."""
