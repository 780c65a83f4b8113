"""Both flows, line by line: each state with each event that any step knows. What is not listed is an exception."""

from __future__ import annotations

import pytest
from tests.pure.processes.flows import BOOK_SALE, PLACE_ORDER

from tillway.processes import Definition
from tillway.processes.deciding import allowed
from tillway.processes.definition import EXCEPTION, OVERDUE, REFUSED, START, UNKNOWN

ORDER = """
state           event         to
start           order.placed  writing
writing         written       confirming
writing         confirmed     reading-back
writing         unknown       looking-up
looking-up      absent        writing
looking-up      draft         confirming
looking-up      confirmed     reading-back
confirming      done          reading-back
confirming      unknown       looking-up
confirming      refused       reading-back
reading-back    confirmed     accepted
exception       retry         looking-up
exception       cancel        cancelling
cancelling      done          cancelled
cancelling      absent        cancelled
cancelling      unknown       cancelling
"""

SALE = """
state           event         to
start           sale.recorded opening
opening         open          booking
opening         unknown       opening
booking         booked        booked
booking         unknown       looking-up
looking-up      booked        booked
looking-up      absent        opening
exception       retry         looking-up
"""

# Whatever a step may find or run into, the lines' own events included.
EVENTS = {
    "order.placed", "sale.recorded", "written", "confirmed", "draft", "absent", "cancelled", "other", "differs", "done",
    "open", "booked", "retry", "cancel", REFUSED, UNKNOWN, OVERDUE,
}  # fmt: skip


def read(text: str) -> dict[tuple[str, str], str]:
    lines = [line.split() for line in text.strip().splitlines()[1:]]
    return {(state, event): to for state, event, to in lines}


def cells(definition: Definition, text: str) -> list[tuple[Definition, str, str, str]]:
    table = read(text)
    states = [START, *(step.state for step in definition.steps), *sorted(definition.ends), EXCEPTION]
    return [
        (definition, state, event, table.get((state, event), EXCEPTION)) for state in states for event in sorted(EVENTS)
    ]


@pytest.mark.parametrize(
    ("definition", "state", "event", "to"),
    [*cells(PLACE_ORDER, ORDER), *cells(BOOK_SALE, SALE)],
    ids=lambda each: each.name if isinstance(each, Definition) else each,
)
def test_where_an_event_leads(definition: Definition, state: str, event: str, to: str) -> None:
    assert definition.next(state, event) == to


@pytest.mark.parametrize(("definition", "text"), [(PLACE_ORDER, ORDER), (BOOK_SALE, SALE)], ids=["order", "sale"])
def test_the_tables_have_these_lines_and_no_other(definition: Definition, text: str) -> None:
    assert {(on.state, on.event): on.to for on in definition.table} == read(text)


def test_what_each_step_is() -> None:
    assert {step.state: (step.tag, step.compensation) for step in (*PLACE_ORDER.steps, *BOOK_SALE.steps)} == {
        "writing": ("compensatable", "cancelling"),
        "confirming": ("pivot", None),
        "reading-back": ("retriable", None),
        "cancelling": ("retriable", None),
        "opening": ("retriable", None),
        "booking": ("pivot", None),
        "looking-up": ("retriable", None),
    }


def test_what_a_person_may_do_about_an_exception() -> None:
    assert (allowed(PLACE_ORDER), allowed(BOOK_SALE)) == (("retry", "cancel"), ("retry",))


def test_every_step_that_changes_something_over_there_has_a_line_for_an_unknown_outcome() -> None:
    changing = {"writing", "confirming", "cancelling", "opening", "booking"}
    for definition in (PLACE_ORDER, BOOK_SALE):
        mine = {step.state for step in definition.steps}
        assert {state for state in mine if definition.knows(state, UNKNOWN)} == changing & mine
