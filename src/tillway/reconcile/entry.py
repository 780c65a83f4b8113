"""What a side says of one thing, what may differ, and what is wrong when more does. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final, Literal

import msgspec

BreakType = Literal["missing-left", "missing-right", "duplicate", "amount", "content", "late", "mapping"]
"""What is wrong: known there only, known here only, more often on one side than on the other, another amount, other
fields, not finished in time, or both have it and mean different things.
"""

BREAK_TYPES: Final[tuple[BreakType, ...]] = (
    "missing-left",
    "missing-right",
    "duplicate",
    "amount",
    "content",
    "late",
    "mapping",
)


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One thing as one side has it."""

    key: str
    """What both sides know it by."""
    amount: Decimal | None = None
    """What is compared and what is at stake: money, a price, a quantity."""
    currency: str | None = None
    """What the amount is in; None when it is no money."""
    at: datetime | None = None
    """When this side got it; None where age does not matter."""
    meaning: str = ""
    """What else has to agree, e.g. `confirmed`; empty agrees with everything."""
    content: Mapping[str, str] | None = None
    """Digests of its fields by name, where it is no amount that is compared; only what both sides tell counts."""
    settled: bool = True
    """Whether this side is done with it; what is still on its way is late, not missing."""
    required: bool = True
    """Whether the other side has to have it; something called off need not be there."""
    slack: Decimal = Decimal(0)
    """By how much the amount may differ for a reason of its own, such as rounding by line."""
    ref: str = ""
    """What this side's people call it."""
    shop: str | None = None
    """Where it happened, as far as this side knows."""


class Rule(msgspec.Struct, frozen=True, kw_only=True):
    """How far two sides may differ."""

    as_of: datetime
    """The moment that both sides are compared at."""
    tolerance: Decimal = Decimal(0)
    """By how much amounts may differ."""
    cut_off: timedelta = timedelta(0)
    """How long something may be on its way between the sides."""


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """A break: the entries it is about, how many units of the comparison it stands for, and the amount in doubt."""

    key: str
    type: BreakType
    left: Entry | None
    right: Entry | None
    detail: str
    units: int = 1
    at_stake: Decimal = Decimal(0)

    @property
    def shop(self) -> str | None:
        """Where it happened."""
        sides = (self.left, self.right)
        return next((side.shop for side in sides if side is not None and side.shop is not None), None)

    @property
    def at(self) -> datetime | None:
        """When what it is about happened."""
        return next((side.at for side in (self.left, self.right) if side is not None and side.at is not None), None)

    @property
    def currency(self) -> str | None:
        """What its amounts are in."""
        return next((side.currency for side in (self.left, self.right) if side is not None and side.currency), None)


def broken(kind: BreakType, left: Entry | None, right: Entry | None, detail: str) -> Finding:
    """A break of one unit. At stake is the difference of two amounts, or all of what one side lacks."""
    sides = [side for side in (left, right) if side is not None]
    amounts = [side.amount for side in sides if side.amount is not None]
    if kind == "amount" and len(amounts) > 1:
        stake = abs(amounts[0] - amounts[1])
    else:
        stake = abs(amounts[0]) if amounts else Decimal(0)
    return Finding(key=sides[0].key, type=kind, left=left, right=right, detail=detail, at_stake=stake)
