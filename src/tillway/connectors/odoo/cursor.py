"""Where a sweep over changed records stands. Pure.

Odoo gives no change feed: only `write_date`, which has three traps. It is the time a transaction *began*, so a row
can appear behind rows already read; only whole seconds can be asked for, though rows are sorted by microseconds, so
neither (write_date, id) nor an offset pages reliably within a second; and no index helps.

So a sweep reads the rows with `write_date >= since` in order of id: a position that nothing can move, and for the
first sweep one that the primary key serves. It notes the newest `write_date` before it starts. The next sweep reads
again what lies OVERLAP before that, until the mark has stood still for OVERLAP: then nothing can appear behind it
any more and only what is newer is asked for. Rows come more than once; whoever reads compares contents.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import msgspec

from tillway.errors import Invalid

OVERLAP: Final = timedelta(minutes=10)
"""The longest transaction of Odoo's counted on: five times what an HTTP call may take by default (`limit_time_real`
120 s), for servers that let long imports run."""

SECOND: Final = timedelta(seconds=1)
"""What Odoo rounds times of change down to."""

_TEXT: Final = "%Y-%m-%d %H:%M:%S"


class Cursor(msgspec.Struct, frozen=True, array_like=True):
    """A position. Times are Odoo's, but for `noted`, which is ours."""

    since: datetime | None = None
    """Rows changed at or after this are read; None reads all."""
    after: int = 0
    """The last id read in this sweep; 0 before it began."""
    mark: datetime | None = None
    """The newest change when this sweep, or the one before, began."""
    noted: datetime | None = None
    """When the first sweep with this mark began."""
    settled: bool = False
    """Whether this sweep began at least OVERLAP after `noted`."""


def parse(text: str | None) -> Cursor:
    """The position that a text from `render` stands for; None is the beginning. Invalid for any other text."""
    if text is None:
        return Cursor()
    try:
        return msgspec.json.decode(base64.urlsafe_b64decode(text.encode("ascii")), type=Cursor)
    except (binascii.Error, UnicodeError, msgspec.DecodeError, ValueError):
        raise Invalid("this is not a cursor of an Odoo connection") from None


def render(cursor: Cursor) -> str:
    """The position as an opaque text."""
    return base64.urlsafe_b64encode(msgspec.json.encode(cursor)).decode("ascii")


def begun(cursor: Cursor, newest: datetime | None, now: datetime) -> Cursor:
    """The position at the start of a sweep: `newest` is Odoo's newest change, read before the first row."""
    same = newest == cursor.mark and cursor.noted is not None
    noted = cursor.noted if same else now
    settled = same and cursor.noted is not None and now - cursor.noted >= OVERLAP
    return Cursor(since=cursor.since, mark=newest, noted=noted, settled=settled)


def domain(cursor: Cursor) -> list[Any]:
    """Which rows come next, as a search domain; order them by id."""
    found: list[Any] = [["id", ">", cursor.after]]
    if cursor.since is not None:
        found.append(["write_date", ">=", cursor.since.strftime(_TEXT)])
    return found


def advanced(cursor: Cursor, ids: Sequence[int], *, more: bool) -> Cursor:
    """The position after a page with these ids in order; `more` when the sweep is not over."""
    if more:
        return msgspec.structs.replace(cursor, after=ids[-1])
    return Cursor(since=_since(cursor), mark=cursor.mark, noted=cursor.noted)


def _since(cursor: Cursor) -> datetime | None:
    if cursor.mark is None:
        return cursor.since
    found = cursor.mark + SECOND if cursor.settled else cursor.mark - OVERLAP
    return found if cursor.since is None else max(found, cursor.since)


def moment(text: str) -> datetime:
    """A time as Odoo writes it (UTC, whole seconds, no zone)."""
    return datetime.strptime(text, _TEXT).replace(tzinfo=UTC)
