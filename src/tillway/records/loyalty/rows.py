"""Rows of the ledger as values."""

from __future__ import annotations

from typing import Any

import msgspec

from tillway.retail import Card, Movement


class Held(msgspec.Struct, frozen=True, kw_only=True):
    """A card with what only the hub needs to know of it."""

    card: Card
    connection: str
    company: str
    foreign_id: str
    customer: str | None


def held_of(row: Any) -> Held:
    """A row of `loyalty_cards`."""
    return Held(
        card=Card(
            id=str(row["id"]),
            kind=row["kind"],
            programme=row["programme"],
            unit=row["unit"],
            balance=row["points"] + row["pending"],
            booked=row["points"],
            pending=row["pending"],
            expires_on=row["expires_on"],
            active=row["active"],
            as_of=row["read_at"],
        ),
        connection=row["connection"],
        company=row["company"],
        foreign_id=row["foreign_id"],
        customer=row["customer"],
    )


def movement_of(row: Any) -> Movement:
    """A row of `loyalty_movements`."""
    return Movement(
        id=str(row["id"]),
        card=str(row["card"]),
        kind=row["kind"],
        points=row["points"],
        status=row["status"],
        reference=row["reference"],
        reason=row["reason"],
        reverses=None if row["reverses"] is None else str(row["reverses"]),
        made_at=row["made_at"],
    )
