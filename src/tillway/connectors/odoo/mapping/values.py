"""Values as Odoo writes them: `false` for nothing, `[id, name]` for a reference, noise behind the last decimal."""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any, Final

from tillway.retail import minor_units

_STEP: Final = Decimal(1).scaleb(-6)
"""Odoo computes in binary floating point (22.500000000000004); nothing it means is finer than six decimals."""


def text(value: Any) -> str | None:
    """A text, or None for `false` and for nothing but spaces."""
    return value if isinstance(value, str) and value.strip() else None


def reference(value: Any) -> str | None:
    """The id of a reference as a text: `[7, "Name"]` and `7` give "7", `false` gives None."""
    found = value[0] if isinstance(value, list | tuple) and value else value
    return str(found) if isinstance(found, int) and not isinstance(found, bool) else None


def label(value: Any) -> str:
    """The name that comes with a reference; empty for none."""
    return str(value[1]) if isinstance(value, list | tuple) and len(value) > 1 else ""


def decimal(value: Any) -> Decimal:
    """A number without floating point noise and trailing zeros. ValueError for what is no number."""
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise ValueError("not a number")  # noqa: TRY004 - the value is at fault, not the code
    found = Decimal(value).quantize(_STEP, rounding=ROUND_HALF_EVEN).normalize()
    if found.is_zero():
        return Decimal(0)
    return found if int(found.as_tuple().exponent) <= 0 else found.quantize(Decimal(1))


def price(value: Any, currency: str) -> Decimal:
    """A number as an amount of this currency, with at least its decimals: 20 becomes 20.00 USD, 22.125 stays."""
    found = decimal(value)
    step = Decimal(1).scaleb(-minor_units(currency))
    return found if int(found.as_tuple().exponent) < -minor_units(currency) else found.quantize(step)
