"""Which sales go together in one call, and what follows when Odoo refuses it. Pure.

Odoo takes such a call whole or not at all and does not say which sale it did not like. So a refused call is halved
until the bad sale stands alone: with b bad ones among n that is at most 1 + 2 * b * ceil(log2 n) calls.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, TypeVar

T = TypeVar("T")

SALES_MAX: Final = 20
"""Sales of one call. A real Odoo takes 4 s for so many; five tries of its own and the pauses between them stay within
what a step waits (60 s)."""

BYTES_MAX: Final = 64 * 1024
"""Size of the sales of one call, about: what a call costs over there goes by its lines, and these are 250 lines."""


def fitting(waiting: Sequence[tuple[str, int]], most: int) -> list[int]:
    """Which of those that wait (id, size in bytes; in the order of their coming) go together now: at most so many.

    The first always goes, however large. One that comes twice goes once; the other follows in a later call.
    """
    chosen: list[int] = []
    ids: set[str] = set()
    size = 0
    for place, (sale, bytes_) in enumerate(waiting):
        if sale in ids:
            continue
        if chosen and (len(chosen) >= most or size + bytes_ > BYTES_MAX):
            break
        chosen.append(place)
        ids.add(sale)
        size += bytes_
    return chosen


Parts = tuple[tuple[T, ...], ...]
"""What is still to be sent of a batch, part by part."""


def after(parts: Parts[T], *, refused: bool) -> tuple[Parts[T], tuple[T, ...]]:
    """What is still to be sent once the first part was answered, and those whose answer this is.

    Only a refusal of several is nobody's answer: they are sent again, in halves.
    """
    first, rest = parts[0], parts[1:]
    if not refused or len(first) == 1:
        return rest, first
    middle = (len(first) + 1) // 2
    return (first[:middle], first[middle:], *rest), ()


def most_after(most: int, sent: int, *, trouble: bool) -> int:
    """How many may go together from now on, after so many did.

    `trouble`: there was no answer, or Odoo could not do it just now. Perhaps it was too much at once, or one of them
    brings Odoo down each time: fewer go together until that one stands alone. What goes well doubles it again.
    """
    if trouble:
        return max(1, sent // 2) if sent > 1 else most
    return max(most, min(SALES_MAX, 2 * sent))
