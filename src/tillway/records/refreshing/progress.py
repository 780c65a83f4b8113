"""How far each domain of a connection was read, and which node reads it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import msgspec

from tillway.postgres import Database, Part
from tillway.records.statements import SQL

# A node that is silent this long no longer refreshes. Two at once do no harm, so no fence is needed.
LEASE_SECONDS: Final = 8.0

PRODUCTS, PRICES = "products", "prices"
CUSTOMERS = "customers"

# Without a complete first load of these a hub would answer wrongly, so it is not ready.
NEEDED: Final = (PRODUCTS, PRICES)


class Progress(msgspec.Struct, frozen=True):
    """How far one domain of one connection was read."""

    cursor: str | None = None
    fingerprint: str | None = None
    loaded: bool = False


async def progress(db: Database, connection: str, domain: str) -> Progress:
    """How far was read so far."""
    row = await db.fetchrow(SQL["refresh"], connection, domain)
    return Progress() if row is None else Progress(row["cursor"], row["fingerprint"], row["loaded"])


def saving(connection: str, domain: str, reached: Progress) -> Part:
    """The part that notes how far was read: in the transaction of what was read. `stock/2` is company 2's stock."""
    args = (connection, domain, reached.cursor, reached.fingerprint, reached.loaded)
    return Part(f"records_refresh_{domain.partition('/')[0]}", SQL["save_refresh"], args)


async def save(db: Database, connection: str, domain: str, reached: Progress) -> None:
    """Note how far was read when nothing came of it: that is news as well, it was read now."""
    async with db.transaction() as tx:
        tx.stage(saving(connection, domain, reached))


async def keep_lease(db: Database, connection: str, node: UUID) -> bool:
    """Take or renew the right to refresh a connection; whether this node has it now."""
    return await db.fetchval(SQL["keep_lease"], connection, node, LEASE_SECONDS) is not None


async def freshness(db: Any) -> dict[tuple[str, str], datetime | None]:
    """When each loaded domain (connection, domain) was last read; domains whose first load goes on are left out."""
    return {(row[0], row[1]): row[3] for row in await db.fetch(SQL["refreshes"]) if row[2]}


async def read_until(db: Any) -> tuple[tuple[str, str, bool, datetime | None], ...]:
    """Every domain that is read: connection, domain, whether it was ever read whole, and when it was read last."""
    return tuple((row[0], row[1], row[2], row[3]) for row in await db.fetch(SQL["refreshes"]))


async def swept_until(db: Any) -> tuple[tuple[str, str, datetime | None], ...]:
    """Every domain that is swept: connection, domain, and when the last sweep ended."""
    return tuple((row[0], row[1], row[2]) for row in await db.fetch(SQL["sweeps"]))


def missing_loads(connections: tuple[str, ...], fresh: Mapping[tuple[str, str], Any]) -> tuple[str, ...]:
    """What keeps the hub from being ready: first loads that are not complete, as sentences."""
    return tuple(
        f"first load of {domain} from {connection} is not complete"
        for connection in connections
        for domain in NEEDED
        if (connection, domain) not in fresh
    )
