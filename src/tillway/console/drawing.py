"""The dependency map as a picture: where each box stands and how each line runs. Pure.

Three columns: who calls, what is called, what stands behind it. Within a column the boxes stand in the order that
crosses few lines: each near the middle of those it is joined with.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

import msgspec

from tillway.console.governed import Use

BOX_WIDTH: Final = 190
BOX_HEIGHT: Final = 34
ROW: Final = 46
"""Pixels from one box to the next below."""
COLUMN: Final = 400
"""Pixels from one column to the next."""
TOP: Final = 44
ROUNDS: Final = 4
"""Times that the order is improved; after a few nothing changes any more."""


class Box(msgspec.Struct, frozen=True, kw_only=True):
    """A party: consumer, interface, or what stands behind. `href` leads to its page, if it has one."""

    id: str
    column: int
    x: float
    y: float
    href: str | None


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """One use; `path` is the `d` of an SVG path."""

    use: Use
    path: str


class Picture(msgspec.Struct, frozen=True, kw_only=True):
    """The whole map, in pixels."""

    width: int
    height: int
    boxes: tuple[Box, ...]
    lines: tuple[Line, ...]


def picture(uses: Sequence[Use], apis: Mapping[str, str], consumers: Iterable[str]) -> Picture:
    """The map of these uses. `apis` are the interfaces with their pages; `consumers` stand there even if unused."""
    columns = _columns(uses, apis, consumers)
    for _ in range(ROUNDS):
        columns = _settled(columns, uses)
    places = {
        (number, name): (20 + number * COLUMN, TOP + row * ROW)
        for number, column in enumerate(columns)
        for row, name in enumerate(column)
    }
    boxes = tuple(
        Box(id=name, column=number, x=x, y=y, href=_href(number, name, apis))
        for (number, name), (x, y) in places.items()
    )
    last = max((number for number, column in enumerate(columns) if column), default=0)
    tallest = max(len(column) for column in columns)
    return Picture(
        width=40 + last * COLUMN + BOX_WIDTH,
        height=TOP + max(tallest, 1) * ROW + 10,
        boxes=boxes,
        lines=tuple(Line(use=each, path=_run(each, places)) for each in uses if _ends(each) <= places.keys()),
    )


def _columns(uses: Sequence[Use], apis: Mapping[str, str], consumers: Iterable[str]) -> list[list[str]]:
    left = dict.fromkeys(consumers)
    left.update(dict.fromkeys(each.source for each in uses if each.kind != "depends"))
    middle = dict.fromkeys(apis)
    behind = dict.fromkeys(each.target for each in uses if each.kind == "depends" and each.target not in apis)
    return [list(left), list(middle), list(behind)]


def _ends(use: Use) -> set[tuple[int, str]]:
    return {_source(use), _target(use)}


def _source(use: Use) -> tuple[int, str]:
    return (1 if use.kind == "depends" else 0), use.source


def _target(use: Use) -> tuple[int, str]:
    return (2 if use.kind == "depends" else 1), use.target


def _settled(columns: list[list[str]], uses: Sequence[Use]) -> list[list[str]]:
    """Each box moved to the middle of what it is joined with; those joined with nothing stay at the end."""
    rows = {(number, name): row for number, column in enumerate(columns) for row, name in enumerate(column)}
    joined: dict[tuple[int, str], list[int]] = {}
    for use in uses:
        ends = (_source(use), _target(use))
        if ends[0] in rows and ends[1] in rows:
            joined.setdefault(ends[0], []).append(rows[ends[1]])
            joined.setdefault(ends[1], []).append(rows[ends[0]])
    return [
        sorted(column, key=lambda name, at=number: (*_middle(joined.get((at, name), ())), name))  # type: ignore[misc]
        for number, column in enumerate(columns)
    ]


def _middle(rows: Sequence[int]) -> tuple[int, float]:
    return (0, sum(rows) / len(rows)) if rows else (1, 0.0)


def _run(use: Use, places: Mapping[tuple[int, str], tuple[float, float]]) -> str:
    (from_x, from_y), (to_x, to_y) = places[_source(use)], places[_target(use)]
    from_x, from_y, to_y = from_x + BOX_WIDTH, from_y + BOX_HEIGHT / 2, to_y + BOX_HEIGHT / 2
    # A subscription runs beside the call between the same two.
    shift = 6 if use.kind == "told" else 0
    bend = (to_x - from_x) / 2
    start, end = f"{from_x:g} {from_y + shift:g}", f"{to_x:g} {to_y + shift:g}"
    return f"M{start} C{from_x + bend:g} {from_y + shift:g} {to_x - bend:g} {to_y + shift:g} {end}"


def _href(column: int, name: str, apis: Mapping[str, str]) -> str | None:
    if column == 1:
        return apis.get(name)
    return f"/catalog/consumers#{name}" if column == 0 else None
