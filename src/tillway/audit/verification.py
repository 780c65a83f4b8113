"""Verifying what is kept, page by page: the chains, the anchors over them, and that nothing is gone too early."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

import msgspec

from tillway.audit.anchor import Anchor, Signed, Unsign, fault, known, read
from tillway.audit.entry import Class, Link
from tillway.audit.reading import chains, sealed, signed
from tillway.audit.retention import KEPT
from tillway.audit.staging import SQL
from tillway.audit.verifying import Broken, Walk, early
from tillway.postgres import Database

# Entries read and hashed at once: some 4 ms of the loop that answers others, too.
CHUNK: Final = 400


class Verified(msgspec.Struct, frozen=True, kw_only=True):
    """What one page of the walk found. `following` is None at the end.

    `number` is the last entry looked at; `unanchored` entries stand after the last anchor.
    """

    checked: int
    anchors: int
    broken: Broken | None
    following: int | None
    number: int
    unanchored: int
    last_anchor: Signed | None


async def verify(db: Database, *, after: int, limit: int, unsign: Unsign, now: datetime) -> Verified:
    """Walk at most `limit` entries after this number (0: from the first that is kept)."""
    # The head is read first: what is sealed from here on is not asked for.
    state = await db.fetch(SQL["state"])
    head, (ends, floors) = state[0], chains(state)
    last = await _signed(db, "last_anchor")
    upto = await _last_of_page(db, after, limit, head["number"])
    kept, broken = await _anchors(db, after, upto, unsign)
    if after == 0:
        broken = broken or _last_fault(last, head["anchor"], unsign) or early(floors, await _young(db, now, unsign))
    said = [each for each in (read(anchor, unsign) for anchor in kept) if each is not None]
    start = {row["class"]: Link(row["seq"], row["hash"]) for row in await db.fetch(SQL["ends_before"], after)}
    walk = Walk(after, {**floors, **start}, floors, said)
    checked = 0
    at = after
    while broken is None and at < upto:
        rows = [sealed(row) for row in await db.fetch(SQL["walk"], at, min(CHUNK, limit - checked))]
        rows = [row for row in rows if row.number <= upto]
        if not rows:
            break
        broken = walk.feed(rows)
        checked, at = checked + len(rows), rows[-1].number
    if broken is None and upto >= head["number"]:
        broken = walk.finish(head["number"], ends)
    return Verified(
        checked=checked,
        anchors=len(kept),
        broken=broken,
        following=None if broken is not None or upto >= head["number"] else upto,
        number=max(at, after),
        unanchored=head["number"] - (0 if last is None else last.number),
        last_anchor=last,
    )


async def _last_of_page(db: Database, after: int, limit: int, head: int) -> int:
    """The number of the last entry of this page; the head when the page reaches it."""
    reached: int | None = await db.fetchval(SQL["page_end"], after, limit - 1)
    return head if reached is None else min(reached, head)


async def _anchors(db: Database, after: int, upto: int, unsign: Unsign) -> tuple[Sequence[Signed], Broken | None]:
    """The anchors over this page, and the first fault among them."""
    kept = [signed(row) for row in await db.fetch(SQL["anchors_of"], after, upto)]
    if not kept:
        return kept, None
    before = await _signed(db, "anchor", kept[0].anchor - 1)
    for each in kept:
        wrong = fault(each, before, unsign)
        if wrong is not None:
            return kept, Broken(what="anchor", detail=f"anchor {each.anchor}: {wrong}", number=each.number)
        before = each
    return kept, None


def _last_fault(last: Signed | None, head: int, unsign: Unsign) -> Broken | None:
    found = 0 if last is None else last.anchor
    if found < head:  # one more may have been made since the head was read
        return Broken(what="anchor", detail=f"the last anchor is {found}, and {head} were made")
    if last is not None and not known(last, unsign):
        return Broken(what="anchor", detail=f"the last anchor, {found}, was not signed with a key of this hub")
    return None


async def _young(db: Database, now: datetime, unsign: Unsign) -> Mapping[Class, Anchor | None]:
    """For each chain the first anchor within its retention."""
    found: dict[Class, Anchor | None] = {}
    for name, kept in KEPT.items():
        anchor = await _signed(db, "first_anchor_since", now - kept)
        found[name] = None if anchor is None else read(anchor, unsign)
    return found


async def _signed(db: Database, name: str, *values: Any) -> Signed | None:
    row = await db.fetchrow(SQL[name], *values)
    return None if row is None else signed(row)
