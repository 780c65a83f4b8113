"""`tillway import stock-counts`: counted stock, told to the stock interface row by row."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import msgspec
from rich.progress import Progress

from tillway.cli.bulk.counts import TABLE, Count, judged, key
from tillway.cli.bulk.importing import Asked, Import, run_import
from tillway.cli.bulk.rows import Reject
from tillway.cli.bulk.spool import CountSpool
from tillway.cli.consuming import Consumer, told
from tillway.errors import Rejected

_OK: Final = 200
_NOT_FOUND: Final = 404


def stock_counts(state: Path | None, asked: Asked, *, as_json: bool) -> None:
    """Import, and tell what came of it. Exit code 4 when a row was rejected."""
    run_import(Counts, CountSpool(), state, asked, as_json=as_json)


class Counts(Import):
    """Counted stock: shops and products are looked up before the first count is told."""

    table = TABLE
    scopes = ("stock:read", "stock:write", "stores:read")
    path = "/stock/v1/adjustments"
    called = "counts"

    spool: CountSpool

    def __init__(self, asked: Asked, spool: CountSpool, bar: Progress) -> None:
        super().__init__(asked, spool, bar)
        self._places: dict[str, int] = {}

    def judge(self, row: int, cells: Mapping[str, Any]) -> list[Reject]:
        """What is wrong with a row by itself; a sound one is spooled."""
        count, wrong = judged(row, cells)
        if count is not None:
            self.spool.add(count)
        return wrong

    def key(self, digest: str, row: int) -> str:
        """The Idempotency-Key of a row of the file with this digest."""
        return key(digest, row)

    def bodies(self, at_once: int) -> Iterator[list[tuple[int, bytes]]]:
        """Row and JSON body of all sound rows in the order of the file, so many at once."""
        for page in self.spool.sound(at_once):
            yield [(each.row, msgspec.json.encode(each.body())) for each in page]

    def also(self) -> dict[str, Any]:
        """How many sound rows each location has."""
        return {"locations": self._places}

    async def look_up(self, hub: Consumer) -> None:
        """What only the hub knows: shops, products, and whether their stock was read."""
        shops = set(await hub.shops())
        task = self.bar.add_task("looking up", total=self.spool.valid())
        for location in self.spool.places():
            if location not in shops:
                self.spool.reject_place(location, f"there is no such shop, or {self.asked.consumer} may not see it")
                continue
            for page in self.spool.at(location):
                await self._known(hub, location, page)
                self.bar.advance(task, len(page))
        self._places = self.spool.places()

    async def _known(self, hub: Consumer, location: str, page: list[Count]) -> None:
        """Products of one shop. An answer that one of many is unknown is halved until it says which."""
        body = {"skus": [each.sku for each in page], "locations": [location]}
        answered = await hub.ask("POST", "/stock/v1/availabilities", json=body)
        if answered.status == _NOT_FOUND and len(page) > 1:
            half = len(page) // 2
            await self._known(hub, location, page[:half])
            await self._known(hub, location, page[half:])
        elif answered.status == _NOT_FOUND:
            self.spool.reject((Reject(page[0].row, "sku", "no product with this SKU is known"),))
        elif answered.status != _OK:
            raise Rejected(told(answered), remedy=answered.body.get("remedy", ""))
        else:
            read = {each["sku"] for each in answered.body["availability"]}
            why = f"its stock at {location} was not read yet"
            self.spool.reject(Reject(each.row, "sku", why) for each in page if each.sku not in read)
