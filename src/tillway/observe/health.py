"""How the hub does: followers behind, records grown stale, work that waits for a person. `judge` is pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

import msgspec

from tillway import journal, processes, records
from tillway.journal import FollowerState, Head, ParkedItem
from tillway.landscape import Landscape
from tillway.subscriptions import Subscription, current, every

# Polls that may be missed before records count as stale: one is an accident, three are a fault.
POLLS_MISSED: Final = 3

# Events a follower may be behind while it moves on: a minute of a full till day at 500 events a second.
LAG_MAX: Final = 30_000

# A follower behind the head that has not moved for this long is stuck; idle positions move every few seconds.
STILL: Final = timedelta(seconds=30)

# What the name of a subscription's follower begins with.
_WEBHOOK: Final = "webhook "


class FollowerHealth(msgspec.Struct, frozen=True, kw_only=True):
    """One follower over all its lanes. `lag` counts events, `since` is when its slowest lane last moved.

    `problem` is empty while all is well.
    """

    name: str
    lag: int
    since: datetime
    held_for: str | None
    held_until: datetime | None
    problem: str


class Freshness(msgspec.Struct, frozen=True, kw_only=True):
    """When one domain of one connection was last read; None: its first load is not complete."""

    connection: str
    domain: str
    read_at: datetime | None
    age_seconds: float | None
    problem: str


class Health(msgspec.Struct, frozen=True, kw_only=True):
    """One look. `lag` is that of the follower furthest behind; `parked` and `exceptions` are counted up to 500."""

    epoch: str
    position: int
    lag: int
    followers: tuple[FollowerHealth, ...]
    freshness: tuple[Freshness, ...]
    parked: int
    exceptions: int
    problems: tuple[str, ...]


class Seen(msgspec.Struct, frozen=True, kw_only=True):
    """What was looked at; see `judge`. `fresh` is by (connection, domain)."""

    head: Head
    states: tuple[FollowerState, ...]
    subscriptions: tuple[Subscription, ...]
    parked: tuple[ParkedItem, ...]
    exceptions: tuple[processes.ExceptionItem, ...]
    fresh: Mapping[tuple[str, str], datetime | None]


async def look(db: Any, landscape: Landscape, now: datetime, *, poll_seconds: float) -> Health:
    """How the hub does now. `poll_seconds` counts for connections that name no poll of their own."""
    seen = Seen(
        head=await journal.head(db),
        states=await journal.follower_states(db),
        subscriptions=await every(db),
        parked=await journal.parked_items(db),
        exceptions=await processes.exceptions(db),
        fresh=await records.freshness(db),
    )
    return judge(seen, landscape, now, poll_seconds=poll_seconds)


def judge(seen: Seen, landscape: Landscape, now: datetime, *, poll_seconds: float) -> Health:
    """What was seen, weighed. Subscriptions that are switched off or declared no more are left out."""
    told = {each.follower for each in current(landscape, seen.subscriptions, now)}
    states = [state for state in seen.states if not state.name.startswith(_WEBHOOK) or state.name in told]
    followers = tuple(
        _follower(name, [state for state in states if state.name == name], now)
        for name in sorted({state.name for state in states})
    )
    freshness = _freshness(seen.fresh, landscape, now, poll_seconds)
    waiting = (
        *((f"{len(seen.parked)} events are parked",) if seen.parked else ()),
        *((f"{len(seen.exceptions)} processes wait for a person",) if seen.exceptions else ()),
    )
    problems = (
        *(each.problem for each in followers if each.problem),
        *(each.problem for each in freshness if each.problem),
        *waiting,
    )
    return Health(
        epoch=str(seen.head.epoch),
        position=seen.head.position,
        lag=max((each.lag for each in followers), default=0),
        followers=followers,
        freshness=freshness,
        parked=len(seen.parked),
        exceptions=len(seen.exceptions),
        problems=problems,
    )


def _follower(name: str, lanes: Sequence[FollowerState], now: datetime) -> FollowerHealth:
    lag = max(0, *(lane.lag for lane in lanes))
    since = min(lane.moved_at for lane in lanes)
    held = next((lane for lane in lanes if lane.held_for is not None), None)
    return FollowerHealth(
        name=name,
        lag=lag,
        since=since,
        held_for=None if held is None else held.held_for,
        held_until=None if held is None else held.held_until,
        problem=_lag_problem(name, lanes, now),
    )


def _lag_problem(name: str, lanes: Sequence[FollowerState], now: datetime) -> str:
    behind = [lane for lane in lanes if lane.lag > 0]
    held = [lane for lane in behind if lane.held_for is not None]
    if held:
        return f"{name} is held for its far side ({held[0].held_for}, attempt {held[0].attempts}), {held[0].lag} behind"
    if any(not lane.alive for lane in behind):
        return f"{name} is followed by no living node: is a works process running?"
    still = [lane for lane in behind if now - lane.moved_at > STILL]
    if still:
        return f"{name} has not moved for {int((now - still[0].moved_at).total_seconds())} s, {still[0].lag} behind"
    far = [lane for lane in behind if lane.lag > LAG_MAX]
    return f"{name} is {far[0].lag} events behind" if far else ""


def _freshness(
    fresh: Mapping[tuple[str, str], datetime | None], landscape: Landscape, now: datetime, poll_seconds: float
) -> tuple[Freshness, ...]:
    found = []
    for connection in landscape.connections.values():
        allowed = timedelta(seconds=POLLS_MISSED * (connection.poll_seconds or poll_seconds))
        for domain in ("products", "prices"):
            read_at = fresh.get((connection.id, domain))
            found.append(_one(connection.id, domain, read_at, now, allowed))
    return tuple(found)


def _one(connection: str, domain: str, read_at: datetime | None, now: datetime, allowed: timedelta) -> Freshness:
    problem, age = "", None
    if read_at is None:
        problem = f"the first load of {domain} from {connection} is not complete"
    else:
        age = max(0.0, (now - read_at).total_seconds())
        if now - read_at > allowed:
            problem = f"{domain} from {connection} were last read {int(age)} s ago: is it reachable?"
    return Freshness(connection=connection, domain=domain, read_at=read_at, age_seconds=age, problem=problem)
