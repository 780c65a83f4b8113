"""Parked work, looked at and acted on, singly and as groups: part of `operations.v1`."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import cache
from typing import Any, Final

from tillway import clock, journal
from tillway.apis.acts import note
from tillway.apis.revealing import shown
from tillway.apis.showing import event_told
from tillway.contracts import classes_of, load
from tillway.gateway import Answer, Ask, Handler
from tillway.journal import Recorded, acting
from tillway.journal.acting import Chosen, Group
from tillway.postgres import Database, Tx

# What a person on duty may see of an event; personal members and payment are tokens, secrets stay marked.
CLEAR: Final = frozenset({"public", "internal", "confidential"})

# Parked events a group act makes due in a second, unless it says otherwise: slow enough to see what comes of it.
PER_SECOND: Final = 5.0

Act = Callable[[Tx, Ask, Chosen], Awaitable[Group]]


def bind(db: Database) -> dict[str, Handler]:
    """The handlers."""

    async def list_parked(ask: Ask) -> Answer:
        return Answer(200, {"parked": await journal.parked_items(db, follower=ask.query.get("follower"))})

    async def get_parked(ask: Ask) -> Answer:
        item = await acting.parked_at(db, ask.path["follower"], ask.path["position"])
        events = await journal.at(db, [item.position])
        told = None if not events else masked(events[0])
        return Answer(200, {"parked": item, "behind": await acting.waiting_behind(db, item), "event": told})

    async def retry_parked(ask: Ask) -> Answer:
        return await _one(db, ask, "retry")

    async def skip_parked(ask: Ask) -> Answer:
        return await _one(db, ask, "skip")

    async def retry_group(ask: Ask) -> Answer:
        return await _group(db, ask, "retry", _retry_all)

    async def skip_group(ask: Ask) -> Answer:
        return await _group(db, ask, "skip", _skip_all)

    async def hold_group(ask: Ask) -> Answer:
        return await _group(db, ask, "hold", _hold_all)

    return {
        "listParked": list_parked,
        "getParked": get_parked,
        "retryParked": retry_parked,
        "skipParked": skip_parked,
        "retryParkedGroup": retry_group,
        "skipParkedGroup": skip_group,
        "holdParkedGroup": hold_group,
    }


def masked(event: Recorded) -> dict[str, Any]:
    """An event with all its members, those shown in clear that a person on duty may see. Pure."""
    return shown(event_told(event), _classes(event.type), CLEAR, "event", event.position)  # type: ignore[no-any-return]


@cache
def _classes(event_type: str) -> dict[str, str]:
    schemas = load().events
    schema = schemas.get((event_type, 1), {})
    envelope = classes_of(schemas["cloudevent", 1])
    return envelope | classes_of(schema, "data")


async def _one(db: Database, ask: Ask, act: str) -> Answer:
    follower, position = ask.path["follower"], ask.path["position"]
    do = acting.retry if act == "retry" else acting.skip
    async with ask.transaction(db) as tx:
        key = await do(tx, follower, position, note(ask))
        done = {"act": act, "follower": follower, "position": position, "partitionkey": key, "at": clock.iso(ask.now)}
        answer = Answer(200, done)
        ask.settle(tx, answer)
    return answer


async def _group(db: Database, ask: Ask, act: str, do: Act) -> Answer:
    body = ask.body
    which = Chosen(follower=body["follower"], partitionkey=body.get("partitionkey"), reason=body.get("reason_code"))
    dry = body.get("dry_run", False)
    async with ask.transaction(db) as tx:
        found = await acting.look_over(tx, which) if dry else await do(tx, ask, which)
        answer = Answer(200, _told(found, act, dry=dry))
        ask.settle(tx, answer)
    return answer


def _told(found: Group, act: str, *, dry: bool) -> dict[str, Any]:
    return {
        "act": act,
        "dry_run": dry,
        "chosen": found.chosen,
        "taken": found.taken,
        "until": found.until,
        "sample": found.sample,
    }


async def _retry_all(tx: Tx, ask: Ask, which: Chosen) -> Group:
    return await acting.retry_all(tx, which, per_second=_pace(ask), note=note(ask))


async def _skip_all(tx: Tx, ask: Ask, which: Chosen) -> Group:
    return await acting.skip_all(tx, which, per_second=_pace(ask), note=note(ask))


async def _hold_all(tx: Tx, ask: Ask, which: Chosen) -> Group:
    return await acting.hold_all(tx, which, note(ask))


def _pace(ask: Ask) -> float:
    return float(ask.body.get("per_second", PER_SECOND))
