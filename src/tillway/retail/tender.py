"""Tender: with what a sale was paid."""

from __future__ import annotations

import re
from typing import Annotated, Final, Literal

import msgspec

from tillway.retail.data_class import DataClass, classed
from tillway.retail.limits import Amount, Reference
from tillway.retail.word import Word

TenderKind = Literal["cash", "card", "voucher", "other"]
"""What was handed over."""

_CARD_NUMBER: Final = re.compile(r"(?<![0-9])(?:[0-9][ -]?){12,18}[0-9](?![0-9])")
"""A run of 13 to 19 digits, perhaps grouped: the lengths of card numbers (ISO/IEC 7812)."""

_KEPT: Final = 4
"""Digits of a card number that may be kept: the last four (PCI DSS 3.4.1 allows them on a receipt)."""


class Tender(Word, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One payment of a sale. A refund has negative amounts."""

    kind: Annotated[TenderKind, classed(DataClass.INTERNAL)]
    """What was handed over."""
    amount: Annotated[Amount, classed(DataClass.INTERNAL)]
    """How much, in the currency of the sale, change not yet taken off."""
    reference: Annotated[Reference | None, classed(DataClass.PAYMENT)] = None
    """The terminal's or voucher's reference; never a whole card number."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.reference is not None and (kept := truncated(self.reference)) != self.reference:
            msgspec.structs.force_setattr(self, "reference", kept)


def truncated(text: str) -> str:
    """The same text in which whatever is a card number (right length, right Luhn digit) keeps its last four digits."""
    return _CARD_NUMBER.sub(_shortened, text)


def _shortened(found: re.Match[str]) -> str:
    digits = [character for character in found.group() if character.isdigit()]
    if not _luhn(digits):
        return found.group()
    return "*" * (len(digits) - _KEPT) + "".join(digits[-_KEPT:])


def _luhn(digits: list[str]) -> bool:
    """ISO/IEC 7812-1 annex B: every second digit from the right counts double, its own digits summed."""
    doubled = (sum(divmod(int(digit) * 2, 10)) for digit in digits[-2::-2])
    return (sum(doubled) + sum(int(digit) for digit in digits[-1::-2])) % 10 == 0
