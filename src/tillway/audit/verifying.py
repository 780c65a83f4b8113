"""Walking the chains: the first entry that is not what was sealed. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Literal

import msgspec

from tillway.audit.anchor import Anchor
from tillway.audit.entry import CLASSES, Class, Link, Sealed, canonical, chained, personal_digest

What = Literal["changed", "missing", "unexpected", "rewritten", "anchor"]


class Broken(msgspec.Struct, frozen=True, kw_only=True):
    """The first thing that is not as it was sealed. `number` is its place among all entries, `seq` in its chain."""

    what: What
    detail: str
    chain: Class | None = None
    number: int | None = None
    seq: int | None = None


class Walk:
    """One walk over entries in the order of their numbers. `ends` are the chains' ends before the first of them.

    `floors` are where chains begin once old months were dropped; `anchors` hold, oldest first, and are not faulty.
    """

    def __init__(
        self, number: int, ends: Mapping[Class, Link], floors: Mapping[Class, Link], anchors: Sequence[Anchor]
    ) -> None:
        self._number = number
        self._ends = {name: ends.get(name, Link()) for name in CLASSES}
        self._floors = floors
        self._anchors = [each for each in anchors if each.number >= number]

    @property
    def ends(self) -> Mapping[Class, Link]:
        """Where the chains end so far."""
        return self._ends

    def feed(self, rows: Iterable[Sealed]) -> Broken | None:
        """Go on over these; what is broken first."""
        for row in rows:
            broken = self._anchored(before=row.number) or self._step(row)
            if broken is not None:
                return broken
        return None

    def finish(self, number: int, ends: Mapping[Class, Link]) -> Broken | None:
        """There are no more entries: whether all are there that the anchors and the head (`number`, `ends`) tell of."""
        broken = self._anchored(before=max(number, self._number, *(each.number for each in self._anchors), 0) + 1)
        if broken is not None:
            return broken
        for name in CLASSES:
            told, found = ends.get(name, Link()), self._ends[name]
            if told.seq > found.seq:
                detail = f"entries {found.seq + 1} to {told.seq}, after the last anchor, are not there"
                return Broken(what="missing", detail=detail, chain=name, seq=found.seq + 1)
            if told != found:
                detail = "the chain does not end with what the head of the chains says"
                return Broken(what="unexpected", detail=detail, chain=name, seq=found.seq)
        return None

    def _step(self, row: Sealed) -> Broken | None:
        chain = row.entry.kind_of
        end = self._ends[chain]
        if row.number <= self._number or row.seq <= end.seq:
            return _at(row, "unexpected", "an entry with this place was sealed already")
        if row.seq > end.seq + 1:
            detail = f"entries {end.seq + 1} to {row.seq - 1} are not there"
            return Broken(what="missing", detail=detail, chain=chain, number=row.number, seq=end.seq + 1)
        content = canonical(row.number, row.seq, row.sealed_at, row.entry, row.personal_digest)
        if chained(end.hash, content) != row.hash:
            return _at(row, "changed", "its hash is not that of its content after the entry before it")
        if not _personal_holds(row):
            return _at(row, "changed", "its personal part is not the one that was sealed")
        self._number = row.number
        self._ends[chain] = Link(row.seq, row.hash)
        return None

    def _anchored(self, *, before: int) -> Broken | None:
        while self._anchors and self._anchors[0].number < before:
            anchor = self._anchors.pop(0)
            for name in CLASSES:
                told, found = anchor.end(name), self._ends[name]
                if told.seq < self._floors.get(name, Link()).seq or told == found:
                    continue
                if told.seq > found.seq:
                    detail = (
                        f"entries {found.seq + 1} to {told.seq}, which anchor {anchor.anchor} tells of, are not there"
                    )
                    return Broken(what="missing", detail=detail, chain=name, seq=found.seq + 1)
                detail = f"the entries up to {found.seq} are not those that anchor {anchor.anchor} was signed over"
                return Broken(what="rewritten", detail=detail, chain=name, number=anchor.number, seq=found.seq)
        return None


def early(floors: Mapping[Class, Link], within: Mapping[Class, Anchor | None]) -> Broken | None:
    """Entries gone before their time: `within` has a chain's first anchor that is younger than its retention.

    What was sealed after that anchor cannot have been dropped yet.
    """
    for name in CLASSES:
        anchor, floor = within.get(name), floors.get(name, Link())
        if anchor is not None and floor.seq > anchor.end(name).seq:
            first = anchor.end(name).seq + 1
            detail = f"entries {first} to {floor.seq} are not there, and it is too early to drop them"
            return Broken(what="missing", detail=detail, chain=name, seq=first)
    return None


def _personal_holds(row: Sealed) -> bool:
    if row.personal_digest is None:
        return row.entry.personal is None and row.salt is None
    if row.entry.personal is None:
        return row.salt is None  # erased, as it may be
    return row.salt is not None and personal_digest(row.entry.personal, row.salt) == row.personal_digest


def _at(row: Sealed, what: What, detail: str) -> Broken:
    return Broken(what=what, detail=detail, chain=row.entry.kind_of, number=row.number, seq=row.seq)
