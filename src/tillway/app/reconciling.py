"""What is compared, as the landscape of the moment declares it: policies, places, and how ours is sent again."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Final

from tillway import clock, inbox
from tillway.app.backoffices import BackOfficesOfLandscape
from tillway.app.landscapes import Watched
from tillway.errors import Misconfigured, NotFound
from tillway.landscape import Landscape, Shop
from tillway.postgres import Database
from tillway.reconcile import Customers, Documents, Domain, Place, Policy, Prices, Run, Stock, Warehouse
from tillway.records import links, orders, reading_all, sales, stock
from tillway.retail import Call, Criticality

SEND_SECONDS: Final = 75
"""Longest wait for one document that is sent again: Odoo confirms under load in up to 22 s (measured)."""


class DomainsOfLandscape:
    """`reconcile.Domains` for the landscape in force."""

    def __init__(self, db: Database, offices: BackOfficesOfLandscape, watched: Watched) -> None:
        self._db = db
        self._offices = offices
        self._watched = watched

    def policies(self) -> Sequence[tuple[str, str, Policy]]:
        """Each declared domain on each connection that has shops."""
        landscape = self._landscape
        return [
            (domain, connection, self.policy(domain, connection))
            for domain in landscape.reconcile
            for connection in landscape.connections
            if domain in COMPARED and landscape.shops_of(connection)
        ]

    def policy(self, domain: str, connection: str) -> Policy:
        """What is declared of a domain."""
        entry = self._landscape.reconcile.get(domain)
        if entry is None or connection not in self._landscape.connections:
            remedy = "declare it under `reconcile` of the landscape"
            raise Misconfigured(f"{domain} of {connection} is not declared to be compared", remedy=remedy)
        return Policy(
            owner=entry.owner,
            tolerance=entry.tolerance,
            cut_off=timedelta(seconds=entry.cut_off_seconds),
            window=timedelta(seconds=entry.window_seconds),
            every=entry.every_seconds,
            fix=entry.fix,
            sample=entry.sample,
        )

    def domain(self, run: Run) -> Domain:
        """What a run compares."""
        policy, place = self.policy(run.domain, run.connection), self._place(run)
        if run.domain == "orders":
            return Documents(self._db, "orders", place, _Sending(self._db, self._offices))
        if run.domain == "sales":
            return Documents(self._db, "sales", place, _Sending(self._db, self._offices))
        if run.domain == "prices":
            return Prices(self._db, place, policy.sample, self._read_again)
        if run.domain == "stock":
            return Stock(self._db, place, self._read_again)
        if run.domain == "customers":
            if run.shop is not None:
                raise Misconfigured("customers are of no shop", remedy="compare them without naming one")
            return Customers(self._db, self._offices.of(run.connection), self._read_again)
        raise Misconfigured(f"{run.domain} cannot be compared", remedy=f"one of: {', '.join(COMPARED)}")

    @property
    def _landscape(self) -> Landscape:
        return self._watched.active.current

    def _place(self, run: Run) -> Place:
        landscape = self._landscape
        shops = tuple(shop for shop in landscape.shops_of(run.connection) if run.shop is None or shop.id == run.shop)
        if not shops:
            remedy = "name a shop of this connection"
            raise Misconfigured(f"no shop {run.shop or ''} books through {run.connection}", remedy=remedy)
        # One office a company: what another company holds is not seen on behalf of this one.
        offices = {shop.company: self._offices.at(shop.id) for shop in shops}
        lists = landscape.price_lists_of(run.connection)
        return Place(
            shops=tuple(shop.id for shop in shops),
            offices=tuple(offices.values()),
            shop_of_till={till: shop.id for shop in landscape.shops_of(run.connection) for till in shop.tills},
            lists=tuple(entry.id for entry in lists),
            list_prices=frozenset(entry.id for entry in lists if entry.odoo == "list"),
            warehouses=self._warehouses(shops),
        )

    def _warehouses(self, shops: Sequence[Shop]) -> tuple[Warehouse, ...]:
        """Each warehouse once; several shops may sell from one."""
        selling: dict[int, list[Shop]] = {}
        for shop in shops:
            selling.setdefault(shop.warehouse, []).append(shop)
        return tuple(
            Warehouse(
                number=str(number),
                place=stock.place_of(sellers[0].connection, str(number)),
                shop=sellers[0].id if len(sellers) == 1 else None,
                office=self._offices.at(sellers[0].id),
            )
            for number, sellers in selling.items()
        )

    async def _read_again(self, connection: str, domain: str) -> None:
        async with self._db.transaction() as tx:
            reading_all(tx, connection, domain)
            tx.stage(inbox.nudging(connection, domain))


COMPARED: Final = ("orders", "sales", "prices", "stock", "customers")
"""Domains that can be compared now."""


class _Sending:
    """Ours once more, under the same id: written, confirmed and read back, as the process did it."""

    def __init__(self, db: Database, offices: BackOfficesOfLandscape) -> None:
        self._db = db
        self._offices = offices

    async def order(self, run: Run, order_id: str) -> str | None:
        order = (await orders.get(self._db, order_id)).order
        place = self._offices.orders(order.shop, order.customer)
        terms = _call(run, order_id, place.store.company)
        held = await place.book.write(terms, order, place.store)
        if held.state == "draft":
            await place.book.confirm(terms, held.foreign_id)
            held = await place.book.read(terms, held.foreign_id)
        if held.state != "confirmed":
            return f"it is {held.state} in the back office"
        async with self._db.transaction() as tx:
            tx.stage(links.linking("order", order_id, place.connection, held.foreign_id, held.name))
        return None

    async def sale(self, run: Run, sale_id: str) -> str | None:
        sale = await sales.read(self._db, sale_id)
        place = self._offices.sales(sale.till)
        terms = _call(run, sale_id, place.company)
        try:
            session = await place.sessions.ensure_open(terms, place.till)
        except NotFound as error:
            return error.detail
        held = await place.sessions.book(terms, sale, session)
        async with self._db.transaction() as tx:
            tx.stage(links.linking("sale", sale_id, place.connection, held.foreign_id, held.name))
        return None


def _call(run: Run, reference: str, company: str) -> Call:
    return Call(
        criticality=Criticality.HIGH,
        deadline=clock.now() + timedelta(seconds=SEND_SECONDS),
        correlation=run.correlation,
        reference=reference,
        company=company,
    )
