"""Two sides read in key order become groups, one key at a time: memory holds one group, whatever the sides hold."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Final, NamedTuple

from tillway.errors import Misconfigured
from tillway.reconcile.entry import Entry

GROUP_MAX: Final = 1_000
"""Entries under one key and side; with more of them it is no key, and memory would not be bounded."""


class Group(NamedTuple):
    """All that both sides have under one key."""

    key: str
    left: tuple[Entry, ...]
    right: tuple[Entry, ...]


async def grouped(left: AsyncIterator[Entry], right: AsyncIterator[Entry]) -> AsyncIterator[Group]:
    """Groups in key order. ValueError when a side is out of order: its later groups would be cut in two."""
    runs_left, runs_right = _runs(left, "left"), _runs(right, "right")
    ours, theirs = await anext(runs_left, None), await anext(runs_right, None)
    while ours is not None or theirs is not None:
        key = min(run[0].key for run in (ours, theirs) if run is not None)
        found_left: tuple[Entry, ...] = ()
        found_right: tuple[Entry, ...] = ()
        if ours is not None and ours[0].key == key:
            found_left, ours = ours, await anext(runs_left, None)
        if theirs is not None and theirs[0].key == key:
            found_right, theirs = theirs, await anext(runs_right, None)
        yield Group(key, found_left, found_right)


async def _runs(entries: AsyncIterator[Entry], side: str) -> AsyncIterator[tuple[Entry, ...]]:
    """Entries of one key at a time."""
    run: list[Entry] = []
    async for entry in entries:
        if run and entry.key != run[0].key:
            if entry.key < run[0].key:
                raise ValueError(f"the {side} side is not in the order of its keys")
            yield tuple(run)
            run = []
        run.append(entry)
        if len(run) > GROUP_MAX:
            raise Misconfigured(
                f"more than {GROUP_MAX} entries on the {side} side have one key",
                remedy="the key does not tell them apart: look at what was read, or give them keys",
            )
    if run:
        yield tuple(run)
