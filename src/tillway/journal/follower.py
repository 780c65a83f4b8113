"""Followers as values: a name, the types followed, the kind, the lanes, and what to do with a batch."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final, Literal

from tillway.journal.appending import SQL
from tillway.journal.event import Recorded
from tillway.journal.parking import HOLD_SCHEDULE
from tillway.postgres import Part, Tx

Apply = Callable[[Tx, Sequence[Recorded]], Awaitable[None]]
Deliver = Callable[[Recorded], Awaitable[None]]

# Events applied in one transaction: bounds its length (aim 25 ms) and what a rollback repeats.
BATCH: Final = 500

# Deliveries in flight at once for one lane; one in flight per key whatever this says.
IN_FLIGHT: Final = 32

# A part's SQL is searched for placeholders, and a comment may speak of one.
_COMMENT: Final = re.compile(r"--[^\n]*\n")

# The owner is dropped like for a replay, so that the lane is claimed anew and begins without a wait.
_RESUME: Final = """
UPDATE journal.followers SET attempts = 0, held_until = NULL, held_for = NULL, owner = NULL, fence = fence + 1
WHERE name = $1
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Follower:
    """A shared follower. Exactly one of `apply` and `deliver` is given.

    `apply(tx, events)` writes to Postgres: its effect and the follower's position commit together, so it takes effect
    once. `deliver(event)` acts outside: at least once, with the event's id as key, one in flight per partition key.
    Raising Poison (or any Rejected) parks the event's key; TryAgain and OutcomeUnknown hold the follower.
    `starts` says where a new follower begins. `owner` answers for what it parks. `hold` are the waits while the far
    side fails, the last one repeating.
    """

    name: str
    types: frozenset[str] | None
    owner: str
    apply: Apply | None = None
    deliver: Deliver | None = None
    lanes: int = 1
    batch: int = BATCH
    starts: Literal["oldest", "head"] = "head"
    hold: tuple[timedelta, ...] = HOLD_SCHEDULE

    def __post_init__(self) -> None:
        if (self.apply is None) == (self.deliver is None):
            raise ValueError(f"follower {self.name}: give exactly one of apply and deliver")
        if self.lanes < 1:
            raise ValueError(f"follower {self.name}: at least one lane")
        if not self.hold:
            raise ValueError(f"follower {self.name}: at least one wait to hold for")


def enrolling(name: str, lanes: int = 1) -> Part:
    """The part that lets a follower begin at the position of this write; nothing when it follows already."""
    return Part("journal_enrol", _COMMENT.sub("", SQL["enrol"]), (name, lanes, None))


async def unfollow(tx: Tx, name: str) -> None:
    """End a follower for good: its position and what it parked are gone with this transaction."""
    await tx.execute(SQL["unfollow"], name)


def resuming(name: str) -> Part:
    """The part that ends a hold now: whoever holds the lanes asks the far side again within a beat."""
    return Part("journal_resume", _RESUME, (name,))
