"""One business transaction from whatever is known of it: a correlation id, an entity, or the number the ERP gave."""

from __future__ import annotations

from typing import Final

import msgspec

from tillway.journal import Recorded, by_correlation, by_subject
from tillway.postgres import Database
from tillway.records import links

# Business transactions followed from one key: an order has one or two, a SKU has one for every change of its price.
CORRELATIONS_MAX: Final = 20

# Events told of one key, the latest; more is a history, and read from the journal.
EVENTS_MAX: Final = 1_000

# Entities told of one key.
SUBJECTS_MAX: Final = 20


class Traced(msgspec.Struct, frozen=True):
    """All events found, in the order of the journal, and the entities they are about."""

    events: tuple[Recorded, ...]
    subjects: tuple[str, ...]


async def trace(db: Database, key: str) -> Traced:
    """Everything known by this key; empty when nothing is."""
    subjects = [key, *(ours for _, ours in await links.named(db, key))]
    found = {event.position: event for event in await by_correlation(db, key, limit=EVENTS_MAX)}
    for subject in subjects[:SUBJECTS_MAX]:
        found |= {event.position: event for event in await by_subject(db, subject, limit=EVENTS_MAX)}
    correlations = list(dict.fromkeys(found[position].correlation for position in sorted(found, reverse=True)))
    if correlations:
        others = await by_correlation(db, *correlations[:CORRELATIONS_MAX], limit=EVENTS_MAX)
        found |= {event.position: event for event in others}
    events = tuple(found[position] for position in sorted(found)[-EVENTS_MAX:])
    return Traced(events, tuple(dict.fromkeys(event.subject for event in events))[:SUBJECTS_MAX])
