"""What may be used once, on whichever node it arrives: client assertions (RFC 7523) and proofs (RFC 9449).

Each is an insert into one table that all nodes share, one round trip. A proof is spent at every call, so its insert
does not wait for the disk: should Postgres crash, what was spent in its last moments (under a second) could be spent
again within the rest of its minute. An assertion is rare and its insert waits.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal
from uuid import UUID

from tillway.postgres import Database, load

Kind = Literal["assertion", "proof"]

SLOTS: Final = 3
"""One that ends now, one that ends next, and one that has ended and may be emptied."""

SLACK: Final = timedelta(seconds=60)
"""How far the clocks of two nodes may differ before one empties what the other still counts on."""

WIDTH: Final[dict[Kind, timedelta]] = {
    "assertion": timedelta(minutes=5) + 2 * SLACK,
    "proof": timedelta(seconds=70) + 2 * SLACK,
}
"""How long a slot's turn is: longer than anything of its kind lasts, so that nothing reaches two turns ahead."""

_FIRST: Final[dict[Kind, int]] = {"assertion": 0, "proof": SLOTS}
_DURABLE: Final[dict[Kind, str]] = {"assertion": "on", "proof": "off"}

_sql = load("tillway.identity", "once.sql")


@dataclass(frozen=True, slots=True)
class Once:
    """Something that may be used once and ends by itself at `until`."""

    kind: Kind
    digest: UUID
    until: datetime

    @property
    def slot(self) -> int:
        """Where it is kept."""
        return _FIRST[self.kind] + _turn(self.kind, self.until) % SLOTS


def once(kind: Kind, *names: str, until: datetime) -> Once:
    """The value for what these names (who made it, and its `jti`) tell apart from everything else of its kind."""
    text = "\x1f".join((kind, *(f"{len(name)}:{name}" for name in names)))
    return Once(kind, UUID(bytes=hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()[:16]), until)


async def use(database: Database, what: Once) -> bool:
    """Use it up; False when it was used before, on any node. Unavailable when Postgres does not say."""
    used = await database.fetchval(_sql["use"], what.slot, what.digest, _DURABLE[what.kind])
    return used is not None


def ended(now: datetime) -> tuple[int, ...]:
    """The slots in which everything has ended, even for a node whose clock is late by SLACK."""
    found = []
    for kind, first in _FIRST.items():
        late, early = _turn(kind, now - SLACK), _turn(kind, now)
        if late == early:
            found.append(first + (early - 1) % SLOTS)
    return tuple(found)


async def forget_used(database: Database, now: datetime) -> int:
    """Empty the slots that have ended; how many there were to empty. Safe on any number of nodes."""
    emptied = 0
    for slot in ended(now):
        if await database.fetchval(_sql["kept"], slot):
            async with database.transaction() as tx:
                await tx.execute(_sql[f"empty_{slot}"])
            emptied += 1
    return emptied


def _turn(kind: Kind, at: datetime) -> int:
    return int(at.timestamp() // WIDTH[kind].total_seconds())
