"""What a person does about parked work and positions: retry, skip, hold, singly or as a group; replay.

Nothing is applied here. A parked event is only made due, and whoever holds its lane tries it or lets it go: so nobody
frees a key twice, and an act that is cut off anywhere has lost nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

import msgspec

from tillway.errors import Conflict, Gone, NotFound
from tillway.journal import reading
from tillway.journal.appending import SQL
from tillway.journal.overview import ParkedItem, parked_item
from tillway.journal.reading import Reads
from tillway.postgres import Database, Tx

# Parked events one group act takes on: keeps its one statement well under a transaction's cut. The rest is told.
GROUP_MAX: Final = 5_000

# Of a group, this many are shown.
SAMPLE: Final = 10

# Events a dry run of a replay counts; further ones cost time and change no decision.
COUNTED_MAX: Final = 100_000


class Chosen(msgspec.Struct, frozen=True, kw_only=True):
    """Which parked work: all of a follower that comes first of its key, or of one key, or of one reason."""

    follower: str
    partitionkey: str | None = None
    reason: str | None = None


class Group(msgspec.Struct, frozen=True, kw_only=True):
    """How many are chosen, how many of them one act takes on, the first of them, and when the last one is due."""

    chosen: int
    taken: int
    sample: tuple[ParkedItem, ...]
    until: datetime | None = None


class Rerun(msgspec.Struct, frozen=True, kw_only=True):
    """What a replay does: lanes that go back, and the events they meet again by type, counted up to COUNTED_MAX."""

    lanes: int
    events: int
    types: dict[str, int]


async def parked_at(db: Reads, follower: str, position: int) -> ParkedItem:
    """One parked event, also one that waits behind another. NotFound when the follower parks nothing there."""
    row = await db.fetchrow(SQL["parked_at"], follower, position)
    if row is None:
        raise NotFound(f"{follower} has no parked event at {position}")
    return parked_item(row)


async def waiting_behind(db: Reads, item: ParkedItem) -> int:
    """How many events of its key wait behind a parked one."""
    count: int = await db.fetchval(SQL["parked_behind"], item.follower, item.partitionkey, item.position)
    return count


async def retry(db: Reads, follower: str, position: int, note: str | None = None) -> str:
    """Try a parked event again now instead of at its next time; its partition key. NotFound, Conflict as `skip`."""
    return await _act(db, follower, position, skip=False, note=note)


async def skip(db: Reads, follower: str, position: int, note: str | None = None) -> str:
    """Let a parked event go without effect; its partition key. Then the next of its key is tried.

    NotFound when the follower parks nothing there, Conflict when it waits behind another event of its key.
    """
    return await _act(db, follower, position, skip=True, note=note)


async def look_over(db: Reads, which: Chosen) -> Group:
    """What an act on this group would take on; nothing is changed."""
    args = (which.follower, which.partitionkey, which.reason)
    count: int = await db.fetchval(SQL["chosen_count"], *args)
    sample = tuple(parked_item(row) for row in await db.fetch(SQL["chosen"], *args, SAMPLE))
    return Group(chosen=count, taken=min(count, GROUP_MAX), sample=sample)


async def retry_all(tx: Tx, which: Chosen, *, per_second: float, note: str | None = None) -> Group:
    """Make a group due one after another, `per_second` of them; a hold stops it wherever it is."""
    return await _act_all(tx, which, per_second=per_second, skip=False, note=note)


async def skip_all(tx: Tx, which: Chosen, *, per_second: float, note: str | None = None) -> Group:
    """Let a group go without effect, one after another; a hold stops it wherever it is."""
    return await _act_all(tx, which, per_second=per_second, skip=True, note=note)


async def hold_all(tx: Tx, which: Chosen, note: str | None = None) -> Group:
    """Try nothing of a group any more, and skip nothing of it, until a person asks for it again."""
    found = await look_over(tx, which)
    args = (which.follower, which.partitionkey, which.reason)
    rows = await tx.fetch(SQL["hold_chosen"], *args, GROUP_MAX, note)
    return msgspec.structs.replace(found, taken=len(rows))


async def look_ahead(db: Reads, follower: str, after: int, types: Sequence[str] | None) -> Rerun:
    """What a replay from after this position would meet again, of these types. Errors as `replay`; nothing changes."""
    lanes = await _lanes_beyond(db, follower, after)
    rows = await db.fetch(SQL["events_between"], after, lanes[0], None if types is None else list(types), COUNTED_MAX)
    found = {row[0]: row[1] for row in rows}
    return Rerun(lanes=lanes[1], events=sum(found.values()), types=found)


async def replaying(tx: Tx, follower: str, after: int) -> int:
    """As `replay`, in the caller's transaction: how many lanes go back."""
    await _lanes_beyond(tx, follower, after)
    lanes = await tx.fetch(SQL["reposition"], follower, after)
    await tx.execute(SQL["forget_parked"], follower, after)
    return len(lanes)


async def replay(db: Database, follower: str, *, after: int) -> None:
    """Let a follower read again from after this position; a lane that is not there yet stays where it is.

    What it parked after that position is met again in its place, and parked anew if it still cannot succeed.
    NotFound when nobody is called that, Gone when events after it are no longer kept, Conflict when no lane is beyond.
    """
    async with db.transaction() as tx:
        await replaying(tx, follower, after)


async def _lanes_beyond(db: Reads, follower: str, after: int) -> tuple[int, int]:
    """The furthest position of a follower and how many of its lanes are beyond `after`."""
    row = await db.fetchrow(SQL["lanes_beyond"], follower, after)
    if row["lanes"] == 0:
        raise NotFound(f"no follower is called {follower}", remedy="see who there is under /operations/v1/followers")
    if row["beyond"] == 0:
        raise Conflict(
            f"{follower} is at {row['furthest']} and not beyond {after}",
            remedy="a replay only goes back; give an earlier position",
        )
    oldest = await reading.oldest(db)
    if after + 1 < oldest:
        raise Gone(f"events before {oldest} are no longer kept", remedy=f"replay from {oldest - 1} at the earliest")
    return row["furthest"], row["beyond"]


async def _act(db: Reads, follower: str, position: int, *, skip: bool, note: str | None) -> str:
    key: str | None = await db.fetchval(SQL["act_parked"], follower, position, skip, note)
    if key is not None:
        return key
    item = await parked_at(db, follower, position)
    raise Conflict(
        f"the event at {position} waits behind an earlier one of its key",
        remedy=f"act on the first parked event of {item.partitionkey}",
    )


async def _act_all(tx: Tx, which: Chosen, *, per_second: float, skip: bool, note: str | None) -> Group:
    found = await look_over(tx, which)
    args = (which.follower, which.partitionkey, which.reason)
    rows = await tx.fetch(SQL["act_chosen"], *args, GROUP_MAX, per_second, skip, note)
    return msgspec.structs.replace(found, taken=len(rows), until=max((row[0] for row in rows), default=None))
