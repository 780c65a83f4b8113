from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.pure.processes.flows import BOOK_SALE, NOON, PLACE_ORDER, flow, step

from tillway.errors import (
    Invalid,
    LeaseLost,
    Misconfigured,
    NotFound,
    OutcomeUnknown,
    Poison,
    TryAgain,
    Unavailable,
)
from tillway.processes import Definition, On, Outcome
from tillway.processes.deciding import Advance, Wait, after, again, failed, merged, resumed
from tillway.processes.definition import EXCEPTION, OVERDUE, REFUSED, START, UNANSWERED, UNKNOWN

# What is remembered of a call whose effect the far side may still be at work on.
NEVER_ANSWERED = {UNANSWERED: "2026-11-23T12:00:00.000000Z"}

LATER, BEFORE = NOON + timedelta(hours=1), NOON - timedelta(seconds=1)


def decided(state: str, error: Exception, *, attempts: int = 0, deadline=LATER) -> Outcome | Wait:
    found = PLACE_ORDER.step(state)
    assert found is not None
    return failed(PLACE_ORDER, found, attempts, error, deadline=deadline, now=NOON)


@pytest.mark.parametrize(
    ("outcome", "advance"),
    [
        ("written", {"state": "confirming", "owed": ("cancelling",), "acts": True}),
        ("confirmed", {"state": "reading-back", "owed": ("cancelling",), "acts": True}),
        (UNKNOWN, {"state": "looking-up", "owed": ("cancelling",), "acts": True, "wait": 0.2}),
        (
            "refused",
            {
                "state": EXCEPTION,
                "owed": ("cancelling",),
                "exception": ("refused", "writing ended with refused"),
            },
        ),
    ],
)
def test_what_follows_from_an_outcome_of_writing(outcome: str, advance: dict[str, object]) -> None:
    expected = {"event": outcome, "acts": False, "wait": 0.0, "ends": False, "exception": None, "detail": "", **advance}
    assert after(PLACE_ORDER, "writing", ("cancelling",), Outcome(event=outcome)) == Advance(**expected)


def test_at_an_end_nothing_is_owed_any_more() -> None:
    found = after(PLACE_ORDER, "reading-back", ("cancelling",), Outcome(event="confirmed"))
    assert (found.state, found.owed, found.ends, found.acts) == ("accepted", (), True, False)


def test_the_exception_carries_the_reason_of_the_step() -> None:
    found = after(PLACE_ORDER, "reading-back", (), Outcome(event="differs", detail="other quantities"))
    assert found.exception == ("differs", "other quantities")


@pytest.mark.parametrize(("unknowns", "seconds"), [(0, 0.2), (1, 1), (2, 2), (6, 60), (1000, 60)])
def test_after_each_unknown_outcome_the_next_step_waits_longer(unknowns: int, seconds: float) -> None:
    assert after(BOOK_SALE, "opening", (), Outcome(event=UNKNOWN), unknowns=unknowns).wait == seconds
    assert after(BOOK_SALE, "opening", (), Outcome(event="open"), unknowns=unknowns).wait == 0


@pytest.mark.parametrize("state", ["writing", "confirming", "cancelling"])
def test_a_lost_runner_leaves_an_unknown_outcome_behind(state: str) -> None:
    found = resumed(PLACE_ORDER, state, NOON)
    assert found is not None
    assert (found.event, found.data) == (UNKNOWN, NEVER_ANSWERED)


@pytest.mark.parametrize("state", ["looking-up", "reading-back"])
def test_a_step_that_only_asks_is_asked_again(state: str) -> None:
    assert resumed(PLACE_ORDER, state, NOON) is None


@pytest.mark.parametrize(
    ("attempts", "retry_after", "seconds"),
    [(0, None, 0.2), (1, None, 1), (6, None, 60), (99, None, 60), (0, 5.0, 5), (6, 5.0, 60)],
)
def test_not_possible_just_now_is_tried_again_on_the_schedule(
    attempts: int, retry_after: float | None, seconds: float
) -> None:
    error = Unavailable("Odoo is away", retry_after=retry_after)
    assert decided("writing", error, attempts=attempts) == Wait(seconds)
    assert again(step("doing"), attempts, error, deadline=LATER, now=NOON) == Wait(seconds)


