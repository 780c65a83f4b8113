"""The trace of one business transaction: what happened when, how long each stage took, and where it is stuck. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

import msgspec

from tillway.journal import ParkedItem, Recorded
from tillway.processes import TransitionItem, Way
from tillway.subscriptions import Delivery

# Targets, in milliseconds: the longest a stage may take before a trace calls it late.

# From the moment of the event to its place in the journal: a commit of 25 ms and the sequencer's poll of 250 ms should
# its nudge be lost, with room for a machine that is busy.
RECORDED_MS: Final = 500

# From the journal to the start of its process: one nudge of the tail, its poll of 500 ms at worst.
STARTED_MS: Final = 1_000

# One step of a process: one call of the back office, whose healthy answers take under a second at the 99th percentile,
# and the wait for a permit while other work is more urgent.
STEP_MS: Final = 3_000

# From a committed event to a receiver's 2xx: a receiver keeps first and works afterwards, in well under a second.
DELIVERED_MS: Final = 2_000

# What a step of a process leaves behind, by the state it was done in. Other states keep their own name.
DONE: Final[Mapping[str, str]] = {
    "writing": "written",
    "looking-up": "looked up",
    "confirming": "confirmed",
    "reading-back": "read back",
    "cancelling": "cancelled",
    "opening": "session open",
    "booking": "booked over there",
}

# The processes that follow, by the event that starts them: without one the transaction waits for its start.
STARTS: Final[Mapping[str, str]] = {"order.placed": "place-order", "sale.recorded": "book-sale"}

# What may come of a step besides its doing.
_NOT_DONE: Final = frozenset({"refused", "unknown", "overdue"})

# Where a process stands that waits for a person.
_EXCEPTION: Final = "exception"


class Stage(msgspec.Struct, frozen=True, kw_only=True):
    """One stage. `at` None: not reached yet, and `latency_ms` counts until now; `stuck`: a person must act."""

    name: str
    at: datetime | None
    latency_ms: int
    target_ms: int
    late: bool
    detail: str = ""
    stuck: bool = False


class Trace(msgspec.Struct, frozen=True, kw_only=True):
    """One business transaction about one entity (`subject`).

    `total_ms` is from the first to the last stage, or until now while one is open. `late_at` is where it is stuck now,
    else the first stage that took longer than its target, else None. `others` are further subjects of its correlation.
    """

    key: str
    kind: str
    subject: str
    correlation: str
    stages: tuple[Stage, ...]
    total_ms: int
    late_at: str | None
    others: tuple[str, ...] = ()


class Awaited(msgspec.Struct, frozen=True, kw_only=True):
    """A delivery that is due and has not begun: the subscription, and the event it has not come to yet."""

    subscription: str
    event_id: str


class Known(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that is known of one business transaction: events of one subject in the order of the journal."""

    key: str
    events: tuple[Recorded, ...]
    ways: tuple[Way, ...] = ()
    deliveries: tuple[Delivery, ...] = ()
    awaited: tuple[Awaited, ...] = ()
    parked: tuple[ParkedItem, ...] = ()
    others: tuple[str, ...] = ()


def trace(known: Known, now: datetime) -> Trace:
    """The trace. ValueError without any event."""
    if not known.events:
        raise ValueError("a trace needs at least one event")
    first = known.events[0]
    stages = tuple(_stages(known, now))
    ends = [stage.at or now for stage in stages]
    return Trace(
        key=known.key,
        kind=first.type.partition(".")[0],
        subject=first.subject,
        correlation=first.correlation,
        stages=stages,
        total_ms=_ms(max(ends) - first.time),
        late_at=_late_at(stages),
        others=known.others,
    )


def _stages(known: Known, now: datetime) -> Iterator[Stage]:
    first = known.events[0]
    yield Stage(name="received", at=first.time, latency_ms=0, target_ms=0, late=False, detail=first.type)
    yield _stage("recorded", first.time, first.recorded_at, RECORDED_MS, now, detail=f"position {first.position}")
    yield from _steps(known, now)
    yield from _told(known, now)
    yield from _deliveries(known, now)


