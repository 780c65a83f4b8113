"""Permits of one far side as all processes share them. Pure.

A permit is one call under way. A process holds a block of them until its lease ends, and uses them without asking;
what it does not need it gives back with the next word it sends. Permits held, and those set aside for who waits, never
sum up to more than the limit, whatever processes do and whichever of them dies: a dead one's come back with the end
of its lease. Of two permits or more a part is kept for urgent calls, so that these never wait for the end of a long one
that could be done later.
Times are microseconds of Postgres's clock.
"""

from __future__ import annotations

from typing import Final

import msgspec

from tillway.outbound.governor.limit import FIRST, SECOND, Found, Sample, allowed, measured
from tillway.outbound.governor.turns import NONE, RANKS, URGENT, Counts, chosen, served

GRACE: Final = SECOND
"""How much longer the ledger counts a block than its holder may use it: it began to count later, and cutting off what
is under way takes a moment."""

KEPT_PART: Final = 4
"""One permit of so many is kept for urgent calls, at least one when there are two."""

NOBODY: Final = RANKS
"""Rank of nobody."""


class Holder(msgspec.Struct, frozen=True):
    """One process: permits it knows of and those set aside for it (open to all calls; kept for urgent ones), until
    when, how many of its calls wait by rank, how many were under way on average, and when it was last given one.
    """

    id: str
    serial: int
    until: int
    open: int = 0
    kept: int = 0
    due_open: int = 0
    due_kept: int = 0
    waiting: Counts = NONE
    running: float = 0.0
    served: int = 0

    @property
    def permits(self) -> int:
        """All that count against the limit."""
        return self.open + self.kept + self.due_open + self.due_kept


class Ledger(msgspec.Struct, frozen=True):
    """The state of one far side. `most` is the ceiling told last, `calls` and `refused` are counted for ever."""

    found: Found
    most: int
    holders: tuple[Holder, ...] = ()
    passed: Counts = NONE
    calls: Counts = NONE
    refused: int = 0
    left_alone: bool = False
    """Whether the process that told last leaves the far side alone because it does not answer."""

    @property
    def limit(self) -> int:
        """Calls at once, all processes together."""
        return allowed(self.found, self.most)

    @property
    def held(self) -> int:
        """Permits in hands, or set aside."""
        return sum(each.permits for each in self.holders)

    @property
    def waiting(self) -> Counts:
        """Calls that wait, by rank."""
        a, b, c, d = (sum(each.waiting[rank] for each in self.holders) for rank in range(RANKS))
        return a, b, c, d


class Word(msgspec.Struct, frozen=True, kw_only=True):
    """What a process tells: what it keeps of its block, who waits there, and what it has seen since its last word."""

    holder: str
    serial: int
    most: int
    open: int = 0
    kept: int = 0
    waiting: Counts = NONE
    running: float = 0.0
    sample: Sample = Sample()
    calls: Counts = NONE
    refused: int = 0
    left_alone: bool = False


class Block(msgspec.Struct, frozen=True, kw_only=True):
    """The answer: what the process holds now, and for how long from when it asked (microseconds).

    `pressed` is the most urgent rank that waits elsewhere, NOBODY if none does; `others` is how many calls of other
    processes were under way; `wake` says that somebody else should look. `lapsed`: what it said to keep was no
    longer its own.
    """

    open: int = 0
    kept: int = 0
    valid: int = 0
    limit: int = 1
    pressed: int = NOBODY
    others: float = 0.0
    wake: bool = False
    lapsed: bool = False
    reserve: int = 0


def opened(most: int) -> Ledger:
    """The ledger of a far side that was never called."""
    return Ledger(Found(min(FIRST, float(most))), most)


