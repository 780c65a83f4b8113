"""Card numbers in requests: found and refused with their place. In facts they are cut short before anything is kept.

A refusal costs an order, so more is asked for here than where a number is only hidden: a card's length and first
digits, grouped as cards are or not at all. One in ten numbers of a marketplace passes the check digit alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

from tillway.contracts import escaped
from tillway.errors import Violation
from tillway.masking import truncate_pan

NOT_CARDS: Final = frozenset({"id", "gtin", "sku", "till", "epoch", "shop"})
"""Members that are long numbers by nature and never a card's."""

RULE: Final = "pan"

_DETAIL: Final = "holds a card number, which is never kept; send the payment provider's reference instead"

# Fourteen digits, grouped or not, as they stand in JSON text (a no-break space has two bytes); or an escape, behind
# which anything may hide. Nearly every body has neither and is looked at no further.
_SUSPICIOUS: Final = re.compile(rb"[0-9](?:[ \xc2\xa0-]{0,4}[0-9]){13}|\\u00")

_APART: Final = "[ \u00a0-]"
_NUMBER: Final = re.compile(
    r"(?<![0-9A-Za-z.,-])(?:[0-9]{14,19}"
    rf"|[0-9]{{4}}(?:{_APART}[0-9]{{4}}){{3}}(?:{_APART}[0-9]{{1,3}})?"
    rf"|[0-9]{{4}}{_APART}[0-9]{{6}}{_APART}[0-9]{{4,5}})(?![0-9A-Za-z-])"
)
# Who issues cards, by first digits and length: Visa, Mastercard, American Express, Diners, JCB, Discover, UnionPay.
_ISSUED: Final = re.compile(
    r"(?:4[0-9]{15}(?:[0-9]{3})?|5[1-5][0-9]{14}|2(?:22[1-9]|2[3-9][0-9]|[3-6][0-9]{2}|7[01][0-9]|720)[0-9]{12}"
    r"|3[47][0-9]{13}|3(?:0[0-5]|[68][0-9])[0-9]{11}|35(?:2[89]|[3-8][0-9])[0-9]{12,15}"
    r"|6(?:011|4[4-9][0-9]|5[0-9]{2}|2[0-9]{2})[0-9]{12,15})\Z"
)
_DIGIT: Final = re.compile("[0-9]")


def suspicious(raw: bytes) -> bool:
    """Whether a JSON text may hold a card number at all."""
    return _SUSPICIOUS.search(raw) is not None


def violations(body: Any) -> Iterator[Violation]:
    """Where a body holds card numbers. Not recursive: foreign nesting may be deep."""
    left = [(body, "", "")]
    while left:
        value, member, pointer = left.pop()
        if isinstance(value, dict):
            if any(_holds(name) for name in value):
                yield Violation(pointer=pointer, detail=_DETAIL, rule=RULE)
                continue  # the place below it would repeat the number
            left += [(each, name, f"{pointer}/{escaped(name)}") for name, each in value.items()]
        elif isinstance(value, list):
            left += [(each, member, f"{pointer}/{place}") for place, each in enumerate(value)]
        elif member not in NOT_CARDS and type(value) in {str, int} and _holds(str(value)):
            yield Violation(pointer=pointer, detail=_DETAIL, rule=RULE)


def _holds(text: str) -> bool:
    numbers = ("".join(_DIGIT.findall(each)) for each in _NUMBER.findall(text))
    return any(_ISSUED.match(each) and truncate_pan(each) != each for each in numbers)
