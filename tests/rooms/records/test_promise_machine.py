"""Whatever the interleaving: against the last reading, never more is promised than is held."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.postgres_cluster import RunningCluster, run
from tests.rooms.records.shelves import CAUSE, SKU, SPOT, known, left, make, promise, read

from tillway import clock, ids
from tillway.errors import Rejected
from tillway.postgres import Database
from tillway.records import claims, promises, stock

STEPS = ("promise", "short-lived", "release", "convert", "order", "commit", "begin", "apply", "sweep", "sell-there")


class Shop:
    """The far side (`there`: what is free, `booked`: orders it has), the hub before it, and what was promised."""

    def __init__(self, db: Database) -> None:
        self.db = db
        self.there = Decimal(5)
        self.open: list[str] = []
        self.orders: list[tuple[str, Decimal]] = []
        self.reading: tuple[object, Decimal] | None = None

    async def step(self, what: str, number: int) -> None:
        if what in ("promise", "short-lived"):
            await self.promise(Decimal(number % 3 + 1), short=what == "short-lived")
        elif what == "release" and self.open:
            async with self.db.transaction() as tx:
                await promises.release(tx, self.open.pop(number % len(self.open)), CAUSE, at=clock.now())
        elif what in ("convert", "order"):
            await self.order(self.open.pop(number % len(self.open)) if what == "convert" and self.open else None)
        elif what == "commit" and self.orders:
            # Odoo commits first; that we know it comes after, and a reading may begin between.
            order_id, quantity = self.orders.pop(0)
            self.there = max(Decimal(0), self.there - quantity)
            async with self.db.transaction() as tx:
                tx.stage(claims.committed(order_id))
                tx.stage(promises.committed(order_id))
        elif what == "begin":
            self.reading = (await stock.read_clock(self.db), self.there)
        elif what == "apply" and self.reading is not None:
            began, seen = self.reading
            self.reading = None
            await read(self.db, [(SKU, str(seen))], began=began)  # type: ignore[arg-type]
        elif what == "sweep":
            await promises.sweep(self.db, at=clock.now())
        elif what == "sell-there":
            self.there = max(Decimal(0), self.there - number % 2)

    async def promise(self, quantity: Decimal, *, short: bool) -> None:
        before = await left(self.db)
        wanted = promise(str(quantity), lasts=timedelta(microseconds=1) if short else timedelta(hours=1))
        if await make(self.db, wanted):
            assert quantity <= before
            if not short:
                self.open.append(wanted.id)

    async def order(self, taken: str | None) -> None:
        order_id, wanted = str(ids.new()), {SKU: Decimal(3)}
        try:
            async with self.db.transaction() as tx:
                named = () if taken is None else (taken,)
                took = await promises.convert(tx, named, (order_id, "web", SPOT.shop), wanted, CAUSE, at=clock.now())
                for part in claims.claiming("order", claims.claims_of(order_id, SPOT.shop, wanted.items(), took)):
                    tx.stage(part)
        except Rejected:
            return
        self.orders.append((order_id, Decimal(3)))

    async def holds(self) -> None:
        """The counter in the row is the sum over the promises that count; what is left is never below nothing."""
        counted = await self.db.fetchval(
            "SELECT coalesce(sum(quantity), 0) FROM records.promises "
            "WHERE state = 'open' OR (state = 'converted' AND seen_at IS NULL)"
        )
        assert await self.db.fetchval("SELECT promised FROM records.stock_levels") == counted
        found = await known(self.db)
        assert found.promised >= 0
        # Orders over there that no applied reading shows still count here: nobody else is promised their goods.
        waiting = sum((quantity for _, quantity in self.orders), Decimal(0))
        assert found.promised + found.unseen >= waiting


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(script=st.lists(st.tuples(st.sampled_from(STEPS), st.integers(0, 5)), max_size=25))
def test_never_more_is_promised_than_is_held(cluster: RunningCluster, script: list[tuple[str, int]]) -> None:
    dsn = cluster.database()

    async def story() -> None:
        async with Database(dsn, "machine") as db:
            await read(db, [(SKU, "5")])
            shop = Shop(db)
            for what, number in script:
                await shop.step(what, number)
                await shop.holds()

    try:
        run(story())
    finally:
        cluster.drop(dsn)
