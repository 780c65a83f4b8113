"""Which events somebody may be told, and what they are told of them. Pure; webhooks and the feed share it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

import msgspec

from tillway.errors import Forbidden, Unauthenticated
from tillway.identity import Grant, Principal, grant
from tillway.journal import Recorded, cloudevent
from tillway.landscape import Landscape

# What a consumer must be allowed to be told anything, by whichever way.
OPERATION: Final = "readFeed"

# Nobody brought a token: a subscription stands by itself, until the landscape takes it away.
_NO_TOKEN: Final = ""
_NO_END: Final = datetime.max.replace(tzinfo=UTC)

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


def wire(event: Recorded) -> bytes:
    """The structured CloudEvent as it is sent. Personal members are never in it."""
    return _encode(cloudevent(event))


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
