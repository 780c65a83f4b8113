"""Promotions: programmes as the back office last had them, and what changed about them. Told by content."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

import msgspec

from tillway.errors import NotFound
from tillway.journal import Event
from tillway.records.loyalty.statements import SQL
from tillway.records.statements import document
from tillway.records.tracing import Cause
from tillway.retail import Promotion, in_force


class Known(NamedTuple):
    """A promotion, and whether it was last told to be in force."""

    promotion: Promotion
    in_force: bool


class Decision(NamedTuple):
    """What to keep (with its place), what to drop, what to tell."""

    save: tuple[tuple[int, Known], ...]
    drop: tuple[str, ...]
    events: tuple[Event, ...]


async def of(db: Any, connection: str) -> tuple[Known, ...]:
    """All promotions of a connection, in the order in which they count."""
    rows = await db.fetch(SQL["promotions_of"], connection)
    return tuple(Known(_promotion(row["document"]), row["in_force"]) for row in rows)


async def get(db: Any, key: str) -> tuple[Promotion, str]:
    """One promotion and its connection. NotFound when there is none of this id."""
    row = await db.fetchrow(SQL["promotion"], key)
    if row is None:
        raise NotFound("no promotion has this id")
    return _promotion(row["document"]), row["connection"]


def decide(
    old: Sequence[Known], new: Sequence[Promotion], *, at: datetime, zone: str, cause: Cause, first: bool
) -> Decision:
    """What differs between what is known and what was read, the clock included. A first load tells nothing. Pure."""
    before: Mapping[str, tuple[int, Known]] = {each.promotion.id: (place, each) for place, each in enumerate(old)}
    save, events = [], []
    for place, promotion in enumerate(new):
        now = Known(promotion, in_force(promotion, at, zone))
        was = before.get(promotion.id)
        if was == (place, now):
            continue
        save.append((place, now))
        if (change := _change(None if was is None else was[1], now)) is not None:
            events.append(_event(promotion, change, now.in_force, cause))
    gone = [each for key, (_, each) in before.items() if key not in {promotion.id for promotion in new}]
    events += [_event(each.promotion, "removed", False, cause) for each in gone]
    return Decision(tuple(save), tuple(each.promotion.id for each in gone), () if first else tuple(events))


def _change(was: Known | None, now: Known) -> str | None:
    """In one word; None for another place in the order alone."""
    if was is None:
        return "added"
    if was.promotion != now.promotion:
        return "changed"
    if was.in_force != now.in_force:
        return "began" if now.in_force else "ended"
    return None


def _event(promotion: Promotion, change: str, in_force_now: bool, cause: Cause) -> Event:  # noqa: FBT001 - a fact
    return cause.event(
        "promotion.changed",
        subject=promotion.id,
        data={"change": change, "in_force": in_force_now, "promotion": msgspec.json.decode(document(promotion))},
        dataclass="public",
    )


def _promotion(text: str) -> Promotion:
    return msgspec.json.decode(text, type=Promotion)
