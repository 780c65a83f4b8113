"""The events that tell of movements."""

from __future__ import annotations

from decimal import Decimal
from typing import Protocol

from tillway.journal import Event
from tillway.records.tracing import Cause
from tillway.retail import Movement


class Asker(Protocol):
    """Who asked for a movement."""

    @property
    def consumer(self) -> str:
        """The consumer."""
        ...

    @property
    def shop(self) -> str | None:
        """For which shop."""
        ...


def moved(of: Movement, wanted: Asker, balance: Decimal, cause: Cause) -> Event:
    """`loyalty.moved`: taken, and to be brought to the back office."""
    shop = {} if wanted.shop is None else {"shop": wanted.shop}
    return cause.event(
        "loyalty.moved",
        subject=of.id,
        partitionkey=of.card,
        data={
            "card": of.card,
            "kind": of.kind,
            "points": str(of.points),
            "balance": str(balance),
            "reference": of.reference,
            "consumer": wanted.consumer,
            **shop,
        },
        dataclass="confidential",
    )


def changed(of: Movement, balance: Decimal, cause: Cause) -> Event:
    """`loyalty.changed`: what may be spent of a card is now this."""
    return cause.event(
        "loyalty.changed",
        subject=of.card,
        data={
            "movement": of.id,
            "cause": "cancelled" if of.status == "cancelled" else of.kind,
            "points": str(of.points),
            "balance": str(balance),
        },
        dataclass="confidential",
    )
