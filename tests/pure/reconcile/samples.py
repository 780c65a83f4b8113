"""Entries and rules as tests of comparing need them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from tillway.reconcile import Entry, Rule

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
OLD = NOW - timedelta(days=1)
YOUNG = NOW - timedelta(seconds=10)

RULE = Rule(as_of=NOW, tolerance=Decimal("0.05"), cut_off=timedelta(minutes=15))


def entry(key: str = "a", amount: str | None = "10.00", **given: object) -> Entry:
    return Entry(
        **{"key": key, "amount": None if amount is None else Decimal(amount), "at": OLD, "currency": "EUR", **given}
    )


async def streamed(entries: Iterable[Entry]) -> AsyncIterator[Entry]:
    for each in entries:
        yield each
