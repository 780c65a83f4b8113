from __future__ import annotations

from typing import Any

import pytest
from tests.pure.processes.flows import BOOK_SALE, PLACE_ORDER, flow, step

from tillway.processes import On, drawing
from tillway.processes.definition import EXCEPTION, START, UNKNOWN, check

STARTS, ENDS = On(START, "thing.happened", "doing"), On("doing", "done", "finished")

MISTAKES: list[tuple[dict[str, Any], str]] = [
    ({"table": (STARTS, ENDS, ENDS)}, "doing x done occurs twice"),
    ({"table": (STARTS, ENDS, On("doing", "lost", "nowhere"))}, "nowhere is no state"),
    ({"table": (STARTS, ENDS, On("finished", "again", "doing"))}, "finished is no state"),
    ({"table": (STARTS, ENDS, On("elsewhere", "done", "finished"))}, "elsewhere is no state"),
    ({"table": (STARTS, On("doing", "done", "exception"))}, "finished is never reached"),
    ({"steps": (step("doing"), step("waiting"))}, "waiting is never reached"),
    ({"table": (ENDS, On(EXCEPTION, "retry", "doing"))}, "exactly one line begins at start"),
    ({"table": (STARTS, On(START, "other.thing", "doing"), ENDS)}, "exactly one line begins at start"),
    (
        {"steps": (step("doing", "compensatable"),)},
        "doing: compensatable steps, and only they, name a compensation",
    ),
    (
        {"steps": (step("doing", "pivot", "doing"),)},
        "doing: compensatable steps, and only they, name a compensation",
    ),
    (
        {"steps": (step("doing", "compensatable", "undoing"),)},
        "doing: compensation undoing is no state with a step",
    ),
    ({"table": (STARTS, ENDS, On("doing", "not-yet", "doing"))}, "doing can come round again without a wait"),
    (
        {
            "steps": (step("doing"), step("asking")),
            "table": (STARTS, ENDS, On("doing", "open", "asking"), On("asking", "open", "doing")),
        },
        "asking can come round again without a wait",
    ),
]


@pytest.mark.parametrize(("given", "problem"), MISTAKES, ids=lambda each: each if isinstance(each, str) else "")
def test_each_planted_mistake_is_found_and_keeps_the_definition_from_being_made(
    given: dict[str, Any], problem: str
) -> None:
    with pytest.raises(ValueError, match="definition flow: ") as caught:
        flow(**given)
    assert problem in str(caught.value).removeprefix("definition flow: ").split("; ")


def test_every_problem_is_told_at_once() -> None:
    with pytest.raises(ValueError, match="definition flow: ") as caught:
        flow(table=(ENDS, ENDS, On("doing", "x", "nowhere")))
    assert len(str(caught.value).split("; ")) == 4


@pytest.mark.parametrize("definition", [flow(), PLACE_ORDER, BOOK_SALE], ids=lambda each: each.name)
def test_the_definitions_hold_together(definition: Any) -> None:
    assert check(definition) == ()


def test_a_step_that_waits_after_an_unknown_outcome_may_come_round() -> None:
    assert check(flow(table=(STARTS, ENDS, On("doing", UNKNOWN, "doing")))) == ()


def test_an_event_without_a_line_is_an_exception() -> None:
    assert (flow().next("doing", "done"), flow().next("doing", "anything"), flow().next("finished", "done")) == (
        "finished",
        EXCEPTION,
        EXCEPTION,
    )


def test_the_drawing_shows_every_line() -> None:
    assert drawing(BOOK_SALE).splitlines() == [
        "stateDiagram-v2",
        "    [*] --> opening: sale.recorded",
        "    opening --> booking: open",
        "    opening --> opening: unknown",
        "    booking --> booked: booked",
        "    booking --> looking_up: unknown",
        "    looking_up --> booked: booked",
        "    looking_up --> opening: absent",
        "    exception --> looking_up: retry",
        "    booked --> [*]",
    ]
    assert len(drawing(PLACE_ORDER).splitlines()) == 1 + len(PLACE_ORDER.table) + len(PLACE_ORDER.ends)
