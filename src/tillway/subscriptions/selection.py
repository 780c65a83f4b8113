"""Which events somebody may be told, and what they are told of them. Pure; webhooks and the feed share it."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, Final

import msgspec

from tillway import contracts
from tillway.contracts import NOTHING, Cut, Tally, cut, plan
from tillway.errors import Forbidden, Unauthenticated
from tillway.identity import Grant, Principal, grant
from tillway.journal import Recorded, cloudevent
from tillway.landscape import Landscape

# What a consumer must be allowed to be told anything, by whichever way.
OPERATION: Final = "readFeed"

# Event types times sets of classes: a hundred types and a dozen sets at most, a few KB each.
CUTS_MAX: Final = 1_200

# Nobody brought a token: a subscription stands by itself, until the landscape takes it away.
_NO_TOKEN: Final = ""
_NO_END: Final = datetime.max.replace(tzinfo=UTC)

_PLACE: Final = "subscriptions.selection"

_encode = msgspec.json.Encoder().encode


def visible(who: Grant, event: Recorded) -> bool:
    """Whether this event may be told: its type is received, and a shop it is about is one of theirs.

    An event that names its shop as unknown (`null`) is told only to those who see all shops.
    """
    if not who.receives(event.type):
        return False
    if who.shops is None:
        return True
    data = event.data
    if "shop" not in data:
        return True
    shop = data["shop"]
    return isinstance(shop, str) and who.sees_shop(shop)


def told(who: Grant, event: Recorded, landscape: Landscape | None = None) -> dict[str, Any]:
    """The structured CloudEvent as this receiver may know it: without members above its classes of data.

    Members are those that the landscape promises, or only those that ship with Tillway.
    """
    envelope = cloudevent(event, personal="personal" in who.classes)
    found = _cut(event.type, who.classes) if landscape is None else _promised(event.type, who.classes, landscape)
    if found is not None:
        envelope["data"] = found.of(envelope["data"], Tally())
    return envelope


def wire(who: Grant, event: Recorded, landscape: Landscape | None = None) -> bytes:
    """The structured CloudEvent as it is sent to this receiver."""
    return _encode(told(who, event, landscape))


def _promised(event_type: str, classes: frozenset[str], landscape: Landscape) -> Cut | None:
    """By the retailer's own schemas too, and with its own fields written in."""
    documents = landscape.documents
    if documents is contracts.load():
        return _cut(event_type, classes)
    made: dict[Any, Cut | None] = landscape.derived.setdefault(_PLACE, {})
    key = event_type, classes
    if key not in made:
        schema = documents.events.get((event_type, 1))
        made[key] = NOTHING if schema is None else cut(plan(schema), classes)
    return made[key]


@lru_cache(maxsize=CUTS_MAX)
def _cut(event_type: str, classes: frozenset[str]) -> Cut | None:
    schema = contracts.load().events.get((event_type, 1))
    return NOTHING if schema is None else cut(plan(schema), classes)


def recipient(landscape: Landscape, consumer: str, now: datetime) -> Grant:
    """What the landscape lets a consumer be told now.

    Raises Forbidden when it may not read the feed (`events:read`), Unauthenticated when it is not known any more.
    """
    declared = landscape.consumers.get(consumer)
    if declared is None:
        raise Unauthenticated(f"the consumer {consumer[:64]} is not known any more")
    principal = Principal(
        id=consumer,
        kind=declared.kind,
        scopes=frozenset(declared.scopes),
        token_id=_NO_TOKEN,
        expires_at=_NO_END,
    )
    return grant(principal, landscape, OPERATION, now=now)


def recipient_or_none(landscape: Landscape, consumer: str, now: datetime) -> Grant | None:
    """As `recipient`; None when nothing may be told."""
    try:
        return recipient(landscape, consumer, now)
    except (Forbidden, Unauthenticated):
        return None
