"""`stock`: how much more often can stock and prices be asked of a hub than of the ERP itself?"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from functools import partial
from typing import Any, Final, Self
from urllib.parse import quote

import aiohttp

from bench import far, hub
from bench.client import measured
from bench.report import Line, alternate, line, load

CONNECTIONS: Final = 16
SECONDS: Final = 4.0
CONSUMER: Final = "integrator"

# Different products that come round again.
PRODUCTS: Final = 100

# The first reading of all warehouses takes no longer.
READ_SECONDS: Final = 300.0


async def lines() -> AsyncIterator[Line]:
    """Two lines: answers a second, of what can be promised and of what it costs."""
    async with hub.running(far.outside()) as running:
        asked = await _Asked.of(running)
        await running.leaves_odoo_alone()
        yield await asked.stock()
        yield await asked.price()


class _Asked:
    """One hub, what is asked of it, and the same for its ERP."""

    def __init__(self, running: hub.BenchHub, products: dict[str, int], token: str) -> None:
        self._running = running
        self._products = products
        self._token = token
        me = running.landscape("consumers.yaml")["consumers"][CONSUMER]
        self._shop = running.landscape("shops.yaml")["shops"][me["shop"]]
        self._list, self._theirs = "list", "list"
        self._path = f"/stock/v1/availability?location={quote(me['shop'])}&sku="

    @classmethod
    async def of(cls, running: hub.BenchHub) -> Self:
        """Once its first reading of stock is complete."""
        page = await running.get(f"/products/v1/products?limit={PRODUCTS}", CONSUMER)
        skus = [each["sku"] for each in page["products"]]
        told = await _odoo(
            running, "product.product/search_read", domain=[["default_code", "in", skus]], fields=["default_code"]
        )
        ids = {row["default_code"]: row["id"] for row in told}
        asked = cls(running, {sku: ids[sku] for sku in skus}, await running.token(CONSUMER))
        until = time.monotonic() + READ_SECONDS
        while not await asked._answers(asked._path + quote(skus[0], safe="")):
            if time.monotonic() > until:
                raise RuntimeError(f"stock was not read within {READ_SECONDS:.0f} s")
            await asyncio.sleep(hub.LOOK_SECONDS)
        for name, each in running.landscape("prices.yaml")["price_lists"].items():
            if each["odoo"] != "list" and await asked._answers(asked._price_path(skus[0], name)):
                asked._list, asked._theirs = name, each["odoo"]
                break
        return asked

    async def _answers(self, path: str) -> bool:
        with contextlib.suppress(RuntimeError):
            await self._running.get(path, CONSUMER)
            return True
        return False

    @staticmethod
    def _price_path(sku: str, price_list: str) -> str:
        return f"/prices/v1/prices/{quote(sku, safe='')}?price_list={price_list}"

    async def stock(self) -> Line:
        """Available, beside what is free there."""
        context = {
            "allowed_company_ids": [self._shop["company"]],
            # The key that counts: `warehouse`, as older ones call it, is ignored without a word.
            "warehouse_id": self._shop["warehouse"],
        }
        bodies = [{"ids": [key], "fields": ["free_qty"], "context": context} for key in self._products.values()]
        paths = [self._path + quote(sku, safe="") for sku in self._products]
        return await self._beside(
            "stock", paths, "product.product/read", bodies, "what is available at one shop", "what is free there"
        )

    async def price(self) -> Line:
        """One price, beside the same list asked there."""
        context: dict[str, Any] = {"allowed_company_ids": [self._shop["company"]]}
        method, what = "product.product/read", "its own price"
        more: dict[str, Any] = {"fields": ["lst_price"]}
        if self._theirs != "list":
            method, what = "product.product/get_contextual_price", "its price on that list"
            context["pricelist"], more = int(self._theirs), {}
        bodies = [{"ids": [key], "context": context, **more} for key in self._products.values()]
        paths = [self._price_path(sku, self._list) for sku in self._products]
        return await self._beside("price", paths, method, bodies, "a price on one list", what)

    async def _beside(  # noqa: PLR0917 - what a line is made of
        self, name: str, paths: list[str], method: str, bodies: list[Any], ours: str, theirs: str
    ) -> Line:
        rates = await alternate(partial(self._rate, paths), partial(self._odoo_rate, method, bodies), rounds=3)
        note = (
            f"{ours}, of {len(self._products)} products in turn, {CONNECTIONS} keep-alive connections, every stage on;"
            f" yardstick: {theirs}, asked of {self._running.odoo} by JSON-2 ({method}) on as many connections with"
            f" nobody else there; one door; {load()}"
        )
        return line(f"{name} beside Odoo", *rates, unit="reads/s", note=note)

    async def _rate(self, paths: list[str]) -> float:
        found = await measured(
            "get_reads",
            base_url=self._running.base_url,
            paths=paths,
            headers=[f"Authorization: Bearer {self._token}\r\n"],
            connections=CONNECTIONS,
            seconds=SECONDS,
        )
        return float(found["rate"])

    async def _odoo_rate(self, method: str, bodies: list[Any]) -> float:
        told = self._running.told["odoo"]
        asked = {"method": method, "bodies": bodies, "connections": CONNECTIONS, "seconds": SECONDS}
        return float((await measured("odoo_calls", **told, **asked))["rate"])


async def _odoo(running: hub.BenchHub, method: str, **arguments: Any) -> Any:
    told = running.told["odoo"]
    headers = {"Authorization": f"bearer {told['key']}", "X-Odoo-Database": told["db"]}
    async with (
        aiohttp.ClientSession(headers=headers) as session,
        session.post(f"{told['url']}/json/2/{method}", json=arguments) as reply,
    ):
        reply.raise_for_status()
        return await reply.json()
