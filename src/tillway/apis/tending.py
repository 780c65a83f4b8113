"""Positions and subscriptions: reading again, and going on after a receiver was given up. Part of `operations.v1`."""

from __future__ import annotations

from typing import Any, Final

from tillway import clock, journal, processes, subscriptions
from tillway.apis.acts import reason
from tillway.errors import Invalid, NotFound, Violation
from tillway.gateway import Answer, Ask, Handler
from tillway.journal import FollowerState, Tail, acting, cursor
from tillway.postgres import Database
from tillway.subscriptions import Subscription

_WEBHOOK: Final = "webhook "
_PROCESS: Final = "process "

# What every JSON reader holds exactly; no journal comes near it.
POSITION_MAX: Final = 2**53 - 1


def bind(db: Database, tail: Tail) -> dict[str, Handler]:
    """The handlers."""

    async def replay_follower(ask: Ask) -> Answer:
        name, dry = ask.path["name"], ask.body.get("dry_run", False)
        after = await _after(db, tail, ask.body["from"])
        types = await _types(db, name)
        async with ask.transaction(db) as tx:
            found = await acting.look_ahead(tx, name, after, types)
            if not dry:
                await acting.replaying(tx, name, after)
            answer = Answer(
                200,
                {
                    "follower": name,
                    "dry_run": dry,
                    "after": after,
                    "lanes": found.lanes,
                    "events": found.events,
                    "types": [{"type": name, "events": count} for name, count in found.types.items()],
                },
            )
            ask.settle(tx, answer)
        return answer

    async def list_subscriptions(_ask: Ask) -> Answer:
        states = {state.name: state for state in await journal.follower_states(db)}
        parked = await journal.parked_counts(db)
        kept = await subscriptions.every(db)
        told = [_told(each, states.get(each.follower), parked.get(each.follower, 0)) for each in kept]
        return Answer(200, {"subscriptions": told})

    async def resume_subscription(ask: Ask) -> Answer:
        async with ask.transaction(db) as tx:
            was = await subscriptions.resuming(tx, ask.path["id"])
            done = {
                "id": was.id,
                "was": was.status,
                "status": "active",
                "reason": reason(ask),
                "at": clock.iso(ask.now),
            }
            answer = Answer(200, done)
            ask.settle(tx, answer)
        return answer

    return {
        "replayFollower": replay_follower,
        "listSubscriptions": list_subscriptions,
        "resumeSubscription": resume_subscription,
    }


async def _after(db: Database, tail: Tail, begin: str) -> int:
    """The position after which to read: a position is read again itself, a cursor is what was read last."""
    if begin.isdigit():
        if not 0 < int(begin) <= POSITION_MAX:
            detail = f"positions go from 1 to {POSITION_MAX}"
            raise Invalid(violations=(Violation(pointer="/from", detail=detail, rule="position"),))
        return int(begin) - 1
    given = cursor.decode(begin, pointer="/from")
    return cursor.resume(given, epoch=tail.epoch, oldest=await journal.oldest(db))


async def _types(db: Database, follower: str) -> tuple[str, ...] | None:
    """The types a follower reads, as far as they are known here; None for all."""
    if follower.startswith(_WEBHOOK):
        try:
            return (await subscriptions.get(db, follower.removeprefix(_WEBHOOK))).types
        except NotFound:
            return None
    known = {f"{_PROCESS}{flow.name}": flow.starts_on for flow in processes.flows(db).values()}
    return (known[follower],) if follower in known else None


def _told(each: Subscription, state: FollowerState | None, parked: int) -> dict[str, Any]:
    held = state is not None and state.held_for is not None
    return {
        "id": each.id,
        "consumer": each.consumer,
        "origin": each.origin,
        "types": each.types,
        "url": each.url,
        "status": "suspended" if each.status == "disabled" else ("held" if held else "active"),
        "reason": each.reason or (state.held_for if state is not None else None),
        "held_until": None if state is None else state.held_until,
        "position": None if state is None else state.position,
        "lag": None if state is None else state.lag,
        "parked": parked,
        "created_at": each.created_at,
    }
