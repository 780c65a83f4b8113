"""Tables and texts as the command line shows them; nothing of the hub is loaded for it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rich.table import Table


def table(titles: Sequence[str], rows: Iterable[Sequence[object]], title: str | None = None) -> Table:
    """A table whose cells fold instead of being cut: whoever reads it must act on all of it."""
    made = Table(title=title, title_justify="left")
    for each in titles:
        made.add_column(each, overflow="fold")
    for row in rows:
        made.add_row(*("" if cell is None else escaped(cell) for cell in row))
    return made


def escaped(cell: object) -> str:
    """What others wrote, shown as it is: brackets in it are no markup."""
    return str(cell).replace("[", r"\[")
