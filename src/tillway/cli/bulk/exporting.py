"""`tillway export`: products, prices, stock and orders as a file, read page by page by the public interfaces."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from pathlib import Path
from typing import Any, Final

import msgspec
from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from tillway.cli.asking import state_directory
from tillway.cli.bulk.sheets import Form, Kind, sheet
from tillway.cli.consuming import Consumer
from tillway.cli.telling import tell
from tillway.errors import Rejected

PAGE: Final = 500
"""Products on a page; as many as prices and availability are asked for at once."""

SHOPS: Final = 20
"""Shops asked about at once: with PAGE products, 10,000 rows are in memory."""

Rows = AsyncIterator[list[dict[str, Any]]]


class Exported(msgspec.Struct, frozen=True):
    """A domain that can be exported: with which rights, into which columns, and where its rows come from."""

    scopes: tuple[str, ...]
    columns: Mapping[str, Kind]
    rows: Callable[[Consumer, list[str]], Rows]


async def _products(hub: Consumer, _: list[str]) -> Rows:
    after: str | None = ""
    while after is not None:
        page = await hub.get("/products/v1/products", limit=PAGE, after=after)
        yield page["products"]
        after = page["next"]


async def _prices(hub: Consumer, lists: list[str]) -> Rows:
    async for page in _products(hub, []):
        lines = [{"sku": each["sku"], "quantity": "1"} for each in page]
        for chosen in dict.fromkeys(lists or [""]) if lines else ():
            quote = await hub.read("/prices/v1/quotes", {"lines": lines, "price_list": chosen or None})
            yield [line["price"] | {"at": quote["at"]} for line in quote["lines"]]


async def _orders(hub: Consumer, _: list[str]) -> Rows:
    after: str | None = ""
    while after is not None:
        page = await hub.get("/orders/v1/orders", limit=PAGE, after=after)
        yield page["orders"]
        after = page["next"]


async def _stock(hub: Consumer, _: list[str]) -> Rows:
    shops = await hub.shops()
    async for page in _products(hub, []):
        skus = [each["sku"] for each in page]
        for begin in range(0, len(shops) if skus else 0, SHOPS):
            asked = {"skus": skus, "locations": shops[begin : begin + SHOPS]}
            found = await hub.read("/stock/v1/availabilities", asked)
            yield [each | each["parts"] for each in found["availability"]]


DOMAINS: Final = {
    "products": Exported(
        ("products:read",),
        {
            "sku": "text",
            "name": "text",
            "gtin": "text",
            "list_price": "decimal",
            "currency": "text",
            "unit": "text",
            "category": "text",
            "template": "text",
            "variant": "text",
            "active": "truth",
            "taxes": "json",
            "attributes": "json",
            "extensions": "json",
        },
        _products,
    ),
    "prices": Exported(
        ("products:read", "prices:read"),
        {
            "sku": "text",
            "price_list": "text",
            "amount": "decimal",
            "currency": "text",
            "rule": "text",
            "source": "text",
            "valid_until": "moment",
            "at": "moment",
        },
        _prices,
    ),
    "stock": Exported(
        ("products:read", "stock:read", "stores:read"),
        {
            "sku": "text",
            "location": "text",
            "available": "decimal",
            "free": "decimal",
            "promised": "decimal",
            "unseen": "decimal",
            "offline": "decimal",
            "safety": "decimal",
            "read_at": "moment",
        },
        _stock,
    ),
    "orders": Exported(
        ("orders:read",),
        {
            "id": "text",
            "reference": "text",
            "consumer": "text",
            "shop": "text",
            "customer": "text",
            "price_list": "text",
            "currency": "text",
            "placed_at": "moment",
            "status": "text",
            "net": "decimal",
            "tax": "decimal",
            "gross": "decimal",
            "lines": "json",
        },
        _orders,
    ),
}
"""What can be exported; the columns' order is that of the file."""


def export(
    state: Path | None, domain: str, out: Path, form: Form | None, *, consumer: str, lists: list[str], as_json: bool
) -> None:
    """Write the file and tell how many rows it has. Rejected for a domain or form that there is not."""
    done = asyncio.run(
        exported(state_directory(state), domain, out, form, consumer=consumer, lists=lists, quiet=as_json)
    )
    tell(done, as_json=as_json, otherwise=f"{done['rows']} rows of {domain} in {out}")


async def exported(
    state: Path, domain: str, out: Path, form: Form | None, *, consumer: str, lists: list[str], quiet: bool = True
) -> dict[str, Any]:
    """The file written, and what is told of it."""
    chosen = DOMAINS.get(domain)
    if chosen is None:
        raise Rejected(f"{domain} can't be exported", remedy=f"one of {', '.join(DOMAINS)}")
    if lists and domain != "prices":
        raise Rejected("only prices are by list", remedy="leave --price-list out")
    written = form or _by_name(out)
    count = 0
    columns = SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn()
    async with Consumer(state, consumer, list(chosen.scopes)) as hub:
        with (
            sheet(out, written, chosen.columns) as file,
            Progress(*columns, console=Console(stderr=True), transient=True, disable=quiet) as progress,
        ):
            task = progress.add_task(domain, total=None)
            async for rows in chosen.rows(hub, lists):
                file.add(rows)
                count += len(rows)
                progress.update(task, description=f"{domain}: {count} rows")
    return {"domain": domain, "file": str(out), "format": written, "rows": count, "consumer": consumer}


def _by_name(out: Path) -> Form:
    forms: dict[str, Form] = {".csv": "csv", ".jsonl": "jsonl", ".ndjson": "jsonl", ".parquet": "parquet"}
    form = forms.get(out.suffix.lower())
    if form is None:
        raise Rejected(f"{out.name} does not say what it is to be", remedy="give --format csv, jsonl or parquet")
    return form
