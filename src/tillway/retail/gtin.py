"""GTIN, the number under a bar code: 8, 12, 13 or 14 digits, the last of them a check digit (GS1 General
Specifications, section 7.9). The check digit finds every single wrong digit, and every swap of two neighbours
except of two that differ by five: those weigh 3 x 5 - 5 = 10, which is nothing modulo ten.
"""

from __future__ import annotations

from typing import Final

LENGTHS: Final = frozenset({8, 12, 13, 14})
"""GTIN-8, GTIN-12 (UPC-A), GTIN-13 (EAN) and GTIN-14."""


def check_digit(body: str) -> str:
    """The digit that completes `body` (the GTIN without its last digit): weights 3, 1, 3... from the right.

    ValueError when `body` is not 7, 11, 12 or 13 ASCII digits.
    """
    if len(body) + 1 not in LENGTHS or not _digits(body):
        raise ValueError("a GTIN has 8, 12, 13 or 14 digits")
    total = sum(int(digit) * (3 if place % 2 == 0 else 1) for place, digit in enumerate(reversed(body)))
    return str(-total % 10)


def parse_gtin(text: str) -> str:
    """The same GTIN, once its length and check digit are found right; ValueError says what is not."""
    if len(text) not in LENGTHS or not _digits(text):
        raise ValueError("a GTIN has 8, 12, 13 or 14 digits")
    expected = check_digit(text[:-1])
    if text[-1] != expected:
        raise ValueError(f"the check digit of this GTIN would be {expected}, not {text[-1]}")
    return text


def _digits(text: str) -> bool:
    """ASCII digits only: `str.isdigit` alone lets superscripts and other scripts through."""
    return text.isascii() and text.isdigit()
