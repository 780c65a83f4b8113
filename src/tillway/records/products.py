"""Products and price lists as we know them now."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any, Final

import msgspec

from tillway.records.statements import SQL
from tillway.retail import PriceList, Product

# Products one page may hold.
PAGE_LIMIT: Final = 500

# Letters and digits of any script; what parts words anywhere parts them here.
_WORD: Final = re.compile(r"[^\W_]+")

_product = msgspec.json.Decoder(Product)
_price_list = msgspec.json.Decoder(PriceList)


async def find(db: Any, skus: Iterable[str]) -> dict[str, Product]:
    """The products of these SKUs that we know, by SKU."""
    rows = await db.fetch(SQL["products_by_sku"], list(skus))
    return {product.sku: product for product in (_product.decode(row[0]) for row in rows)}


async def by_gtin(db: Any, gtin: str) -> tuple[Product, ...]:
    """Active products that carry this GTIN."""
    return tuple(_product.decode(row[0]) for row in await db.fetch(SQL["products_by_gtin"], gtin, PAGE_LIMIT))


async def page(db: Any, *, after: str, limit: int) -> tuple[Product, ...]:
    """Active products after a SKU, in SKU order."""
    rows = await db.fetch(SQL["products_page"], after, min(limit, PAGE_LIMIT))
    return tuple(_product.decode(row[0]) for row in rows)


async def matching(db: Any, words: Sequence[str], *, after: str, limit: int) -> tuple[Product, ...]:
    """Active products after a SKU whose code or name has words beginning with all of these; in SKU order."""
    query = " & ".join(f"'{word}':*" for word in words)
    rows = await db.fetch(SQL["products_matching"], query, after, min(limit, PAGE_LIMIT))
    return tuple(_product.decode(row[0]) for row in rows)


def words_of(text: str) -> tuple[str, ...]:
    """What a text asks for: its letters and digits, word by word, in lower case. Pure."""
    return tuple(dict.fromkeys(_WORD.findall(text.lower())))


async def page_of(db: Any, connection: str, *, after: str, limit: int = PAGE_LIMIT) -> tuple[Product, ...]:
    """All products of one connection after a SKU, archived ones included."""
    return tuple(_product.decode(row[0]) for row in await db.fetch(SQL["products_of"], connection, after, limit))


async def price_list(db: Any, list_id: str) -> PriceList | None:
    """One price list with its rules; None when it was not read (or is the list price itself)."""
    row = await db.fetchrow(SQL["price_list"], list_id)
    return None if row is None else _price_list.decode(row[0])


async def price_lists_of(db: Any, connection: str) -> tuple[PriceList, ...]:
    """All price lists read through one connection."""
    return tuple(_price_list.decode(row[0]) for row in await db.fetch(SQL["price_lists_of"], connection))
