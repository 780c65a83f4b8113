"""A far side with any number of products: answers pages of them itself, and passes all else on to a sandbox."""

from __future__ import annotations

import asyncio
import json
import sys
from datetime import datetime, timedelta
from typing import Any, Final

import aiohttp
import msgspec
from aiohttp import web

from bench.client import serve
from tillway.connectors.odoo.mapping.products import FIELDS

BEGAN: Final = datetime(2026, 1, 1)  # noqa: DTZ001 - as Odoo writes times
MODEL: Final = "product.product"

_encode = msgspec.json.Encoder().encode


class _Products:
    """Rows by number, all made from one row; each was changed a second after the one before it."""

    def __init__(self, like: dict[str, Any], count: int) -> None:
        self._like = like
        self._count = count

    def answer(self, method: str, asked: dict[str, Any]) -> Any:
        """What is there, or None for a question that it does not know."""
        ids = None
        if method in {"search", "search_read"}:
            ids = self._found(asked["domain"], asked.get("order") or "id")
        if ids is None:
            return None
        ids = ids[: asked.get("limit") or len(ids)]
        return list(ids) if method == "search" else [self._row(each, asked["fields"]) for each in ids]

    def _found(self, domain: list[Any], order: str) -> Any:
        everything: Any = range(1, self._count + 1)
        if order.startswith("write_date desc"):
            everything = everything[::-1]
        for name, operator, value in domain:
            if (name, operator) == ("id", ">"):
                everything = range(max(everything.start, value + 1), self._count + 1)
            elif (name, operator) == ("write_date", ">="):
                first = max(0, int((datetime.fromisoformat(value) - BEGAN).total_seconds()))
                everything = range(max(everything.start, first), self._count + 1)
            elif (name, operator) == ("id", "in"):
                everything = [each for each in value if 0 < each <= self._count]
            elif (name, operator) == ("default_code", "in"):
                everything = [int(each.removeprefix("MANY-")) for each in value]
            elif (name, operator) != ("default_code", "!="):
                return None
        return everything

    def _row(self, number: int, fields: list[str]) -> dict[str, Any]:
        own = {
            "id": number,
            "default_code": f"MANY-{number}",
            "name": f"Product {number} of many",
            "barcode": False,
            "lst_price": 10 + number % 90,
            "product_tmpl_id": [number, f"Product {number} of many"],
            "product_template_attribute_value_ids": [],
            "active": True,
            "write_date": (BEGAN + timedelta(seconds=number)).isoformat(" "),
        }
        row = self._like | own
        return {"id": number} | {name: row.get(name, False) for name in fields}


async def main(*, url: str, db: str, key: str, count: int, work_ms: float) -> dict[str, Any]:
    """Serve until terminated; the port is told on its own line. `work_ms`: what a whole product on a page takes."""
    headers = {"Authorization": f"bearer {key}", "X-Odoo-Database": db}
    async with aiohttp.ClientSession(base_url=url) as session:
        one = {"domain": [["default_code", "!=", False]], "fields": [], "limit": 1}
        async with session.post(f"/json/2/{MODEL}/search_read", json=one, headers=headers) as reply:
            products = _Products((await reply.json())[0], count)

        async def ask(request: web.Request) -> web.Response:
            body = await request.read()
            _, _, called = request.path.partition(f"/json/2/{MODEL}/")
            if called:
                asked = json.loads(body)
                found = products.answer(called, asked)
                if found is not None:
                    # A real one's time goes by the fields that it makes ready; ids alone take next to none.
                    share = len(asked.get("fields", ())) / len(FIELDS)
                    await asyncio.sleep(work_ms * len(found) * share / 1000)
                    return web.Response(body=_encode(found), content_type="application/json")
            passed = {name: value for name, value in request.headers.items() if name.lower() not in _OWN}
            async with session.request(request.method, request.path_qs, data=body, headers=passed) as reply:
                kind = reply.content_type
                return web.Response(body=await reply.read(), status=reply.status, content_type=kind)

        app = web.Application(client_max_size=2**24)
        app.router.add_route("*", "/{path:.*}", ask)
        runner = web.AppRunner(app)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        sys.stdout.write(json.dumps({"url": f"http://127.0.0.1:{runner.addresses[0][1]}"}) + "\n")
        sys.stdout.flush()
        await asyncio.Event().wait()
    return {}


_OWN: Final = frozenset({"host", "content-length", "connection", "accept-encoding", "transfer-encoding"})

if __name__ == "__main__":
    serve(main)
