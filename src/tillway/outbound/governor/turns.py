"""Whose turn it is: the most critical first, with a share left for each class. Pure.

Ranks are those of a call's criticality: 0 critical, 1 high, 2 normal, 3 low. A class that was passed over as often as
its patience says goes next, whatever else waits; so a burst of one class never stops another for good.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

RANKS: Final = 4

PATIENCE: Final = (2, 4, 9, 19)
"""How often a class that waits is passed over before it is its turn: high keeps a fifth, normal a tenth, low a
twentieth of the calls however many others wait; critical is never passed over more than twice in a row."""

URGENT: Final = 2
"""Ranks below this have people waiting for them, or sold goods; the others can be done later."""

Counts = tuple[int, int, int, int]
"""Something for each rank."""

NONE: Final[Counts] = (0, 0, 0, 0)


def chosen(waiting: Sequence[int], passed: Sequence[int]) -> int | None:
    """The rank to serve next; None when none waits."""
    ranks = [rank for rank in range(RANKS) if waiting[rank]]
    if not ranks:
        return None
    late = overdue(waiting, passed)
    # Of several that were passed over too often, the one that waited longest by its own measure.
    return max(late, key=lambda rank: (passed[rank] / PATIENCE[rank], -rank)) if late else ranks[0]


def overdue(waiting: Sequence[int], passed: Sequence[int]) -> list[int]:
    """Ranks that wait and were passed over as often as their patience says."""
    return [rank for rank in range(RANKS) if waiting[rank] and passed[rank] >= PATIENCE[rank]]


def served(rank: int, waiting: Sequence[int], passed: Sequence[int]) -> Counts:
    """What each class was passed over, after `rank` was served while `waiting` (it included) waited."""
    told = [passed[each] + 1 if waiting[each] and each != rank else 0 for each in range(RANKS)]
    return told[0], told[1], told[2], told[3]
