"""Followers as values: a name, the types followed, the kind, the lanes, and what to do with a batch."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from tillway.journal.event import Recorded
from tillway.postgres import Tx

Apply = Callable[[Tx, Sequence[Recorded]], Awaitable[None]]
Deliver = Callable[[Recorded], Awaitable[None]]

# Events applied in one transaction: bounds its length (aim 25 ms) and what a rollback repeats.
BATCH: Final = 500

# Deliveries in flight at once for one lane; one in flight per key whatever this says.
IN_FLIGHT: Final = 32


@dataclass(frozen=True, kw_only=True, slots=True)
class Follower:
    """A shared follower. Exactly one of `apply` and `deliver` is given.

    `apply(tx, events)` writes to Postgres: its effect and the follower's position commit together, so it takes effect
    once. `deliver(event)` acts outside: at least once, with the event's id as key, one in flight per partition key.
    Raising Poison (or any Rejected) parks the event's key; TryAgain and OutcomeUnknown hold the follower.
    `starts` says where a new follower begins. `owner` answers for what it parks.
    """

    name: str
    types: frozenset[str] | None
    owner: str
    apply: Apply | None = None
    deliver: Deliver | None = None
    lanes: int = 1
    batch: int = BATCH
    starts: Literal["oldest", "head"] = "head"

    def __post_init__(self) -> None:
        if (self.apply is None) == (self.deliver is None):
            raise ValueError(f"follower {self.name}: give exactly one of apply and deliver")
        if self.lanes < 1:
            raise ValueError(f"follower {self.name}: at least one lane")
