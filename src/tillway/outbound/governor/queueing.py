"""The permits that one process has in hand of one far side, and the calls of its own that wait for them. No waiting is
done here: what is handed out is told by resolving a future.
"""

from __future__ import annotations

import asyncio
import math
from collections import deque
from typing import Final

from tillway.outbound.governor.ledger import NOBODY, Block
from tillway.outbound.governor.turns import NONE, RANKS, URGENT, Counts, chosen, overdue, served

LINGER: Final = 0.015
"""Seconds that a permit rests after an urgent call, when there is only one for everybody: the next step of the same
order comes after a commit, and would otherwise wait for a whole page of the catalogue."""

Turn = asyncio.Future[tuple[bool, int]]
"""Resolved with whether the permit is one of those kept for urgent calls, and the lease it belongs to."""


class Hand:
    """Permits in hand and calls that wait. `now` is handed in: seconds of one clock."""

    def __init__(self) -> None:
        self.until = -math.inf
        self.limit = 1
        self.pressed = NOBODY
        self.reserve = 0
        self._open, self._kept = 0, 0
        self._open_used, self._kept_used = 0, 0
        self._queues: tuple[deque[Turn], ...] = tuple(deque() for _ in range(RANKS))
        self._passed: Counts = NONE
        self._resting_until = -math.inf
        self._lease = 0

    @property
    def lease(self) -> int:
        """Changes when all permits in hand lapsed: what was taken before is not given back to the new ones."""
        return self._lease

    @property
    def could_ask(self) -> bool:
        """Whether the ledger could give more than is in hand, or wants some of it."""
        return self.held < self.limit or self.pressed != NOBODY

    @property
    def used(self) -> int:
        """Calls under way."""
        return self._open_used + self._kept_used

    @property
    def held(self) -> int:
        """Permits in hand."""
        return self._open + self._kept

    @property
    def waiting(self) -> Counts:
        """Calls that wait, by rank."""
        a, b, c, d = (sum(not turn.done() for turn in queue) for queue in self._queues)
        return a, b, c, d

    def queue(self, rank: int, turn: Turn) -> None:
        """One more waits."""
        self._queues[rank].append(turn)

    def leave(self, rank: int, turn: Turn) -> None:
        """It waits no more."""
        if turn in self._queues[rank]:
            self._queues[rank].remove(turn)

    def keep(self, now: float, *, idle: bool) -> tuple[int, int]:
        """What stays in hand, open and kept: all; what is in use when others wait, or when `idle` has lasted. The
        rest is out of reach from now on.
        """
        if idle or self.pressed != NOBODY or now >= self.until:
            resting = 1 if not idle and now < self._resting_until and self._open > self._open_used else 0
            self._open, self._kept = self._open_used + resting, self._kept_used
        return self._open, self._kept

    def take_over(self, block: Block, until: float) -> None:
        """The answer of the ledger."""
        self._open, self._kept, self.until = block.open, block.kept, until
        self.limit, self.pressed, self.reserve = block.limit, block.pressed, block.reserve

    def owes(self, now: float) -> bool:
        """Whether something idle is in hand that others wait for."""
        return self.pressed != NOBODY and self.held > self.used and now >= self._resting_until

    def lapse(self) -> None:
        """The lease has ended, or never was ours: nothing is in hand."""
        self._open = self._kept = self._open_used = self._kept_used = 0
        self.until = -math.inf
        self._lease += 1

    def give_back(self, rank: int, now: float, *, kept: bool, lease: int) -> float:
        """A call has ended. Seconds after which to look again, 0 for at once, inf for no need."""
        if lease != self._lease:
            return 0.0
        if kept:
            self._kept_used -= 1
        else:
            self._open_used -= 1
        if rank < URGENT and self.reserve == 0 and self.pressed >= URGENT:
            self._resting_until = now + LINGER
            return LINGER
        return 0.0

    def deal(self, now: float) -> None:
        """Hand out what is free and may be used, to whose turn it is."""
        if now >= self.until:
            return
        while True:
            waiting = eligible = self.waiting
            open_left, kept_left = self._open - self._open_used, self._kept - self._kept_used
            if now < self._resting_until and not overdue(waiting, self._passed):
                eligible = _urgent(waiting)
            if open_left <= 0:
                eligible = _urgent(waiting) if kept_left > 0 else NONE
            rank = chosen(eligible, self._passed)
            if rank is None or self._must_return(rank, now):
                return
            # Who may not go just now waits all the same and is passed over: otherwise its share would never come.
            self._passed = served(rank, waiting, self._passed)
            from_kept = rank < URGENT and kept_left > 0
            if from_kept:
                self._kept_used += 1
            else:
                self._open_used += 1
            self._next(rank).set_result((from_kept, self._lease))

    def _must_return(self, rank: int, now: float) -> bool:
        """While others wait, what became free goes through the ledger, but for the rest after an urgent call."""
        return self.pressed != NOBODY and not self._fresh and not (rank < URGENT and now < self._resting_until)

    _fresh = False

    def deal_fresh(self, now: float) -> None:
        """Hand out what the ledger has just given, whoever else waits."""
        self._fresh = True
        try:
            self.deal(now)
        finally:
            self._fresh = False

    def _next(self, rank: int) -> Turn:
        while True:
            turn = self._queues[rank].popleft()
            if not turn.done():
                return turn


def _urgent(waiting: Counts) -> Counts:
    return (*waiting[:URGENT], *NONE[URGENT:])
