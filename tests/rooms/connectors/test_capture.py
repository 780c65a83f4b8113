"""No change is lost and none is told twice: whether a nudge comes or not, whatever the far side does meanwhile."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator, Iterator
from decimal import Decimal

import pytest
from aiohttp import ClientSession, web
from tests.postgres_cluster import RunningCluster
from tests.rooms.connectors.world import World
from tests.rooms.journal.world import sequenced

from tillway import clock, inbox
from tillway.connectors.odoo import domains_of
from tillway.errors import Misconfigured, TryAgain
from tillway.inbox import Inbox, sources
from tillway.journal import read
from tillway.postgres import Database
from tillway.records import Refresher, Source
from tillway.retail import Call

# Until what was told is read; the next poll would be after an hour.
SECONDS = 20.0
POLL_SECONDS = 3600.0
LATE_SECONDS = 2.5
SECOND_PAST = 1.1
SLOW_SECONDS = 5.0


@pytest.fixture
def dsn(cluster: RunningCluster) -> Iterator[str]:
    made = cluster.database()
    yield made
    cluster.drop(made)


@pytest.fixture
async def db(dsn: str) -> AsyncIterator[Database]:
    async with Database(dsn, "capture test") as opened:
        yield opened


class Hub:
    """What of a hub captures changes: records that are kept fresh, and an inbox."""

    def __init__(self, db: Database, world: World) -> None:
        self.db, self.world = db, world
        self.sku = world.shop.sku("S-RED")
        self.inbox = Inbox(db, domains_of, SECONDS)
        self.refresher = self.started()

    def started(self) -> Refresher:
        """As of a hub that just began."""
        odoo = self.world.odoo()
        return Refresher(
            self.db,
            Source(
                connection="main",
                company=self.world.shop.company,
                catalogue=odoo.catalogue,
                price_lists=odoo.price_lists,
                lists={"web": str(self.world.shop.price_list)},
                poll_seconds=POLL_SECONDS,
            ),
        )

    async def prices(self) -> list[str]:
        """List prices told of the family's red small one, oldest first."""
        await sequenced(self.db)
        found, after = [], 0
        while page := (await read(self.db, after)).events:
            found += page
            after = page[-1].position
        return [each.data["list_price"] for each in found if (each.type, each.subject) == ("price.changed", self.sku)]

    async def reprice(self, price: str) -> None:
        """Somebody there gives the family another price."""
        change = {"ids": [self.world.shop.template], "vals": {"list_price": float(price)}}
        await asyncio.to_thread(self.world.far.ask, "product.template", "write", **change)

    async def until(self, *prices: str) -> None:
        until = clock.monotonic() + SECONDS
        while (told := await self.prices()) != list(prices):
            assert clock.monotonic() < until, f"told were {told}"
            await asyncio.sleep(0.05)

    async def nudged(self) -> None:
        """Hand nudges on, as the works process does."""
        woken = asyncio.Event()
        stop = await self.db.listen(inbox.CHANNEL, woken.set)
        try:
            while True:
                await woken.wait()
                woken.clear()
                for nudge in await inbox.take(self.db, ["main"]):
                    self.refresher.nudge(nudge.domain)
        finally:
            stop()


@pytest.fixture
async def hub(db: Database, world: World) -> AsyncIterator[Hub]:
    """A hub after its first load, at 20.00."""
    hub = Hub(db, world)
    await hub.reprice("20.00")
    await hub.refresher.once()
    assert await hub.prices() == []
    yield hub
    await hub.reprice("20.00")


async def test_a_change_is_told_by_its_nudge_long_before_the_poll_and_a_lost_nudge_by_the_poll(
    hub: Hub, world: World, call: Call
) -> None:
    async with hub.db.transaction() as tx:
        secret = sources.make(tx, "main")

    async def hear(request: web.Request) -> web.Response:
        await hub.inbox.hear(await hub.inbox.source(request.path.rpartition("/")[2]), await request.read())
        return web.Response(status=204)

    app = web.Application()
    app.router.add_post("/hooks/{secret}", hear)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    name = f"https://hub-{secrets.token_hex(4)}.example"
    hooks = world.odoo().hooks
    try:
        await hooks.install(call, name, f"http://127.0.0.1:{runner.addresses[0][1]}/hooks/{secret}")
    except Misconfigured:  # a real one without the module: polling alone tells, below
        pass
    else:
        tasks = [asyncio.create_task(hub.refresher.run()), asyncio.create_task(hub.nudged())]
        await asyncio.sleep(0)
        await hub.reprice("21.00")
        await hub.until("21.00")
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    await runner.cleanup()  # nobody hears any more
    told = await hub.prices()
    await hub.reprice("22.00")
    await hub.refresher.once()
    await hub.refresher.once()
    assert await hub.prices() == [*told, "22.00"]
    if told:
        await hooks.remove(call, name)


