"""What every word of retail has in common: a frozen struct whose numbers are bounded and whose times have a zone.

msgspec bounds strings, integers and lists while decoding, but takes any Decimal: `NaN`, `1e400`, and JSON numbers.
So a Decimal field names its bounds in its annotation (`Bounds`), and `Word` checks them whenever a value is made,
by decoding or by hand. That a JSON *number* stood where a decimal string belongs can't be seen any more at that
point; `wire.decode` refuses it.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from functools import cache
from typing import Any, Final, NamedTuple

import msgspec
from msgspec import inspect

_BOUNDS: Final = "bounds"

# As fine as most numbers are: pieces, and the minor unit of most currencies.
_WHOLE: Final = Decimal(1)
_CENT: Final = Decimal("0.01")
_CENT_DECIMALS: Final = 2


class Bounds(NamedTuple):
    """How large and how fine a decimal may be: digits before and after the point."""

    whole: int
    decimals: int
    signed: bool = True

    @property
    def pattern(self) -> str:
        """The same rule for contracts, as a regular expression over the decimal string."""
        sign = "-?" if self.signed else ""
        return rf"^{sign}[0-9]{{1,{self.whole}}}(\.[0-9]{{1,{self.decimals}}})?$"


def bounded(bounds: Bounds) -> msgspec.Meta:
    """The annotation of a Decimal field that gives it these bounds, in memory and in the contract."""
    return msgspec.Meta(extra={_BOUNDS: bounds}, extra_json_schema={"pattern": bounds.pattern})


def bounds_of(kind: inspect.Type) -> Bounds | None:
    """The bounds that an annotated type names, looking through an optional one; None when it names none."""
    if isinstance(kind, inspect.Metadata):
        found = (kind.extra or {}).get(_BOUNDS)
        return found if isinstance(found, Bounds) else bounds_of(kind.type)
    if isinstance(kind, inspect.UnionType):
        return next((found for part in kind.types if (found := bounds_of(part))), None)
    return None


def settled(value: Decimal, bounds: Bounds) -> Decimal:
    """The same number in the form that goes on the wire: no exponent, no negative zero. ValueError beyond bounds."""
    if _is_settled(value, bounds):
        return value
    if not value.is_finite():
        raise ValueError("must be a finite number")
    _, digits, power = value.as_tuple()
    exponent = int(power)
    if value.is_zero():
        return Decimal(0).scaleb(max(min(exponent, 0), -bounds.decimals))
    if value.adjusted() >= bounds.whole:
        raise ValueError(f"has more than {bounds.whole} digits before the point")
    finer = -exponent - bounds.decimals
    if finer > 0 and any(digits[-finer:]):
        raise ValueError(f"has more than {bounds.decimals} decimals")
    if value < 0 and not bounds.signed:
        raise ValueError("must not be negative")
    if exponent > 0 or finer > 0:
        return value.quantize(Decimal(1).scaleb(min(0, max(exponent, -bounds.decimals))))
    return value


def _is_settled(value: Decimal, bounds: Bounds) -> bool:
    """Whether a number is surely as it should be. Said of most, a tenth of what finding out about all of them costs."""
    return (
        (value.same_quantum(_WHOLE) or (value.same_quantum(_CENT) and bounds.decimals >= _CENT_DECIMALS))
        and value.adjusted() < bounds.whole
        and (not value.is_signed() or (bounds.signed and bool(value)))
    )


class Word(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Base of the retail words. Making one with a number out of bounds or a time without a zone is a ValueError."""

    def __post_init__(self) -> None:
        for name, check in _checks(type(self)):
            value = getattr(self, name)
            if value is None:
                continue
            try:
                checked = check(value)
            except ValueError as error:
                raise ValueError(f"`{name}` {error}") from None
            if checked is not value:
                msgspec.structs.force_setattr(self, name, checked)


@cache
def _checks(struct: type[Word]) -> tuple[tuple[str, Callable[[Any], Any]], ...]:
    """The fields of a struct that need a look, found once per struct."""
    found: list[tuple[str, Callable[[Any], Any]]] = []
    kind = inspect.type_info(struct)
    if not isinstance(kind, inspect.StructType):
        raise TypeError(f"{struct.__name__} is not a struct")
    for field in kind.fields:
        bounds = bounds_of(field.type)
        if bounds is not None:
            found.append((field.name, _settler(bounds)))
        elif _is_time(field.type):
            found.append((field.name, _zoned))
    return tuple(found)


def _settler(bounds: Bounds) -> Callable[[Any], Any]:
    return lambda value: settled(value, bounds)


def _is_time(kind: inspect.Type) -> bool:
    if isinstance(kind, inspect.Metadata):
        return _is_time(kind.type)
    if isinstance(kind, inspect.UnionType):
        return any(_is_time(part) for part in kind.types)
    return isinstance(kind, inspect.DateTimeType)


def _zoned(value: datetime) -> datetime:
    if value.tzinfo is None:
        raise ValueError("must have a time zone")
    return value
