"""Sales in quarantine: facts that wait for a person, who releases them to be booked or closes them. None is removed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

import msgspec

from tillway import journal
from tillway.errors import Conflict, NotFound
from tillway.journal import Event
from tillway.postgres import Tx
from tillway.records import sales
from tillway.records.sealed import opened_sale, sealed_sale
from tillway.records.statements import SQL
from tillway.records.tracing import Cause
from tillway.retail import Sale

# Sales in quarantine that one look shows, the oldest first.
SHOWN: Final = 500


class Quarantined(msgspec.Struct, frozen=True, kw_only=True):
    """A sale that waits for a person. `body` is what was sent, cut of card numbers; None in a list."""

    id: str
    consumer: str
    shop: str | None
    till: str | None
    epoch: str | None
    sequence: int | None
    business_day: date | None
    gross: str | None
    currency: str | None
    owner: str
    violations: tuple[dict[str, str], ...]
    received_at: datetime
    body: dict[str, Any] | None = None


class Decision(msgspec.Struct, frozen=True, kw_only=True):
    """Who decided and why."""

    by: str
    reason: str


async def every(db: Any) -> tuple[Quarantined, ...]:
    """The oldest sales in quarantine, at most SHOWN, without what was sent."""
    return tuple(_quarantined(row) for row in await db.fetch(SQL["quarantined"], SHOWN))


async def one(db: Any, sale_id: str) -> Quarantined:
    """One sale in quarantine with what was sent. NotFound without such a sale, Conflict when it waits for nobody."""
    try:
        key = UUID(sale_id)
    except ValueError:
        raise NotFound("no sale has this id") from None
    row = await db.fetchrow(SQL["quarantined_one"], key)
    if row is None:
        raise NotFound("no sale has this id")
    if row["status"] != "quarantined":
        raise Conflict(f"this sale is {row['status']} and waits for nobody")
    found = _quarantined(row)
    return msgspec.structs.replace(found, body=opened_sale(row["document"], found.id))


async def release(tx: Tx, found: Quarantined, sale: Sale, corrected: Sequence[str], decision: Decision) -> None:
    """Let a sale be booked: `sale.released` and, since it counts from now on, `sale.recorded`.

    `sale` is sound and has the same id; `corrected` names its members that are not as they were sent.
    """
    settled = await tx.fetchval(
        SQL["release_sale"],
        UUID(found.id),
        sealed_sale(msgspec.to_builtins(sale), found.id, sound=True) if corrected else None,
        f"{decision.by}: {decision.reason}",
        sale.till,
        sale.epoch,
        sale.sequence,
        sale.shop,
        sale.business_day,
    )
    if settled is None:
        raise Conflict("this sale waits for nobody any more")
    cause = await _cause(tx, found.id)
    data = _decided(found, decision) | {"shop": sale.shop, "corrected": list(corrected)}
    released = Event(type="sale.released", subject=found.id, data=data, **_of(cause))
    tx.stage(journal.appending([released, sales.recorded(sale, cause)]))
    for part in sales.claimed(sale):
        tx.stage(part)


async def close(tx: Tx, found: Quarantined, decision: Decision) -> None:
    """End the waiting without a booking: it was booked by hand, or is none. It stays as it was sent."""
    if await tx.fetchval(SQL["close_sale"], UUID(found.id), f"{decision.by}: {decision.reason}") is None:
        raise Conflict("this sale waits for nobody any more")
    cause = await _cause(tx, found.id)
    data = _decided(found, decision) | {"shop": found.shop}
    tx.stage(journal.appending([Event(type="sale.closed", subject=found.id, data=data, **_of(cause))]))


async def _cause(tx: Tx, sale_id: str) -> Cause:
    """The transaction that the sale came in with: its path stays one, however late a person decides."""
    first = await journal.beginning(tx, sale_id)
    if first is None:
        return Cause(correlation=sale_id)
    return Cause(correlation=first.correlation, causation=str(first.id), traceparent=first.traceparent)


def _of(cause: Cause) -> dict[str, Any]:
    return {"correlation": cause.correlation, "causation": cause.causation, "traceparent": cause.traceparent}


def _decided(found: Quarantined, decision: Decision) -> dict[str, Any]:
    return {"owner": found.owner, "by": decision.by, "reason": decision.reason, "violations": list(found.violations)}


def _quarantined(row: Any) -> Quarantined:
    return Quarantined(
        id=str(row["id"]),
        consumer=row["consumer"],
        shop=row["shop"],
        till=row["till"],
        epoch=row["epoch"],
        sequence=row["sequence"],
        business_day=row["business_day"],
        gross=row["gross"],
        currency=row["currency"],
        owner=row["owner"] or "",
        violations=() if row["violations"] is None else tuple(msgspec.json.decode(row["violations"])),
        received_at=row["received_at"],
    )
