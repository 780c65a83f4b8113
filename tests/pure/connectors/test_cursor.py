"""The cursor against a model of Odoo: rows with a time of change, visible only once their transaction committed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tillway.connectors.odoo.cursor import OVERLAP, Cursor, advanced, begun, domain, moment, parse, render
from tillway.errors import Invalid

START = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
LIMIT = 3


@dataclass(frozen=True)
class Change:
    """A row written by a transaction that began and was committed at these seconds after START."""

    row: int
    began: int
    committed: int


class Table:
    """What a search sees at a moment: of each row the latest committed change, by whole seconds."""

    def __init__(self, changes: list[Change]) -> None:
        self.changes = changes

    def visible(self, now: int) -> dict[int, Change]:
        found: dict[int, Change] = {}
        for change in sorted(self.changes, key=lambda each: each.committed):
            if change.committed <= now:
                found[change.row] = change
        return found

    def newest(self, now: int) -> datetime | None:
        times = [change.began for change in self.visible(now).values()]
        return START + timedelta(seconds=max(times)) if times else None

    def search(self, wanted: list[list[object]], now: int) -> list[Change]:
        after = next(value for field, _, value in wanted if field == "id")
        since = next((moment(str(value)) for field, _, value in wanted if field == "write_date"), None)
        rows = [
            change
            for change in self.visible(now).values()
            if change.row > after and (since is None or START + timedelta(seconds=change.began) >= since)  # type: ignore[operator]
        ]
        return sorted(rows, key=lambda each: each.row)[:LIMIT]


def sweep(table: Table, text: str | None, clock: list[int], pause: int) -> tuple[str, set[Change]]:
    """Read pages until there is no more; `pause` seconds go by after each call."""
    seen: set[Change] = set()
    while True:
        cursor = parse(text)
        if not cursor.after:
            cursor = begun(cursor, table.newest(clock[0]), START + timedelta(seconds=clock[0]))
        rows = table.search(domain(cursor), clock[0])
        clock[0] += pause
        seen.update(rows)
        more = len(rows) == LIMIT
        text = render(advanced(cursor, [each.row for each in rows], more=more))
        if not more:
            return text, seen


@given(
    st.lists(
        st.builds(
            lambda row, began, lasts: Change(row, began, began + lasts),
            st.integers(1, 12),
            st.integers(0, 4000),
            st.integers(0, int(OVERLAP.total_seconds()) - 1),
        ),
        max_size=20,
        unique_by=lambda change: (change.row, change.committed),
    ),
    st.integers(0, 300),
    st.integers(1, 900),
)
def test_no_committed_change_is_ever_missed(changes: list[Change], pause: int, between: int) -> None:
    # A row is locked by whoever writes it, so two transactions on one row never overlap in Odoo.
    alone: list[Change] = []
    for change in sorted(changes, key=lambda each: each.began):
        if all(other.row != change.row or other.committed < change.began for other in alone):
            alone.append(change)
    table, clock, text = Table(alone), [0], None
    seen: set[Change] = set()
    while clock[0] < 6000:
        text, found = sweep(table, text, clock, pause)
        seen |= found
        clock[0] += between

    final = table.visible(clock[0])
    assert {each.row: each for each in final.values()} == {
        row: change for row, change in final.items() if change in seen
    }


def test_a_late_commit_behind_the_newest_change_is_read() -> None:
    table = Table([Change(1, 100, 100), Change(2, 96, 108)])
    text, first = sweep(table, None, [101], 0)
    _, second = sweep(table, text, [109], 0)

    assert (first, second) == ({Change(1, 100, 100)}, {Change(1, 100, 100), Change(2, 96, 108)})


def test_a_change_that_stood_alone_for_the_overlap_is_not_read_again() -> None:
    table, clock = Table([Change(1, 100, 100)]), [101]
    text, first = sweep(table, None, clock, 0)
    clock[0] += int(OVERLAP.total_seconds())
    text, second = sweep(table, text, clock, 0)
    _, third = sweep(table, text, clock, 0)

    assert (len(first), len(second), third) == (1, 1, set())


def test_a_sweep_longer_than_the_overlap_settles_nothing() -> None:
    # Row 1 is written again right after it was read, by a transaction that is committed while the sweep goes on.
    table = Table([*(Change(row, 10, 10) for row in range(1, 8)), Change(1, 60, 500)])
    clock = [50]
    text, _ = sweep(table, None, clock, 400)
    _, second = sweep(table, text, clock, 0)

    assert Change(1, 60, 500) in second


def test_the_first_sweep_asks_for_everything_by_id() -> None:
    assert domain(begun(parse(None), None, START)) == [["id", ">", 0]]


def test_a_later_sweep_asks_for_whole_seconds() -> None:
    cursor = advanced(begun(Cursor(), START, START), [], more=False)

    assert domain(cursor) == [["id", ">", 0], ["write_date", ">=", "2026-11-23 08:50:00"]]


def test_a_position_survives_being_written_down() -> None:
    cursor = Cursor(since=START, after=7, mark=START, noted=START, settled=True)

    assert parse(render(cursor)) == cursor


@pytest.mark.parametrize("text", ["", "nonsense", "W10", "bm9uc2Vuc2U=", "é", "eyJhIjoxfQ==", render(Cursor())[:-3]])
def test_a_foreign_text_is_no_position(text: str) -> None:
    with pytest.raises(Invalid):
        parse(text)


def test_a_newest_change_that_was_deleted_does_not_take_the_next_sweep_back() -> None:
    begins = begun(Cursor(since=START), START - timedelta(hours=1), START)

    assert advanced(begins, [], more=False).since == START
