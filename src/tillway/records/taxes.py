"""Taxes on sales as we know them now."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from tillway.postgres import Part
from tillway.records.statements import SQL, document
from tillway.retail import Tax

_tax = msgspec.json.Decoder(Tax)


async def every(db: Any) -> tuple[Tax, ...]:
    """Of all connections, in the order they are computed."""
    return tuple(_tax.decode(row[0]) for row in await db.fetch(SQL["taxes"]))


def saving(connection: str, taxes: Sequence[Tax]) -> tuple[Part, ...]:
    """The parts that keep these as all that a connection has."""
    ids, places, texts = [tax.id for tax in taxes], list(range(len(taxes))), [document(tax) for tax in taxes]
    return (
        Part("records_taxes", SQL["save_taxes"], (connection, ids, places, texts)),
        Part("records_taxes_gone", SQL["drop_taxes"], (connection, ids)),
    )
