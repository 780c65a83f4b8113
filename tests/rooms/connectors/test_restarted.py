"""An ERP that is killed in the middle of a reading, and started again: on a sandbox that keeps its rows in a file.

A real Odoo belongs to everybody who tests on it and is not killed here; connections that break are tried on it too
(test_capture.py).
"""

from __future__ import annotations

import itertools
import secrets
import signal
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from tests.postgres_cluster import RunningCluster
from tests.rooms.connectors.far_side import Killable
from tests.rooms.connectors.lossy_proxy import LossyProxy
from tests.rooms.journal.world import sequenced

from tillway.connectors.odoo import Connection, Odoo
from tillway.errors import OutcomeUnknown, TryAgain, Unavailable
from tillway.journal import read
from tillway.outbound import Client
from tillway.postgres import Database
from tillway.records import Refresher, Source, products

READINGS = 20
"""Readings within which everything must have come to rest."""

LATER = 60
"""Products beside those of the sample retailer, so that a reading has more pages than one."""

GONE = (TryAgain, Unavailable, OutcomeUnknown)


@pytest.fixture
def erp(tmp_path: Path) -> Iterator[Killable]:
    erp = Killable(tmp_path)
    erp.start()
    yield erp
    erp.kill(signal.SIGTERM)


@pytest.fixture
def dsn(cluster: RunningCluster) -> Iterator[str]:
    made = cluster.database()
    yield made
    cluster.drop(made)


@pytest.fixture
async def db(dsn: str) -> AsyncIterator[Database]:
    async with Database(dsn, "restart test") as opened:
        yield opened


class Hub:
    """What of a hub reads products and prices, through a proxy that sees each call."""

    def __init__(self, db: Database, erp: Killable, proxy: LossyProxy, client: Client) -> None:
        self.db, self.erp, self.proxy, self.client = db, erp, proxy, client
        self.tag = f"R{secrets.token_hex(3).upper()}"

    def refresher(self) -> Refresher:
        """As of a hub that just began."""
        odoo = Odoo(Connection(url=self.proxy.url, database="retail", key=self.erp.side.key), self.client)
        lists = {"store": "1"}
        return Refresher(
            self.db,
            Source(
                connection="main",
                company="1",
                catalogue=odoo.catalogue,
                price_lists=odoo.price_lists,
                lists=lists,
                poll_seconds=0,
            ),
        )

    async def read(self) -> bool:
        """One reading by a hub that just began; whether it got to its end."""
        try:
            await self.refresher().once()
        except GONE:
            return False
        return True

    async def rest(self) -> None:
        """Read until two readings in a row tell nothing."""
        told = [-1, -2]
        for _ in range(READINGS):
            assert await self.read()
            told.append(len(await self.events()))
            if told[-1] == told[-2] == told[-3]:
                return
        raise AssertionError("it never comes to rest")

    async def events(self) -> list[Any]:
        await sequenced(self.db)
        found, after = [], 0
        while page := (await read(self.db, after)).events:
            found += page
            after = page[-1].position
        return found

    async def prices(self) -> dict[str, list[Decimal]]:
        """List prices told, by SKU, oldest first."""
        told: dict[str, list[Decimal]] = {}
        for each in await self.events():
            if each.type == "price.changed":
                told.setdefault(each.subject, []).append(Decimal(each.data["list_price"]))
        return told

    def reprice(self, sku: str, price: float) -> None:
        """Somebody there gives a product of its own family another price."""
        (row,) = self.erp.side.rows("product.product", [["default_code", "=", sku]], ["product_tmpl_id"])
        self.erp.side.ask("product.template", "write", ids=[row["product_tmpl_id"][0]], vals={"list_price": price})

    def at(self, call: str, number: int, act: Callable[[], object]) -> None:
        """Before the so-manieth call of this kind from now on is passed on, this happens."""
        counted = itertools.count(1)

        def seen() -> None:
            if next(counted) < number:
                self.proxy.before(call, seen)
            else:
                act()

        self.proxy.before(call, seen)


