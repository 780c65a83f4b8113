"""The back offices of the landscape, as connectors: built anew and whole whenever the landscape is swapped."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final, TypeVar

from tillway.app.landscapes import Watched
from tillway.connectors.odoo import MODELS, Connection, Odoo, OwnFieldInOdoo, Places, ShopInOdoo, TillInOdoo
from tillway.errors import Misconfigured, NotFound, Unavailable
from tillway.gateway import Budget
from tillway.landscape import Connection as ConnectionEntry
from tillway.landscape import Landscape, SecretRef, Shop
from tillway.outbound import LEASE_SECONDS, Client, Gate, InPostgres, Pace, ceiling
from tillway.postgres import Database
from tillway.processes import OrderPlace, TillPlace
from tillway.records import SWEEP_SECONDS, Source, StockPlace
from tillway.retail import BackOfficeStore, Office, Till

D = TypeVar("D")

# Work for a shop or till that is not declared asks again after this time: nodes take a landscape over one by one.
UNDECLARED_SECONDS: Final = 1.0


class BackOfficesOfLandscape:
    """Answers for the landscape in force at the moment of each question."""

    def __init__(
        self,
        watched: Watched,
        client: Client,
        *,
        poll_seconds: float,
        database: Database,
        lease_seconds: float = LEASE_SECONDS,
        sweep_seconds: float = SWEEP_SECONDS,
    ) -> None:
        self._watched = watched
        self._client = client
        self._database = database
        self._poll_seconds = poll_seconds
        self._sweep_seconds = sweep_seconds
        self._odoos: dict[str, Odoo] = {}
        self._budgets: dict[tuple[str, float], Budget] = {}
        self._gates: dict[str, Gate] = {}
        self._lease_seconds = lease_seconds
        self._mark = ("", -1)

    def orders(self, shop: str, customer: str | None) -> OrderPlace:
        """Where an order of this shop goes; the customer is the order's where the landscape says it, or the walk-in."""
        landscape = self._fresh()
        declared = _declared(lambda: landscape.shop(shop))
        partner = self._partner(landscape, declared, customer)
        return OrderPlace(
            connection=declared.connection,
            book=self._odoos[declared.connection].order_book,
            stock=self._odoos[declared.connection].stock,
            store=BackOfficeStore(
                store=shop, company=str(declared.company), warehouse=str(declared.warehouse), customer=partner
            ),
        )

    def sales(self, till: str) -> TillPlace:
        """Where a sale of this till goes."""
        landscape = self._fresh()
        shop, _ = _declared(lambda: landscape.till(till))
        return TillPlace(
            connection=shop.connection,
            company=str(shop.company),
            sessions=self._odoos[shop.connection].till_sessions,
            till=Till(id=till, store=shop.id),
        )

    def at(self, shop: str) -> Office:
        """What the back office behind this shop can do, for the shop's company."""
        landscape = self._fresh()
        declared = _declared(lambda: landscape.shop(shop))
        journals = {str(kind): str(journal) for kind, journal in declared.payment_journals.items()}
        return self._office(declared.connection, str(declared.company), journals)

    def of(self, connection: str) -> Office:
        """What this back office can do, for the company of its first shop."""
        landscape = self._fresh()
        if connection not in landscape.connections:
            raise NotFound(f"the landscape declares no connection {connection}")
        return self._office(connection, _company(landscape, connection))

    def sources(self) -> tuple[Source, ...]:
        """What is read to keep the records fresh: one source a connection."""
        landscape = self._fresh()
        return tuple(self._source(landscape, name) for name in landscape.connections)

    def sides(self) -> Mapping[str, tuple[Odoo, str]]:
        """The connector of each connection, with the company that is asked."""
        landscape = self._fresh()
        return {name: (self._odoos[name], _company(landscape, name)) for name in landscape.connections}

    def _source(self, landscape: Landscape, name: str) -> Source:
        connection = landscape.connections[name]
        return Source(
            connection=name,
            company=_company(landscape, name),
            catalogue=self._odoos[name].catalogue,
            price_lists=self._odoos[name].price_lists,
            taxes=self._odoos[name].taxes,
            documents=self._odoos[name].documents,
            loyalty=self._odoos[name].loyalty,
            timezone=landscape.organisation.timezone,
            customers=self._odoos[name].customers,
            own_fields=landscape.own_fields.get("product", {}),
            stock=self._odoos[name].stock,
            places=_stock_places(landscape, name),
            lists={entry.id: str(entry.odoo) for entry in landscape.price_lists_of(name) if entry.odoo != "list"},
            poll_seconds=connection.poll_seconds or self._poll_seconds,
            sweep_seconds=self._sweep_seconds,
        )

    def _office(self, connection: str, company: str, journals: Mapping[str, str] | None = None) -> Office:
        odoo = self._odoos[connection]
        return Office(
            connection=connection,
            company=company,
            catalogue=odoo.catalogue,
            price_lists=odoo.price_lists,
            orders=odoo.order_book,
            tills=odoo.till_sessions,
            taxes=odoo.taxes,
            documents=odoo.documents,
            hooks=odoo.hooks,
            loyalty=odoo.loyalty,
            invoicing=odoo.invoicing,
            taking_back=odoo.taking_back,
            journals=journals or {},
            customers=odoo.customers,
            ledgers=odoo.ledgers,
            stock=odoo.stock,
        )

    def _partner(self, landscape: Landscape, shop: Shop, customer: str | None) -> str:
        if customer is not None and customer in landscape.customers:
            return str(landscape.customers[customer].partner)
        for entry in landscape.customers.values():
            if entry.connection == shop.connection:
                return str(entry.partner)
        raise Misconfigured(
            f"no customer is declared for connection {shop.connection}", remedy="declare a walk-in under `customers`"
        )

    def _fresh(self) -> Landscape:
        landscape = self._watched.active.current
        mark = (landscape.hash, self._watched.generation)  # an exchanged key leaves the hash as it was
        if mark != self._mark:
            self._odoos = {name: self._odoo(landscape, name) for name in landscape.connections}
            self._mark = mark
        return landscape

    def _odoo(self, landscape: Landscape, name: str) -> Odoo:
        entry = landscape.connections[name]
        return Odoo(
            Connection(
                url=entry.url,
                database=entry.database,
                key=self._reveal(entry.key),
                next_key="" if entry.next_key is None else self._reveal(entry.next_key),
                login=entry.login or "",
                workers=entry.workers,
                allow_writes=entry.allow_writes,
            ),
            self._client,
            places=places_of(landscape, name),
            gate=self._gate(name, entry),
        )

    def _gate(self, name: str, entry: ConnectionEntry) -> Gate:
        """The connection's gate, which outlives landscapes: what is under way goes on counting."""
        most = ceiling(entry.workers, entry.own_users)
        gate = self._gates.get(name)
        if gate is None:
            shared = InPostgres(self._database, name)
            gate = self._gates[name] = Gate(self._client, shared, most=most, lease_seconds=self._lease_seconds)
        gate.most, gate.pace = most, self._pace(name, entry.per_second)
        return gate

    async def close(self) -> None:
        """Give all permits back: others need not wait for their leases to end."""
        await asyncio.gather(*(gate.close() for gate in self._gates.values()))

    def _pace(self, connection: str, per_second: float | None) -> Pace | None:
        if per_second is None:
            return None
        key = connection, per_second
        budget = self._budgets.get(key)
        if budget is None:
            budget = self._budgets[key] = Budget(self._database, connection, per_second)
        return budget.spend

    def _reveal(self, ref: SecretRef) -> str:
        return self._watched.reveal(ref)


