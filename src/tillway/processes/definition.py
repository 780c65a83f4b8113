"""Definitions: a flow as a table of state x event -> state, with what each state does. Pure; it draws itself."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final, Literal

from tillway.journal import Event
from tillway.postgres import Part
from tillway.records import Cause

Tag = Literal["compensatable", "pivot", "retriable"]

# Every definition has this state: what cannot go on, with an owner, a clock and allowed next actions.
EXCEPTION: Final = "exception"

# Where an instance is before its first step; never stored.
START: Final = "start"

# Outcomes every step may have besides its own: the far side refused, did not answer, or time ran out.
REFUSED, UNKNOWN, OVERDUE = "refused", "unknown", "overdue"

# Member of an instance's data: when a call last went unanswered whose effect the far side may still be at work on.
UNANSWERED: Final = "unanswered_at"

# While the far side is away a step is tried again after these waits, the last one repeating until the deadline.
RETRY: Final = tuple(timedelta(seconds=seconds) for seconds in (0.2, 1, 2, 5, 15, 30, 60))


@dataclass(frozen=True, kw_only=True, slots=True)
class Work:
    """What a step is given: the instance as it stands. `data` is the step's to read; changes go into the outcome."""

    subject: str
    data: Mapping[str, Any]
    correlation: str
    causation: str | None
    traceparent: str | None
    attempts: int

    @property
    def cause(self) -> Cause:
        """What the records note as having caused what a step changes."""
        return Cause(correlation=self.correlation, causation=self.causation, traceparent=self.traceparent)


@dataclass(frozen=True, kw_only=True, slots=True)
class Outcome:
    """What a step found or did: the event for the table, and what commits together with the transition."""

    event: str
    data: Mapping[str, Any] = field(default_factory=dict)
    events: Sequence[Event] = ()
    parts: Sequence[Part] = ()
    detail: str = ""


Act = Callable[[Work], Awaitable[Outcome]]


@dataclass(frozen=True, kw_only=True, slots=True)
class Step:
    """What is done in a state.

    `compensatable`: can be undone, by `compensation`, the name of the state that undoes it; owed from the transition
    into this state on, so before the call. `pivot`: from here on only forward. `retriable`: may be repeated freely.
    """

    state: str
    act: Act
    tag: Tag
    compensation: str | None = None
    retry: tuple[timedelta, ...] = RETRY


@dataclass(frozen=True, slots=True)
class On:
    """One line of the table: in this state, on this event, go there."""

    state: str
    event: str
    to: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Definition:
    """A flow. `table` is all it can do; an event without a line leads to the exception state.

    `starts_on` is the event type that starts an instance, whose subject becomes the instance's; `begin` takes from
    that event what the instance starts with, or None where nothing is to be done. `each`: every event starts one of its
    own, not only the first of its subject. `tell` gives what is announced when an instance becomes an exception.
    """

    name: str
    version: int
    starts_on: str
    owner: str
    deadline: timedelta
    steps: tuple[Step, ...]
    table: tuple[On, ...]
    ends: frozenset[str]
    begin: Callable[[str, Mapping[str, Any]], Beginning | None]
    tell: Callable[[Work, str, str], tuple[Sequence[Event], Sequence[Part]]]
    each: bool = False

    def __post_init__(self) -> None:
        problems = check(self)
        if problems:
            raise ValueError(f"definition {self.name}: {'; '.join(problems)}")

    def step(self, state: str) -> Step | None:
        """What is done in a state; None at an end or an exception."""
        return next((step for step in self.steps if step.state == state), None)

    def next(self, state: str, event: str) -> str:
        """The table, read: where an event leads. Without a line it is an exception."""
        return next((on.to for on in self.table if on.state == state and on.event == event), EXCEPTION)

    def knows(self, state: str, event: str) -> bool:
        """Whether the table has a line for this event."""
        return any(on.state == state and on.event == event for on in self.table)


@dataclass(frozen=True, kw_only=True, slots=True)
class Beginning:
    """What an instance starts with: its data, and what is at stake."""

    data: Mapping[str, Any]
    money_at_risk: Any = None
    currency: str | None = None


def check(definition: Definition) -> tuple[str, ...]:
    """What is wrong with a definition, as sentences; empty when it holds together."""
    problems = []
    acting = {step.state for step in definition.steps}
    known = acting | definition.ends | {EXCEPTION}
    lines = [(on.state, on.event) for on in definition.table]
    problems += [f"{state} x {event} occurs twice" for state, event in sorted({x for x in lines if lines.count(x) > 1})]
    problems += [f"{on.to} is no state" for on in definition.table if on.to not in known]
    problems += [f"{on.state} is no state" for on in definition.table if on.state not in acting | {EXCEPTION, START}]
    reached = {on.to for on in definition.table}
    problems += [f"{state} is never reached" for state in sorted((acting | definition.ends) - reached)]
    if sum(on.state == START for on in definition.table) != 1:
        problems.append("exactly one line begins at start")
    for step in definition.steps:
        if (step.tag == "compensatable") != (step.compensation is not None):
            problems.append(f"{step.state}: compensatable steps, and only they, name a compensation")
        if step.compensation is not None and step.compensation not in acting:
            problems.append(f"{step.state}: compensation {step.compensation} is no state with a step")
    problems += [f"{state} can come round again without a wait" for state in _spinning(definition)]
    return tuple(problems)


def _spinning(definition: Definition) -> list[str]:
    """States that lead back to themselves on answers alone. Only after an unknown outcome does a step wait."""
    onward = {
        step.state: {on.to for on in definition.table if on.state == step.state and on.event != UNKNOWN}
        for step in definition.steps
    }
    found = []
    for state, targets in onward.items():
        reached, ahead = set[str](), set(targets)
        while ahead:
            reached |= ahead
            ahead = {to for each in ahead for to in onward.get(each, ())} - reached
        if state in reached:
            found.append(state)
    return found


def drawing(definition: Definition) -> str:
    """The flow as a Mermaid state diagram."""
    lines = ["stateDiagram-v2"]
    for on in definition.table:
        start = "[*]" if on.state == START else on.state.replace("-", "_")
        lines.append(f"    {start} --> {on.to.replace('-', '_')}: {on.event}")
    lines += [f"    {end.replace('-', '_')} --> [*]" for end in sorted(definition.ends)]
    return "\n".join(lines)
