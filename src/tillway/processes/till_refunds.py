"""Till refunds: what tills gave back by themselves, counted against what was sold.

A refund at a till is a fact, so it is never refused: what it gave back beyond what could still come back is told as an
exception, to be looked at by a person.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any, Final

import msgspec

from tillway import journal
from tillway.errors import NotFound
from tillway.journal import Event, Follower, Recorded
from tillway.postgres import Tx
from tillway.records import returns, sales
from tillway.retail import sale_id

OWNER: Final = "store-operations"


def till_refunds() -> Follower:
    """Follows what tills sold; only lines that say what they take back count."""
    return Follower(
        name="till refunds",
        types=frozenset({"sale.recorded"}),
        owner=OWNER,
        apply=_apply,
        starts="oldest",
    )


async def _apply(tx: Tx, events: Sequence[Recorded]) -> None:
    told: list[Event] = []
    for event in events:
        for sold, given_back in taken_back(event.data.get("lines", ())).items():
            told += await _count(tx, event, sold, given_back)
    if told:
        tx.stage(journal.appending(told))


def taken_back(lines: Sequence[Any]) -> dict[str, dict[int, Decimal]]:
    """Quantities that lines take back, by sale and its line. Pure."""
    found: dict[str, dict[int, Decimal]] = {}
    for line in lines:
        of = line.get("refund_of")
        if of is None:
            continue
        sold = found.setdefault(sale_id(of["till"], of["epoch"], of["sequence"]), {})
        sold[of["line"]] = sold.get(of["line"], Decimal(0)) - Decimal(line["quantity"])
    return found


async def _count(tx: Tx, event: Recorded, sold: str, given_back: dict[int, Decimal]) -> list[Event]:
    try:
        of = await sales.read(tx, sold)
    except (NotFound, msgspec.ValidationError):
        return [_excess(event, sold, "the sale that it takes back was never recorded, or can't be read")]
    excess = await returns.refund(tx, of, given_back)
    if not excess:
        return []
    lines = ", ".join(f"{quantity.normalize():f} of line {line}" for line, quantity in sorted(excess.items()))
    return [_excess(event, sold, f"the till gave back more than could come back: {lines}")]


def _excess(event: Recorded, sold: str, detail: str) -> Event:
    return Event(
        type="return.exception",
        subject=event.subject,
        data={
            "process": "till refunds",
            "code": "over-refund",
            "detail": detail,
            "owner": OWNER,
            "actions": [],
            "sold": sold,
        },
        correlation=event.correlation,
        causation=str(event.id),
        traceparent=event.traceparent,
    )