async def test_a_change_that_is_committed_behind_rows_already_read_is_told(hub: Hub, world: World) -> None:
    (single,) = world.far.rows("product.product", [["default_code", "=", world.shop.inclusive]], ["name"])
    for price in ("23.00", "23.10", "23.20", "23.30"):  # on a loaded machine the reading may come too late to be first
        before = await hub.prices()
        late = asyncio.create_task(reprice_late(world, price))
        await asyncio.sleep(SECOND_PAST)  # what is written now is of a later second than what the late one writes
        values = {"barcode": secrets.token_hex(6)}
        await asyncio.to_thread(world.far.ask, "product.product", "write", ids=[single["id"]], vals=values)
        await hub.refresher.once()
        behind = not late.done()
        assert await hub.prices() == before or not behind
        await late
        await hub.refresher.once()
        await hub.refresher.once()
        assert await hub.prices() == [*before, price]
        if behind:
            return
    raise AssertionError("the late one was never behind")


async def reprice_late(world: World, price: str) -> None:
    """In a transaction that is open for a while: its rows say when it began."""
    far, template = world.far, world.shop.template
    if far.name == "sandbox":
        async with ClientSession(far.url) as panel:
            slow = {"work_ms": LATE_SECONDS * 1000, "work_jitter_ms": 0}
            await (await panel.post("/panel", json=slow)).read()
            change = {"ids": [template], "vals": {"list_price": float(price)}}
            writing = asyncio.create_task(asyncio.to_thread(far.ask, "product.template", "write", **change))
            await asyncio.sleep(SECOND_PAST / 2)  # it has begun; what comes after it is quick again
            await (await panel.post("/panel", json={"work_ms": 10, "work_jitter_ms": 10})).read()
            await writing
        return
    (model,) = far.rows("ir.model", [["model", "=", "product.template"]], ["model"])
    code = (
        f"env['product.template'].browse({template}).write({{'list_price': {price}}})\n"
        f"env.flush_all()\nenv.cr.execute('SELECT pg_sleep({LATE_SECONDS})')"
    )
    action = far.make("ir.actions.server", name="late", model_id=model["id"], state="code", code=code)
    await asyncio.to_thread(far.ask, "ir.actions.server", "run", ids=[action])


@pytest.mark.parametrize("lost", ["product.product/search_read", "product.category/search_read"])
async def test_answers_that_are_lost_are_asked_for_again_and_nothing_is_told_twice(
    hub: Hub, world: World, lost: str
) -> None:
    await hub.reprice("24.00")
    world.proxy.lose_answer(lost)
    with pytest.raises(TryAgain):
        await hub.refresher.once()
    await hub.refresher.once()
    await hub.reprice("25.00")
    world.proxy.cut_off("product.product/search")  # after the change was stored: a hub that starts anew goes on
    with pytest.raises(TryAgain):
        await hub.refresher.once()
    await hub.started().once()
    assert await hub.prices() == ["24.00", "25.00"]


async def test_a_change_during_a_slow_answer_is_told_once(hub: Hub, world: World) -> None:
    await hub.reprice("26.00")
    world.proxy.delay("product.product/search_read", SLOW_SECONDS)
    reading = asyncio.create_task(hub.refresher.once())
    await world.proxy.delaying.wait()
    await hub.reprice("27.00")
    await reading
    await hub.refresher.once()
    await hub.refresher.once()
    told = [Decimal(price) for price in await hub.prices()]
    assert (told[-1], len(told)) == (Decimal(27), len(set(told)))
    assert set(told) <= {Decimal(26), Decimal(27)}