@pytest.mark.parametrize("error", [TryAgain("busy"), Unavailable("busy"), LeaseLost("busy"), OutcomeUnknown("busy")])
@pytest.mark.parametrize("deadline", [NOON, BEFORE])
def test_past_the_deadline_it_is_given_up(error: Exception, deadline: object) -> None:
    assert decided("writing", error, deadline=deadline) == Outcome(
        event=OVERDUE,
        detail="writing was not possible before the deadline: busy",
        data=NEVER_ANSWERED if isinstance(error, OutcomeUnknown) else {},
    )


def test_an_unknown_outcome_is_looked_up_where_something_was_changed_and_asked_again_where_not() -> None:
    assert decided("writing", OutcomeUnknown("no answer")) == Outcome(
        event=UNKNOWN, detail="no answer", data=NEVER_ANSWERED
    )
    assert decided("looking-up", OutcomeUnknown("no answer"), attempts=1) == Wait(1.0)


@pytest.mark.parametrize(
    ("error", "detail"),
    [
        (Invalid("no such product"), "invalid: no such product"),
        (NotFound("no such shop"), "not-found: no such shop"),
        (Poison("broken"), "poison: broken"),
        (Misconfigured("no key"), "misconfigured: no key"),
        (KeyError("secret"), "unexpected: unexpected KeyError"),
    ],
)
def test_everything_else_is_a_refusal_that_is_remembered(error: Exception, detail: str) -> None:
    assert decided("writing", error) == Outcome(event=REFUSED, detail=detail, data={"refused": detail})


def test_what_a_step_learnt_is_added_to_the_data() -> None:
    assert merged({"a": 1, "b": 1}, Outcome(event="x", data={"b": 2, "c": 2})) == {"a": 1, "b": 2, "c": 2}


def test_compensation_is_owed_once_however_often_its_step_is_entered() -> None:
    table = (
        On(START, "thing.happened", "doing"),
        On("doing", UNKNOWN, "doing"),
        On("doing", "done", "finished"),
        On(EXCEPTION, "undo", "undoing"),
        On("undoing", "done", "finished"),
    )
    made = flow(table=table, steps=(step("doing", "compensatable", "undoing"), step("undoing")))
    once = after(made, "doing", (), Outcome(event=UNKNOWN))
    assert (once.owed, after(made, "doing", once.owed, Outcome(event=UNKNOWN)).owed) == (("undoing",), ("undoing",))


# What steps may find or run into, in any order: the machine must always come to rest, and owe before it acts.
happenings = st.lists(
    st.sampled_from(
        [
            *("written", "confirmed", "draft", "absent", "cancelled", "other", "differs", "done", "open", "booked"),
            *(TryAgain("busy"), OutcomeUnknown("no answer"), Invalid("no"), KeyError("defect")),
        ]
    ),
    max_size=40,
)


@given(st.sampled_from([PLACE_ORDER, BOOK_SALE]), happenings, st.booleans())
def test_any_course_ends_waits_or_becomes_an_exception_and_owes_before_it_acts(
    definition: Definition, course: list[str | Exception], late: bool
) -> None:
    state, owed, unknowns, rested = definition.next(START, definition.starts_on), (), 0, 0
    first = definition.step(state)
    assert first is not None
    owed = (first.compensation,) if first.compensation else ()
    deadline, acted = (BEFORE if late else LATER), 0
    for happening in course:
        found = definition.step(state)
        assert found is not None
        assert found.compensation is None or found.compensation in owed
        acted += 1
        # Between two rests no step is taken twice: nothing spins.
        assert acted <= len(definition.steps)
        answer = Outcome(event=happening) if isinstance(happening, str) else None
        if answer is None:
            answer = failed(definition, found, rested, happening, deadline=deadline, now=NOON)
        if isinstance(answer, Wait):
            assert answer.seconds > 0
            assert not late
            acted, rested = 0, rested + 1
            continue
        advance = after(definition, state, owed, answer, unknowns=unknowns)
        state, owed = advance.state, advance.owed
        unknowns += answer.event == UNKNOWN
        assert advance.acts == (definition.step(state) is not None)
        assert (advance.exception is not None) == (state == EXCEPTION)
        assert advance.ends == (state in definition.ends)
        if not advance.acts:
            assert state == EXCEPTION or (state in definition.ends and owed == ())
            return
        if advance.wait:
            acted = 0
    assert definition.step(state) is not None
