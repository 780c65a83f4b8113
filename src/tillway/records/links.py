"""Links: our id of a thing to the id an outside system knows it by."""

from __future__ import annotations

from typing import Any

import msgspec

from tillway.postgres import Part
from tillway.records.statements import SQL

# How many things one name may lead to when a person looks a name up.
FOUND_LIMIT = 20


class Link(msgspec.Struct, frozen=True):
    """What the other side calls it: its id, and the number its people know."""

    theirs: str
    name: str


def linking(kind: str, ours: str, connection: str, theirs: str, name: str) -> Part:
    """The part that stores a link; storing it again with the same ids changes nothing."""
    return Part("records_link", SQL["save_link"], (kind, ours, connection, theirs, name))


async def find(db: Any, kind: str, ours: str, connection: str) -> Link | None:
    """The other side's id of our thing."""
    row = await db.fetchrow(SQL["link"], kind, ours, connection)
    return None if row is None else Link(row[0], row[1])


async def named(db: Any, name: str) -> tuple[tuple[str, str], ...]:
    """Things (kind, our id) that the other side's people know by this number."""
    return tuple((row[0], row[1]) for row in await db.fetch(SQL["linked_by_name"], name, FOUND_LIMIT))
