"""Append: the part of a write that puts events into the journal, inside the caller's own transaction."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Final

import msgspec

from tillway.journal.event import Event, sealed_personal
from tillway.postgres import Part, load

SQL = load("tillway.journal", "journal.sql")

# A write larger than this holds its keys' locks too long; split it.
APPEND_LIMIT: Final = 1_000

# Told after the commit, never inside it; the sequencer listens.
APPENDED_CHANNEL: Final = "journal_appended"

_encode = msgspec.json.Encoder().encode


def _json(value: object) -> str:
    return _encode(value).decode()


def appending(events: Sequence[Event]) -> Part:
    """The part that appends these events, in this order. Stage it in the transaction that makes them true, once a
    write: the parts of one statement run in no promised order, so what two of them append on one key has none.

    Raises ValueError for no events or more than APPEND_LIMIT.
    """
    if not 0 < len(events) <= APPEND_LIMIT:
        raise ValueError(f"append takes 1 to {APPEND_LIMIT} events, not {len(events)}")
    return _many(events) if len(events) > 1 else _one(events[0])


def _one(event: Event) -> Part:
    return Part(
        name="journal_append",
        wakes=APPENDED_CHANNEL,
        sql=SQL["append_one"],
        args=(
            event.key,
            event.id,
            event.type,
            event.subject,
            event.time,
            event.correlation,
            event.causation,
            event.traceparent,
            event.dataclass,
            event.retention,
            _json(event.data),
            sealed_personal(event),
        ),
    )


def _many(events: Sequence[Event]) -> Part:
    counts = Counter(event.key for event in events)
    left = dict(counts)
    back = []
    for event in events:
        left[event.key] -= 1
        back.append(left[event.key])
    return Part(
        name="journal_append",
        wakes=APPENDED_CHANNEL,
        sql=SQL["append"],
        args=(
            list(counts.keys()),
            list(counts.values()),
            [event.id for event in events],
            [event.type for event in events],
            [event.subject for event in events],
            [event.key for event in events],
            back,
            [event.time for event in events],
            [event.correlation for event in events],
            [event.causation for event in events],
            [event.traceparent for event in events],
            [event.dataclass for event in events],
            [event.retention for event in events],
            [_json(event.data) for event in events],
            [sealed_personal(event) for event in events],
        ),
    )
