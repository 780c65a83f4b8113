"""What follows from a step's outcome or error. Pure: instance and definition in, transition or wait out."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from tillway.errors import OutcomeUnknown, TryAgain, report
from tillway.processes.definition import EXCEPTION, OVERDUE, REFUSED, UNKNOWN, Definition, Outcome, Step


@dataclass(frozen=True, kw_only=True, slots=True)
class Advance:
    """Go to a state; `acts` tells whether there is a step to run there at once."""

    event: str
    state: str
    owed: tuple[str, ...]
    acts: bool
    ends: bool
    exception: tuple[str, str] | None
    detail: str


@dataclass(frozen=True, slots=True)
class Wait:
    """Nothing was done: the same step again after this time."""

    seconds: float


def outcome_of(error: Exception) -> Outcome | None:
    """The outcome that an error of a step stands for; None when the same step may simply be tried again later."""
    if isinstance(error, TryAgain):
        return None
    told = report(error)
    if isinstance(error, OutcomeUnknown):
        return Outcome(event=UNKNOWN, detail=told.detail)
    refusal = f"{told.code}: {told.detail}"
    return Outcome(event=REFUSED, detail=refusal, data={"refused": refusal})


def resumed(definition: Definition, state: str) -> Outcome | None:
    """What it means that a runner was lost with this step in hand: its outcome is unknown.

    None when the table has no line for that, which says that the step may be repeated freely.
    """
    if definition.knows(state, UNKNOWN):
        return Outcome(event=UNKNOWN, detail="the node that had this step in hand was lost")
    return None


def after(definition: Definition, state: str, owed: tuple[str, ...], outcome: Outcome) -> Advance:
    """The transition an outcome leads to. The compensation of the step entered is owed from here on."""
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
        ends=ends,
        exception=told,
        detail=outcome.detail,
    )


def again(step: Step, attempts: int, error: TryAgain, *, deadline: datetime, now: datetime) -> Wait | Outcome:
    """Wait on the step's schedule, or give up as overdue when the instance's deadline has passed."""
    if now >= deadline:
        return Outcome(event=OVERDUE, detail=f"{step.state} was not possible before the deadline: {error.detail}")
    planned = step.retry[min(attempts, len(step.retry) - 1)]
    asked = timedelta(seconds=error.retry_after or 0)
    return Wait(max(planned, asked).total_seconds())


def allowed(definition: Definition) -> tuple[str, ...]:
    """What a person may do about an exception: the events the table knows there."""
    return tuple(on.event for on in definition.table if on.state == EXCEPTION)


def merged(data: Any, outcome: Outcome) -> dict[str, Any]:
    """The instance's data with what the step learnt."""
    return {**data, **outcome.data}
