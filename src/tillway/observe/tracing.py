"""Find the trace of whatever a person knows of a business transaction."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Final

from tillway import clock, journal, processes
from tillway.errors import NotFound
from tillway.journal import FollowerState, Recorded
from tillway.observe.trace import Awaited, Known, Trace, trace
from tillway.records import links, orders, sales
from tillway.subscriptions import Delivery, Subscription, deliveries, every

# Till, epoch and sequence of a receipt.
_RECEIPT: Final = re.compile(r"([^/]+)/([^/]+)/([0-9]{1,18})\Z")

# How many orders one reference may lead to; the newest is shown.
_FOUND: Final = 1

_REMEDY: Final = (
    "give an order's or sale's id, our reference, the back office's number, a correlation id, or till/epoch/sequence; "
    "what is older than its retention is not in the journal any more"
)


async def find(db: Any, key: str) -> Trace:
    """The trace of the business transaction behind an order id, sale id, reference, number of the back office,
    correlation id, SKU (its last change) or `till/epoch/sequence`. NotFound with a remedy when nothing is known.
    """
    events = await _events(db, key)
    if not events:
        raise NotFound(f"no business transaction is known by {key[:128]!r}", remedy=_REMEDY)
    subject, correlation = events[-1].subject, events[-1].correlation
    together = await journal.by_correlation(db, correlation)
    others = dict.fromkeys(event.subject for event in together if event.subject != subject)
    mine = tuple(event for event in events if event.correlation == correlation)
    return trace(await _known(db, key, mine, tuple(others)), clock.now())


async def events_of(db: Any, key: str) -> tuple[Recorded, ...]:
    """Every event of the business transaction behind a key, in the order of the journal; NotFound as `find`."""
    events = await _events(db, key)
    if not events:
        raise NotFound(f"no business transaction is known by {key[:128]!r}", remedy=_REMEDY)
    found = {event.position: event for event in events}
    found |= {event.position: event for event in await journal.by_correlation(db, events[-1].correlation)}
    return tuple(found[position] for position in sorted(found))


def awaited(
    events: Sequence[Recorded],
    subscriptions: Sequence[Subscription],
    states: Sequence[FollowerState],
    begun: Sequence[Delivery],
    parked: Sequence[journal.ParkedItem],
) -> tuple[Awaited, ...]:
    """Deliveries that are due and have not begun: the subscription has not come to them, or parked them. Pure."""
    known = {(one.subscription, one.event_id) for one in begun}
    aside = {(item.follower, item.event_id) for item in parked}
    positions = {state.name: state.position for state in states}
    found = []
    for one in subscriptions:
        position = positions.get(one.follower)
        if position is None or one.status != "active":
            continue
        for event in events:
            ahead = event.position > position or (one.follower, str(event.id)) in aside
            if ahead and event.type in one.types and (one.id, str(event.id)) not in known:
                found.append(Awaited(subscription=one.id, event_id=str(event.id)))
    return tuple(found)


async def _events(db: Any, key: str) -> tuple[Recorded, ...]:
    """Events of one subject: the key's own, or of what the key is a name of."""
    found = await journal.by_subject(db, key)
    if found:
        return found
    for subject in await _subjects(db, key):
        found = await journal.by_subject(db, subject)
        if found:
            return found
    together = await journal.by_correlation(db, key)
    if not together:
        return ()
    return tuple(event for event in together if event.subject == together[0].subject)


async def _subjects(db: Any, key: str) -> tuple[str, ...]:
    receipt = _RECEIPT.match(key)
    if receipt is not None:
        sale = await sales.by_sequence(db, receipt[1], receipt[2], int(receipt[3]))
        return () if sale is None else (sale,)
    named = [ours for _, ours in await links.named(db, key)]
    return (*named, *await orders.by_reference(db, key, limit=_FOUND))


async def _known(db: Any, key: str, events: tuple[Recorded, ...], others: tuple[str, ...]) -> Known:
    ids = {str(event.id) for event in events}
    begun = await deliveries(db, [event.id for event in events])
    parked = tuple(item for item in await journal.parked_items(db) if item.event_id in ids)
    states = await journal.follower_states(db)
    return Known(
        key=key,
        events=events,
        ways=await processes.ways(db, events[0].subject),
        deliveries=begun,
        awaited=awaited(events, await every(db), states, begun, parked),
        parked=parked,
        others=others,
    )
