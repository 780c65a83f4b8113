"""Leasing permits: one short transaction on the ledger of a consumer and an API. Decided in `ledger.py`."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

import msgspec

from tillway.gateway.idempotency import SQL
from tillway.gateway.ledger import PERMIT, SECOND, Block, Held, Ledger, Moment, Policy, advanced, leased, settled
from tillway.postgres import Database, Tx

_HELD: Final = msgspec.json.Decoder(tuple[Held, ...])
_encode: Final = msgspec.json.Encoder().encode


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """What a node asks of a ledger: settle a lease (if any) with its unspent permits, then lease a block.

    `waiting` requests wait for the new `lease`; none: only settle.
    """

    consumer: str
    api: str
    policy: Policy
    zone: str
    settle: str
    unspent: int
    lease: str
    waiting: int


async def exchange(database: Database, wanted: Wanted) -> Block:
    """The block, which may hold nothing. Errors as `Database.transaction`; what was asked for is then lost at worst."""
    async with database.transaction() as tx:
        ledger, moment = await _locked(tx, wanted)
        ledger = advanced(ledger, wanted.policy, moment)
        if wanted.settle:
            ledger = settled(ledger, wanted.policy, wanted.settle, wanted.unspent)
        block = Block(wanted.lease, 0, 0, 0, 0)
        if wanted.waiting:
            ledger, block = leased(ledger, wanted.policy, wanted.lease, wanted.waiting, moment)
        await tx.execute(
            SQL["keep_quota"],
            wanted.consumer,
            wanted.api,
            ledger.level,
            ledger.at,
            ledger.day,
            ledger.used,
            _encode(ledger.held).decode(),
        )
    return block


async def _locked(tx: Tx, wanted: Wanted) -> tuple[Ledger, Moment]:
    key = wanted.consumer, wanted.api
    row = await tx.fetchrow(SQL["quota"], *key)
    if row is None:
        await tx.execute(SQL["open_quota"], *key, wanted.policy.burst * PERMIT)
        row = await tx.fetchrow(SQL["quota"], *key)
    moment = moment_of(row["now"], wanted.zone)
    return Ledger(row["level"], row["at"], row["day"], row["used"], _HELD.decode(row["held"])), moment


def moment_of(now: int, zone: str) -> Moment:
    """Microseconds since 1970 as a moment of a zone's day. Pure. Days of 23 and 25 hours are as long as they are."""
    where = ZoneInfo(zone)
    local = datetime.fromtimestamp(now // SECOND, where)
    following = datetime.combine(local.date() + timedelta(days=1), time(), where).astimezone(UTC)
    return Moment(now, local.date().isoformat(), int(following.timestamp()) * SECOND)
