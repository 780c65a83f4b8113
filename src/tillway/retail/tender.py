"""Tender: with what a sale was paid."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from tillway.masking import truncate_pan
from tillway.retail.data_class import DataClass, classed
from tillway.retail.limits import Amount, Reference
from tillway.retail.word import Word

TenderKind = Literal["cash", "card", "voucher", "other"]
"""What was handed over."""


class Tender(Word, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One payment of a sale. A refund has negative amounts."""

    kind: Annotated[TenderKind, classed(DataClass.INTERNAL)]
    """What was handed over."""
    amount: Annotated[Amount, classed(DataClass.INTERNAL)]
    """How much, in the currency of the sale, change not yet taken off."""
    reference: Annotated[Reference | None, classed(DataClass.PAYMENT)] = None
    """The terminal's or voucher's reference; a card number in it keeps its first six and last four digits."""

    def __post_init__(self) -> None:
        """A whole card number never becomes part of a word, wherever it was made from."""
        super().__post_init__()
        if self.reference is not None and (kept := truncate_pan(self.reference)) != self.reference:
            msgspec.structs.force_setattr(self, "reference", kept)