def _company(landscape: Landscape, connection: str) -> str:
    """The company that is asked when no shop is spoken of."""
    shops = landscape.shops_of(connection)
    return str(shops[0].company) if shops else "1"


def _stock_places(landscape: Landscape, connection: str) -> tuple[StockPlace, ...]:
    """The warehouses of a connection, each with its shops. Pure."""
    shops: dict[tuple[int, int], list[str]] = {}
    for shop in landscape.shops_of(connection):
        shops.setdefault((shop.warehouse, shop.company), []).append(shop.id)
    return tuple(
        StockPlace(warehouse=str(warehouse), company=str(company), shops=tuple(here))
        for (warehouse, company), here in shops.items()
    )


def _declared(look_up: Callable[[], D]) -> D:
    """What the landscape declares; while it does not (yet, or any more), the work waits for it."""
    try:
        return look_up()
    except NotFound as error:
        raise Unavailable(error.detail, remedy="declare it in the landscape", retry_after=UNDECLARED_SECONDS) from error


def places_of(landscape: Landscape, connection: str) -> Places:
    """Our ids to theirs, for all that is declared on one connection. Pure."""
    shops = landscape.shops_of(connection)
    return Places(
        price_lists=MappingProxyType(
            {entry.id: None if entry.odoo == "list" else entry.odoo for entry in landscape.price_lists_of(connection)}
        ),
        own_fields=tuple(
            OwnFieldInOdoo(
                field=entry.field,
                column=entry.odoo.field,
                model=entry.odoo.model or MODELS[entry.entity],
                entity=entry.entity,
                product=entry.odoo.product or "",
                optional=entry.optional,
            )
            for entry in landscape.extensions.values()
            if entry.connection in {None, connection}
        ),
        customers=MappingProxyType(
            {entry.id: entry.partner for entry in landscape.customers.values() if entry.connection == connection}
        ),
        tills=MappingProxyType(
            {
                till.id: TillInOdoo(
                    company=str(shop.company),
                    config=till.pos_config,
                    methods={str(kind): method for kind, method in shop.methods_of(till).items()},
                )
                for shop in shops
                for till in shop.tills.values()
            }
        ),
        shops=MappingProxyType(
            {
                shop.id: ShopInOdoo(
                    company=str(shop.company), warehouse=shop.warehouse, timezone=shop.timezone, tills=tuple(shop.tills)
                )
                for shop in shops
            }
        ),
    )
