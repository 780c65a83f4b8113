"""What happened: append, sequence, tail, follow, park, replay.

Events are appended in the transaction that makes them true (`appending`), get a dense position from the one
`Sequencer`, and are followed by position: by shared followers (`Follower`, `Runner`), by memory in every process
(`Tail.local`), and by readers of the feed (`read`, `Tail.page`).
"""

from __future__ import annotations

from tillway.journal import acting, cursor
from tillway.journal.acting import replay
from tillway.journal.appending import APPENDED_CHANNEL, appending
from tillway.journal.erasing import PERSONAL, bar
from tillway.journal.event import Event, Recorded, cloudevent, long_type, short_type
from tillway.journal.follower import Follower, enrolling, resuming, unfollow
from tillway.journal.overview import (
    FollowerState,
    ParkedItem,
    bury,
    ensure_partitions,
    follower_states,
    parked_counts,
    parked_items,
    retain,
)
from tillway.journal.reading import Beginning, Head, Page, at, beginning, by_correlation, by_subject, head, oldest, read
from tillway.journal.runner import Runner
from tillway.journal.sequencer import Sequencer
from tillway.journal.tail import Tail

__all__ = [
    "APPENDED_CHANNEL",
    "PERSONAL",
    "Beginning",
    "Event",
    "Follower",
    "FollowerState",
    "Head",
    "Page",
    "ParkedItem",
    "Recorded",
    "Runner",
    "Sequencer",
    "Tail",
    "acting",
    "appending",
    "at",
    "bar",
    "beginning",
    "bury",
    "by_correlation",
    "by_subject",
    "cloudevent",
    "cursor",
    "enrolling",
    "ensure_partitions",
    "follower_states",
    "head",
    "long_type",
    "oldest",
    "parked_counts",
    "parked_items",
    "read",
    "replay",
    "resuming",
    "retain",
    "short_type",
    "unfollow",
]