def _steps(known: Known, now: datetime) -> Iterator[Stage]:
    first = known.events[0]
    expected = STARTS.get(first.type)
    if expected is not None and expected not in {way.definition for way in known.ways}:
        found = _parked_at(known.parked, first, f"process {expected}")
        yield _stage("started", first.recorded_at, None, STARTED_MS, now, detail=found or expected, stuck=bool(found))
    for way in known.ways:
        yield _stage("started", first.recorded_at, way.started_at, STARTED_MS, now, detail=way.definition)
        yield from _way(way, now)


def _way(way: Way, now: datetime) -> Iterator[Stage]:
    since = way.started_at
    for step in way.transitions:
        yield _stage(_named(step), since, step.at, STEP_MS, now, detail=_way_of(step))
        since = step.at
    if way.finished_at is None:
        stuck = way.state == _EXCEPTION
        detail = f"waits for {way.owner}" if stuck else f"attempts {way.attempts}"
        yield _stage(way.state, since, None, STEP_MS, now, detail=detail, stuck=stuck)


def _named(step: TransitionItem) -> str:
    """What is there after a step: what it does when it went on, otherwise the step and what came of it instead."""
    if step.was == _EXCEPTION:
        return f"a person: {step.event}"
    if step.state == _EXCEPTION or step.event in _NOT_DONE:
        return f"{step.was}: {step.event}"
    return DONE.get(step.was, step.was)


def _way_of(step: TransitionItem) -> str:
    told = f"{step.was} x {step.event} -> {step.state}"
    if step.attempts:
        told += f", after {step.attempts} attempts that failed"
    return f"{told}: {step.detail}" if step.detail else told


def _told(known: Known, now: datetime) -> Iterator[Stage]:
    """What was announced after the first event, e.g. `accepted` or `booked`: from its commit to its place."""
    for event in known.events[1:]:
        name = event.type.partition(".")[2]
        if name == _EXCEPTION and known.ways:
            continue  # the step that led there says it, with why
        yield _stage(name, event.time, event.recorded_at, RECORDED_MS, now, detail=f"position {event.position}")


def _deliveries(known: Known, now: datetime) -> Iterator[Stage]:
    """Each delivery counts from the event it tells of: receivers do not wait for each other."""
    events = {str(event.id): event for event in known.events}
    for one in known.deliveries:
        event = events.get(one.event_id)
        if event is None:
            continue
        stuck = _parked_at(known.parked, event, f"webhook {one.subscription}")
        tries = "1 attempt" if one.attempts == 1 else f"{one.attempts} attempts"
        why = "" if one.delivered_at is not None else f", {stuck or one.failure or 'no answer yet'}"
        yield _stage(
            f"delivered {one.subscription}",
            event.recorded_at,
            one.delivered_at,
            DELIVERED_MS,
            now,
            detail=f"{event.type}, {tries}{why}",
            stuck=one.delivered_at is None and bool(stuck),
        )
    for due in known.awaited:
        event = events.get(due.event_id)
        if event is None:
            continue
        stuck = _parked_at(known.parked, event, f"webhook {due.subscription}")
        yield _stage(
            f"delivered {due.subscription}",
            event.recorded_at,
            None,
            DELIVERED_MS,
            now,
            detail=f"{event.type}, {stuck or 'not begun'}",
            stuck=bool(stuck),
        )


def _parked_at(parked: Iterable[ParkedItem], event: Recorded, follower: str) -> str:
    """Why this follower parks the event; empty when it does not."""
    for item in parked:
        if item.follower == follower and item.event_id == str(event.id):
            return f"parked for {item.owner}: {item.detail}"
    return ""


def _stage(
    name: str, since: datetime, at: datetime | None, target: int, now: datetime, *, detail: str, stuck: bool = False
) -> Stage:
    took = _ms((now if at is None else at) - since)
    return Stage(
        name=name, at=at, latency_ms=took, target_ms=target, late=stuck or took > target, detail=detail, stuck=stuck
    )


def _late_at(stages: Sequence[Stage]) -> str | None:
    """Where it is stuck comes first: what was slow and is over helps nobody while something waits."""
    now = next((stage.name for stage in stages if stage.at is None and stage.late), None)
    return now or next((stage.name for stage in stages if stage.late), None)


def _ms(took: timedelta) -> int:
    """Whole milliseconds; clocks of two machines may disagree by a few, and no stage ends before it began."""
    return max(0, took // timedelta(milliseconds=1))
