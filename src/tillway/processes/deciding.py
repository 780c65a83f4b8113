"""What follows from a step's outcome or error. Pure: instance and definition in, transition or wait out."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from tillway import clock
from tillway.errors import OutcomeUnknown, TillwayError, TryAgain, report
from tillway.processes.definition import EXCEPTION, OVERDUE, REFUSED, UNANSWERED, UNKNOWN, Definition, Outcome, Step


@dataclass(frozen=True, kw_only=True, slots=True)
class Advance:
    """Go to a state; `acts` tells whether there is a step to run there, and `wait` how long before (seconds)."""

    event: str
    state: str
    owed: tuple[str, ...]
    acts: bool
    wait: float
    ends: bool
    exception: tuple[str, str] | None
    detail: str


@dataclass(frozen=True, slots=True)
class Wait:
    """Nothing was done: the same step again after this time."""

    seconds: float


def failed(
    definition: Definition, step: Step, attempts: int, error: Exception, *, deadline: datetime, now: datetime
) -> Outcome | Wait:
    """What an error of a step stands for: an outcome, or a wait before the same step.

    An unknown outcome of a step that the table has no line for says that the step only asked: it is asked again.
    """
    told = report(error)
    if isinstance(error, TryAgain) or (isinstance(error, OutcomeUnknown) and not definition.knows(step.state, UNKNOWN)):
        return again(step, attempts, error, deadline=deadline, now=now)
    if isinstance(error, OutcomeUnknown):
        unanswered = {UNANSWERED: clock.iso(now)}
        if now >= deadline:
            return replace(_overdue(step, error), data=unanswered)
        return Outcome(event=UNKNOWN, detail=told.detail, data=unanswered)
    refusal = f"{told.code}: {told.detail}"
    return Outcome(event=REFUSED, detail=refusal, data={"refused": refusal})


def resumed(definition: Definition, state: str, now: datetime) -> Outcome | None:
    """What it means that a runner was lost with this step in hand: its outcome is unknown.

    None when the table has no line for that, which says that the step may be repeated freely.
    """
    if definition.knows(state, UNKNOWN):
        return Outcome(
            event=UNKNOWN, detail="the node that had this step in hand was lost", data={UNANSWERED: clock.iso(now)}
        )
    return None


def after(definition: Definition, state: str, owed: tuple[str, ...], outcome: Outcome, *, unknowns: int = 0) -> Advance:
    """The transition an outcome leads to. The compensation of the step entered is owed from here on.

    After an unknown outcome the far side may still be at work, and a table may go round as long as it gives no answer:
    `unknowns`, how many there were before, makes the step that follows wait longer and longer.
    """
    target = definition.next(state, outcome.event)
    entered = definition.step(target)
    ends = target in definition.ends
    if ends:
        owed = ()
    elif entered is not None and entered.compensation is not None and entered.compensation not in owed:
        owed = (*owed, entered.compensation)
    told = None
    if target == EXCEPTION:
        told = (outcome.event, outcome.detail or f"{state} ended with {outcome.event}")
    return Advance(
        event=outcome.event,
        state=target,
        owed=owed,
        acts=entered is not None,
        wait=0.0 if entered is None or outcome.event != UNKNOWN else _planned(entered, unknowns).total_seconds(),
        ends=ends,
        exception=told,
        detail=outcome.detail,
    )


def again(step: Step, attempts: int, error: TillwayError, *, deadline: datetime, now: datetime) -> Wait | Outcome:
    """Wait on the step's schedule, or give up as overdue when the instance's deadline has passed."""
    if now >= deadline:
        return _overdue(step, error)
    asked = timedelta(seconds=(error.retry_after or 0) if isinstance(error, TryAgain) else 0)
    return Wait(max(_planned(step, attempts), asked).total_seconds())


def allowed(definition: Definition) -> tuple[str, ...]:
    """What a person may do about an exception: the events the table knows there."""
    return tuple(on.event for on in definition.table if on.state == EXCEPTION)


def _overdue(step: Step, error: TillwayError) -> Outcome:
    return Outcome(event=OVERDUE, detail=f"{step.state} was not possible before the deadline: {error.detail}")


def _planned(step: Step, attempts: int) -> timedelta:
    return step.retry[min(attempts, len(step.retry) - 1)]


def merged(data: Any, outcome: Outcome) -> dict[str, Any]:
    """The instance's data with what the step learnt."""
    return {**data, **outcome.data}
