"""The feed: `events.v1`."""

from __future__ import annotations

from collections.abc import Sequence

from tillway.apis.following import Following
from tillway.errors import Forbidden, Invalid, Violation
from tillway.gateway import Answer, Ask, Handler
from tillway.identity import Grant
from tillway.journal import short_type
from tillway.landscape import Landscape
from tillway.subscriptions import told, visible


def bind(following: Following) -> dict[str, Handler]:
    """The handlers of this document."""

    async def read_feed(ask: Ask) -> Answer:
        types = receivable(ask.query.get("types"), ask.grant, ask.landscape)
        events, following_on = await following.read(
            ask,
            types=types,
            # "*" means all that the landscape declares as told to others, not all that the journal holds.
            choose=lambda event: event.type in ask.landscape.events and visible(ask.grant, event),
            subject=ask.query.get("subject"),
        )
        page = [told(ask.grant, event, ask.landscape) for event in events]
        return Answer(200, {"events": page, "next": following_on})

    return {"readFeed": read_feed}


def receivable(asked: Sequence[str] | None, grant: Grant, landscape: Landscape) -> frozenset[str] | None:
    """The types (short names) to read, None for all: those asked for, or all that may be received. Pure.

    Invalid names types that do not exist, Forbidden those that are not for this consumer.
    """
    if asked is None:
        return grant.event_types
    types = known_types(asked, landscape)
    refused = sorted(name for name in types if not grant.receives(name))
    if refused:
        raise Forbidden(
            f"events of these types are not for you: {', '.join(refused)}",
            remedy="leave them out, or have them declared for you in the landscape",
        )
    return types


def known_types(asked: Sequence[str], landscape: Landscape) -> frozenset[str]:
    """Event types by either spelling as short names; Invalid with every one that does not exist."""
    types = [short_type(name) for name in asked]
    wrong = tuple(
        Violation(pointer=f"/query/types/{place}", detail="there is no such event type", rule="event-type")
        for place, name in enumerate(types)
        if name not in landscape.events
    )
    if wrong:
        raise Invalid(violations=wrong)
    return frozenset(types)
