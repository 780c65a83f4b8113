"""Pages of a far side's long lists."""

from __future__ import annotations

from typing import Annotated, Generic, TypeVar

import msgspec

from tillway.retail.data_class import DataClass, classed
from tillway.retail.limits import CURSOR_LENGTH, PAGE_MAX
from tillway.retail.word import Word

T = TypeVar("T")

Cursor = Annotated[str, msgspec.Meta(min_length=1, max_length=CURSOR_LENGTH)]
"""Where the far side's list goes on; opaque to everybody but the connector that gave it."""


class Page(Word, Generic[T], frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A part of a long list."""

    items: Annotated[Annotated[tuple[T, ...], msgspec.Meta(max_length=PAGE_MAX)], classed(DataClass.INTERNAL)]
    """In the far side's order of change, oldest first."""
    cursor: Annotated[Cursor | None, classed(DataClass.INTERNAL)] = None
    """Ask with this for what comes next; kept even when nothing more is there yet. Absent only on an empty start."""
    more: Annotated[bool, classed(DataClass.INTERNAL)]
    """Whether asking again at once gives more."""
