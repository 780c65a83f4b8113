"""What we hold, listed in the order of its ids: for comparing it with what others hold."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

import msgspec

from tillway.records.statements import SQL
from tillway.records.there import BACK_OFFICE
from tillway.retail import Product

PAGE: Final = 500
"""Rows read at once."""

IDS: Final = 20_000
"""Ids held at once, 2 MB: for each so many the index of the whole span is read again."""

SAMPLED_WHOLE: Final = 10_000
"""Products up to which a sample is drawn from all of them: blocks of a small table are too few to choose from."""

BLOCK_RESERVE: Final = 3
"""How much more than wanted is drawn: archived products and those of other connections lie in the same blocks."""

_NO_ID: Final = UUID(int=0)
_product = msgspec.json.Decoder(Product)


class Held(msgspec.Struct, frozen=True, kw_only=True):
    """An order or a sale as we hold it, as far as it is compared."""

    id: str
    shop: str
    status: str
    at: datetime
    name: str
    gross: Decimal
    currency: str
    line_count: int = 0


class Span(msgspec.Struct, frozen=True, kw_only=True):
    """Which of them: of these shops, taken in from `since` until before `until`."""

    shops: tuple[str, ...]
    since: datetime
    until: datetime


async def orders(db: Any, span: Span) -> AsyncIterator[Held]:
    """Orders that came through us, in the order of their ids."""
    async for row in _pages(db, "orders", span):
        yield Held(
            id=str(row["id"]),
            shop=row["shop"],
            status=row["status"],
            at=row["placed_at"],
            name=row["reference"] or str(row["id"]),
            gross=Decimal(row["gross"]),
            currency=row["currency"],
            line_count=row["line_count"],
        )


async def sales(db: Any, span: Span) -> AsyncIterator[Held]:
    """Sales that count, in the order of their ids; those in quarantine have a person who looks at them already."""
    async for row in _pages(db, "sales", span):
        yield Held(
            id=str(row["id"]),
            shop=row["shop"],
            status=row["status"],
            at=row["received_at"],
            name=f"{row['till']}/{row['epoch']}/{row['sequence']}",
            gross=Decimal(row["gross"]),
            currency=row["currency"],
        )


async def known(db: Any, kind: str, ids: Iterable[str]) -> dict[str, tuple[str | None, datetime, str]]:
    """Of these ids, which we hold at all: shop, when it was taken in, and status. `kind` is orders or sales."""
    keys = [key for each in ids if (key := _uuid(each)) is not None]
    rows = await db.fetch(SQL[f"{kind}_known"], keys) if keys else []
    return {str(row["id"]): (row["shop"], row["at"], row["status"]) for row in rows}


async def sample(db: Any, connection: str, count: int, seed: int) -> tuple[Product, ...]:
    """About `count` active products of a connection, others for another seed."""
    estimated = await db.fetchval(SQL["products_estimated"])
    percent = 100.0 if estimated <= SAMPLED_WHOLE else min(100.0, 100.0 * BLOCK_RESERVE * count / estimated)
    rows: Sequence[Any] = await db.fetch(SQL["products_sampled"], connection, percent, seed, SAMPLED_WHOLE)
    step = max(1, len(rows) // count) if count else 1
    chosen = rows[seed % step :: step][:count]
    return tuple(_product.decode(row["document"]) for row in chosen)


async def _pages(db: Any, kind: str, span: Span) -> AsyncIterator[Any]:
    after, without = _NO_ID, (BACK_OFFICE,) if kind == "orders" else ()
    while found := await db.fetch(SQL[f"{kind}_in_span"], after, list(span.shops), span.since, span.until, IDS):
        ids = [row["id"] for row in found]
        for start in range(0, len(ids), PAGE):
            for row in await db.fetch(SQL[f"{kind}_to_compare"], ids[start : start + PAGE], *without):
                yield row
        after = ids[-1]


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