@pytest.fixture
async def hub(db: Database, erp: Killable, client: Client) -> AsyncIterator[Hub]:
    """After a first load of some 260 products."""
    async with LossyProxy(erp.side.url).running() as proxy:
        hub = Hub(db, erp, proxy, client)
        made = [{"name": f"P{n}", "default_code": f"{hub.tag}-{n}", "list_price": 10.0} for n in range(LATER)]
        erp.side.ask("product.template", "create", vals_list=made)
        await hub.rest()
        assert await hub.events() == []
        yield hub


@pytest.mark.parametrize(
    ("call", "number", "at_work"),
    [
        ("product.category/search_read", 1, False),
        ("product.product/search_read", 4, True),
        ("product.pricelist/search_read", 1, False),
    ],
    ids=["in a page", "while it answers for the next", "between products and prices"],
)
async def test_odoo_killed_in_the_middle_of_a_reading_loses_no_change_and_tells_none_twice(
    hub: Hub, call: str, number: int, *, at_work: bool
) -> None:
    early, late, last = (f"{hub.tag}-{n}" for n in (0, LATER // 2, LATER - 1))
    hub.reprice(early, 11.0)
    hub.reprice(late, 12.0)
    hub.at(call, number, hub.erp.kill_at_work if at_work else hub.erp.kill)

    assert not await hub.read()
    assert not await hub.read()  # it is still away
    assert not hub.erp.running

    hub.erp.start()
    hub.reprice(early, 13.0)  # before anything was read again
    hub.reprice(last, 14.0)
    hub.at("product.product/search_read", 2, lambda: hub.reprice(late, 15.0))  # in the middle of the next reading
    await hub.rest()

    told = await hub.prices()
    assert {sku: prices[-1] for sku, prices in told.items()} == {early: 13, late: 15, last: 14}
    for prices in told.values():
        assert max(Counter(prices).values()) == 1
    held = await products.find(hub.db, [early, late, last])
    assert {sku: product.list_price for sku, product in held.items()} == {early: 13, late: 15, last: 14}


async def test_what_was_deleted_before_odoo_was_killed_is_archived_once(hub: Hub) -> None:
    gone, kept = f"{hub.tag}-3", f"{hub.tag}-4"
    (row,) = hub.erp.side.rows("product.product", [["default_code", "=", gone]], ["product_tmpl_id"])
    hub.erp.side.ask("product.template", "unlink", ids=[row["product_tmpl_id"][0]])
    hub.at("product.product/search", 1, hub.erp.kill)  # as it asks what is alive

    assert not await hub.read()
    hub.erp.start()
    await hub.rest()

    told = [(each.type, each.subject) for each in await hub.events()]
    assert told.count(("product.changed", gone)) == 1
    assert {subject for _, subject in told} == {gone}
    held = await products.find(hub.db, [gone, kept])
    assert {sku: product.active for sku, product in held.items()} == {gone: False, kept: True}


async def test_a_killed_sandbox_has_everything_that_it_answered(erp: Killable) -> None:
    partner = erp.side.make("res.partner", name="Kept", email="kept@example.com")
    erp.side.ask("res.partner", "write", ids=[partner], vals={"phone": "+3221234567"})
    other = erp.side.make("res.partner", name="Gone")
    erp.side.ask("res.partner", "unlink", ids=[other])
    before = erp.side.ask("sale.order", "search_count", domain=[])
    erp.kill()
    with pytest.raises(OSError):  # nobody listens, in whatever words
        erp.side.ask("res.partner", "search_count", domain=[])

    erp.start()

    rows = erp.side.rows("res.partner", [["id", "in", [partner, other]]], ["name", "phone"])
    assert [(row["id"], row["name"], row["phone"]) for row in rows] == [(partner, "Kept", "+3221234567")]
    assert erp.side.make("res.partner", name="Next") == other + 1
    assert erp.side.ask("sale.order", "search_count", domain=[]) == before
