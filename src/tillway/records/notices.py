"""Counts and transfers: kept first, then brought to the back office."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import msgspec

from tillway import journal
from tillway.errors import NotFound
from tillway.journal import Event
from tillway.postgres import Part, Tx
from tillway.records.claims import claiming, claims_of
from tillway.records.keys import key_of
from tillway.records.statements import STOCK, document
from tillway.records.stock import plain
from tillway.records.tracing import Cause
from tillway.retail import StockAdjustment, StockTransfer


class KeptAdjustment(msgspec.Struct, frozen=True):
    """A count and the consumer that told it."""

    consumer: str
    adjustment: StockAdjustment


class KeptTransfer(msgspec.Struct, frozen=True):
    """A transfer and the consumer that told of it."""

    consumer: str
    transfer: StockTransfer


def adjust(tx: Tx, adjustment: StockAdjustment, *, consumer: str, cause: Cause) -> None:
    """Take a count in: its record and `stock.counted`, in the caller's transaction."""
    args = (UUID(adjustment.id), consumer, adjustment.location, document(adjustment))
    tx.stage(Part("records_adjustment", STOCK["save_adjustment"], args))
    data = {
        "sku": adjustment.sku,
        "shop": adjustment.location,
        "counted": plain(adjustment.counted),
        "expected": plain(adjustment.expected),
    }
    tx.stage(journal.appending([_event("stock.counted", adjustment.id, data, cause)]))


def transfer(tx: Tx, notice: StockTransfer, *, consumer: str, cause: Cause) -> None:
    """Take a transfer in: its record, the claims where the goods left, and `stock.transferred`."""
    args = (UUID(notice.id), consumer, notice.origin, notice.destination, document(notice))
    tx.stage(Part("records_transfer", STOCK["save_transfer"], args))
    lines = [(line.sku, line.quantity) for line in notice.lines]
    for part in claiming("transfer", claims_of(notice.id, notice.origin, lines)):
        tx.stage(part)
    data = {
        "shop": notice.origin,
        "destination": notice.destination,
        "lines": [{"sku": line.sku, "quantity": plain(line.quantity)} for line in notice.lines],
    }
    tx.stage(journal.appending([_event("stock.transferred", notice.id, data, cause)]))


def adjusted(adjustment: StockAdjustment, before: Any, cause: Cause) -> Event:
    """`stock.adjusted`: the counted figure replaced the one held."""
    data = {
        "adjustment": adjustment.id,
        "sku": adjustment.sku,
        "shop": adjustment.location,
        "counted": plain(adjustment.counted),
        "before": plain(before),
    }
    return _event("stock.adjusted", adjustment.sku, data, cause)


def settle_adjustment(adjustment_id: str, state: str) -> Part:
    """The part that notes how far a count got."""
    return Part("records_adjustment_settled", STOCK["settle_adjustment"], (UUID(adjustment_id), state))


def settle_transfer(transfer_id: str, state: str) -> Part:
    """The part that notes how far a transfer got."""
    return Part("records_transfer_settled", STOCK["settle_transfer"], (UUID(transfer_id), state))


async def get_adjustment(db: Any, adjustment_id: str) -> KeptAdjustment:
    """One count. NotFound when there is none of that id."""
    row = await db.fetchrow(STOCK["adjustment"], key_of(adjustment_id, "adjustment"))
    if row is None:
        raise NotFound("no adjustment has this id")
    kept = msgspec.json.decode(row["document"], type=StockAdjustment)
    return KeptAdjustment(row["consumer"], msgspec.structs.replace(kept, state=row["state"]))


async def get_transfer(db: Any, transfer_id: str) -> KeptTransfer:
    """One transfer. NotFound when there is none of that id."""
    row = await db.fetchrow(STOCK["transfer"], key_of(transfer_id, "transfer"))
    if row is None:
        raise NotFound("no transfer has this id")
    kept = msgspec.json.decode(row["document"], type=StockTransfer)
    return KeptTransfer(row["consumer"], msgspec.structs.replace(kept, state=row["state"]))


def _event(kind: str, subject: str, data: dict[str, Any], cause: Cause) -> Event:
    return cause.event(
        kind,
        subject=subject,
        data=data,
    )
