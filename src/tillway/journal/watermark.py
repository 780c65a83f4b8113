"""The lowest contiguous position done, for followers that work on several events at once. Pure state, no I/O."""

from __future__ import annotations

import heapq


class Watermark:
    """Tracks events begun in order and finished in any order.

    `low` is the position up to which everything is finished: what may be stored as the follower's position.
    """

    def __init__(self, position: int) -> None:
        self._seen = position
        self._open: list[int] = []
        self._done: set[int] = set()

    def begin(self, position: int) -> None:
        """An event is in hand. Positions begin in rising order."""
        if position <= self._seen:
            raise ValueError(f"position {position} does not come after {self._seen}")
        self._seen = position
        heapq.heappush(self._open, position)

    def finish(self, position: int) -> None:
        """An event is done: delivered, skipped or parked."""
        self._done.add(position)
        while self._open and self._open[0] in self._done:
            self._done.remove(heapq.heappop(self._open))

    def pass_over(self, position: int) -> None:
        """Everything up to here that was not begun is none of this follower's business."""
        self._seen = max(self._seen, position)

    @property
    def low(self) -> int:
        """All positions up to this one are finished or none of ours."""
        return self._open[0] - 1 if self._open else self._seen

    @property
    def in_hand(self) -> int:
        """Events begun and not yet counted as done in order."""
        return len(self._open)
