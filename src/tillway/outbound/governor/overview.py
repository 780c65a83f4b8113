"""The governor in numbers, for people and metrics."""

from __future__ import annotations

import msgspec

from tillway.outbound.governor.leasing import SQL, decoded
from tillway.outbound.governor.ledger import Ledger, current
from tillway.outbound.governor.limit import Found
from tillway.outbound.governor.turns import Counts
from tillway.postgres import Database


class Governed(msgspec.Struct, frozen=True, kw_only=True):
    """One far side now: `limit` calls at once were found possible within `ceiling`, `held` permits are in hands of
    `processes`, `running` calls are under way on average; `waiting`, `calls` by rank.
    """

    connection: str
    ceiling: int
    limit: int
    held: int
    processes: int
    running: float
    latency: float
    slow: float
    waiting: Counts
    calls: Counts
    refused: int
    left_alone: bool


async def governed(database: Database) -> tuple[Governed, ...]:
    """Every far side that was ever called."""
    rows = await database.fetch(SQL["all_governed"])
    return tuple(shown(row["connection"], decoded(row["ledger"]), row["now"]) for row in rows)


def shown(connection: str, ledger: Ledger, now: int) -> Governed:
    """What a ledger says. Pure."""
    ledger = current(ledger, now)
    found: Found = ledger.found
    return Governed(
        connection=connection,
        ceiling=ledger.most,
        limit=ledger.limit,
        held=ledger.held,
        processes=len(ledger.holders),
        running=sum(each.running for each in ledger.holders),
        latency=found.latency,
        slow=found.slow,
        waiting=ledger.waiting,
        calls=ledger.calls,
        refused=ledger.refused,
        left_alone=ledger.left_alone,
    )
