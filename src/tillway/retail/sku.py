"""SKU, the retailer's own name of a sellable variant: Odoo's internal reference, and the hub's key of a product."""

from __future__ import annotations

import unicodedata

from tillway.retail.limits import SKU_LENGTH


def parse_sku(text: str) -> str:
    """The same SKU, once found well formed: 1 to 64 characters, no space at either end, nothing unprintable.

    Case counts, and nothing is changed: two systems that both normalise do it differently. ValueError otherwise.
    """
    if not 1 <= len(text) <= SKU_LENGTH:
        raise ValueError(f"a SKU has 1 to {SKU_LENGTH} characters")
    if text != text.strip():
        raise ValueError("a SKU has no space at its ends")
    if any(unicodedata.category(character) in _UNPRINTABLE for character in text):
        raise ValueError("a SKU has no control or invisible characters")
    return text


# Control, format (zero width and direction marks), surrogate, line and paragraph separator.
_UNPRINTABLE = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