def reserve(limit: int) -> int:
    """How many of the permits only urgent calls may use."""
    return min(limit - 1, max(1, limit // KEPT_PART))


def current(ledger: Ledger, now: int) -> Ledger:
    """Without those whose lease has ended."""
    return _with(ledger, tuple(each for each in ledger.holders if each.until > now))


def told(ledger: Ledger, word: Word, valid: int, now: int) -> tuple[Ledger, Block]:
    """Take a process's word and answer it. A word that comes after a later one (it was late on the wire) changes
    nothing.
    """
    ledger = current(ledger, now)
    before = next((each for each in ledger.holders if each.id == word.holder), None)
    if before is not None and word.serial <= before.serial:
        return ledger, Block(lapsed=True)
    mine = _settled(before, word, now + valid + GRACE)
    others = tuple(each for each in ledger.holders if each.id != word.holder)
    found = measured(ledger.found, word.sample, mine.running + sum(each.running for each in others), word.most, now)
    a, b, c, d = (ledger.calls[rank] + word.calls[rank] for rank in range(RANKS))
    ledger = Ledger(
        found, word.most, (*others, mine), ledger.passed, (a, b, c, d), ledger.refused + word.refused, word.left_alone
    )
    due = _due(ledger, mine)
    ledger = _allotted(ledger, now)
    mine = next(each for each in ledger.holders if each.id == word.holder)
    new = sum(mine.waiting) and (before is None or not sum(before.waiting))
    block = _answer(ledger, mine, valid, lapsed=before is None and word.open + word.kept > 0)
    block = msgspec.structs.replace(block, wake=bool(new) or _due(ledger, mine) > due)
    mine = msgspec.structs.replace(mine, open=block.open, kept=block.kept, due_open=0, due_kept=0)
    idle = not (mine.permits or sum(mine.waiting))
    holders = tuple(each for each in ledger.holders if each.id != mine.id)
    return _with(ledger, holders if idle else (*holders, mine)), block


def _due(ledger: Ledger, mine: Holder) -> int:
    """Permits set aside for others than this one, which they don't know of yet."""
    return sum(each.due_open + each.due_kept for each in ledger.holders if each.id != mine.id)


def _settled(before: Holder | None, word: Word, until: int) -> Holder:
    """The holder by its own word: it can keep what it had, never claim more; what was set aside becomes known."""
    if before is None:
        return Holder(word.holder, word.serial, until, waiting=word.waiting, running=word.running)
    return Holder(
        word.holder,
        word.serial,
        until,
        min(word.open, before.open),
        min(word.kept, before.kept),
        before.due_open,
        before.due_kept,
        _less(word.waiting, before.due_open + before.due_kept),
        word.running,
        before.served,
    )


def _less(waiting: Counts, given: int) -> Counts:
    """Those that still wait once the most urgent were served."""
    left = list(waiting)
    for rank in range(RANKS):
        took = min(left[rank], given)
        left[rank], given = left[rank] - took, given - took
    return left[0], left[1], left[2], left[3]


def _allotted(ledger: Ledger, now: int) -> Ledger:
    """With every free permit set aside for who waits, one by one."""
    kept_room = reserve(ledger.limit)
    open_room = ledger.limit - kept_room
    while ledger.held < ledger.limit:
        open_left = open_room - sum(each.open + each.due_open for each in ledger.holders)
        kept_left = kept_room - sum(each.kept + each.due_kept for each in ledger.holders)
        waiting = ledger.waiting if open_left > 0 else (*ledger.waiting[:URGENT], *NONE[URGENT:])
        if open_left <= 0 and kept_left <= 0:
            break
        rank = chosen(waiting, ledger.passed)
        if rank is None:
            break
        from_kept = rank < URGENT and kept_left > 0
        ledger = _given(ledger, rank, now, from_kept=from_kept)
    return ledger


def _given(ledger: Ledger, rank: int, now: int, *, from_kept: bool) -> Ledger:
    """One permit for the process that waits with this rank and was served longest ago."""
    lucky = min((each for each in ledger.holders if each.waiting[rank]), key=lambda each: (each.served, each.id))
    waiting = list(lucky.waiting)
    waiting[rank] -= 1
    changed = msgspec.structs.replace(
        lucky,
        due_open=lucky.due_open + (0 if from_kept else 1),
        due_kept=lucky.due_kept + (1 if from_kept else 0),
        waiting=(waiting[0], waiting[1], waiting[2], waiting[3]),
        served=now,
    )
    holders = tuple(changed if each is lucky else each for each in ledger.holders)
    passed = served(rank, ledger.waiting, ledger.passed)
    return msgspec.structs.replace(_with(ledger, holders), passed=passed)


def _answer(ledger: Ledger, mine: Holder, valid: int, *, lapsed: bool) -> Block:
    elsewhere = [each for each in ledger.holders if each.id != mine.id]
    ranks = [rank for rank in range(RANKS) if any(each.waiting[rank] for each in elsewhere)]
    over = ledger.held > ledger.limit or mine.kept > reserve(ledger.limit)
    return Block(
        open=mine.open + mine.due_open,
        kept=mine.kept + mine.due_kept,
        valid=valid,
        limit=ledger.limit,
        pressed=ranks[0] if ranks else RANKS - 1 if over else NOBODY,
        others=sum(each.running for each in elsewhere),
        lapsed=lapsed,
        reserve=reserve(ledger.limit),
    )


def _with(ledger: Ledger, holders: tuple[Holder, ...]) -> Ledger:
    return msgspec.structs.replace(ledger, holders=holders)
