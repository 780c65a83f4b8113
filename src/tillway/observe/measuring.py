"""What was really measured of freshness, and who uses what: read, for `promised` to judge."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, Final

from tillway import audit, inbox, journal, records, subscriptions
from tillway.landscape import Landscape
from tillway.observe.promised import READINGS, DomainFreshness, Measured, Used, age, judge
from tillway.postgres import Database

# Whoever calls this has the events that it may have.
FEED: Final = "readFeed"

# Followers whose oldest event is looked for: one short read each.
FOLLOWERS_MAX: Final = 50


async def measure(db: Database, landscape: Landscape, now: datetime) -> tuple[Measured, ...]:
    """Everything that carries a domain, as it is now."""
    return (*await _readings(db, landscape, now), *await _sweeps(db, now), *await _followers(db, landscape, now))


async def fresh(db: Database, landscape: Landscape, now: datetime, *, days: int) -> tuple[DomainFreshness, ...]:
    """How fresh each domain is, held against what it was promised."""
    return judge(landscape, await measure(db, landscape, now), await _used(db, landscape, now, days), days=days)


async def _readings(db: Database, landscape: Landscape, now: datetime) -> list[Measured]:
    told = {(each.connection, each.domain): each for each in await inbox.told(db)}
    found = []
    for connection, reading, loaded, read_at in await records.read_until(db):
        if connection not in landscape.connections:
            continue
        nudge = told.get((connection, _kind(reading)))
        answered = None
        if nudge is not None and nudge.taken_at is not None and read_at is not None and read_at >= nudge.taken_at:
            answered = age(nudge.first_at, read_at)
        found.append(
            Measured(
                domain=_domain_of(reading),
                kind="reading",
                name=reading,
                connection=connection,
                seconds=age(read_at, now) if loaded else None,
                told_seconds=answered,
            )
        )
    return found


async def _sweeps(db: Database, now: datetime) -> list[Measured]:
    return [
        Measured(
            domain=_domain_of(reading),
            kind="sweep",
            name=f"sweep of {reading}",
            connection=connection,
            seconds=age(ended_at, now),
        )
        for connection, reading, ended_at in await records.swept_until(db)
    ]


async def _followers(db: Database, landscape: Landscape, now: datetime) -> list[Measured]:
    """Subscriptions that are behind, by the oldest event they have not had."""
    states: dict[str, int] = {}
    for state in await journal.follower_states(db):
        if state.lag:
            states[state.name] = min(state.position, states.get(state.name, state.position))
    found: list[Measured] = []
    for each in (await subscriptions.every(db))[:FOLLOWERS_MAX]:
        position = states.get(each.follower)
        waiting = () if position is None else (await journal.read(db, position, limit=1, types=each.types)).events
        seconds = age(waiting[0].recorded_at, now) if waiting else 0.0
        found.extend(
            Measured(domain=domain, kind="follower", name=each.follower, seconds=seconds)
            for domain in _domains(landscape, each.types)
        )
    return found


def _kind(reading: str) -> str:
    """What a reading reads, of whichever company: `stock/2` is company 2's stock."""
    return reading.partition("/")[0]


def _domain_of(reading: str) -> str:
    return READINGS.get(_kind(reading), _kind(reading))


def _domains(landscape: Landscape, types: Iterable[str]) -> tuple[str, ...]:
    declared = (landscape.events[name].domain for name in types if name in landscape.events)
    return tuple(dict.fromkeys(domain for domain in declared if domain is not None))


async def _used(db: Database, landscape: Landscape, now: datetime, days: int) -> Used:
    today = now.date()
    by_consumer = await audit.calls(db, today - timedelta(days=days), today)
    calls: dict[str, int] = {}
    told: dict[str, frozenset[str]] = {}
    for consumer, operations in by_consumer.items():
        for operation, count in operations.items():
            calls[operation] = calls.get(operation, 0) + count
        entry: Any = landscape.consumers.get(consumer)
        if FEED in operations and entry is not None:
            allowed = landscape.events if entry.event_types == "*" else entry.event_types
            told[consumer] = frozenset(allowed)
    for each in await subscriptions.every(db):
        told[each.follower] = frozenset(each.types)
    return Used(calls=calls, told=told)
