# ruff: noqa: ARG002 - the protocols give more than a back office in memory needs
"""A back office in memory to compare with, and one domain of the landscape's choosing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import msgspec
from tests.pure.processes.test_verdicts import line, order
from tests.rooms.journal.world import sequenced

from tillway import clock, ids
from tillway.errors import Forbidden, Misconfigured, Unavailable
from tillway.journal import read
from tillway.postgres import Database
from tillway.reconcile import (
    Break,
    Choice,
    Documents,
    Domain,
    Place,
    Policy,
    Prices,
    Reconciler,
    Run,
    Stock,
    Warehouse,
    Wish,
    breaks,
    runs,
)
from tillway.records import Cause, orders
from tillway.retail import Call, ListedDocument, Office, Order, Page, StockLevel

NODE, OTHER = ids.named("node", "first"), ids.named("node", "second")


class BackOffice:
    """Orders by our id, as often as they are there; prices by list and variant."""

    def __init__(self) -> None:
        self.held: list[ListedDocument] = []
        self.arrived: set[str] = set()
        self.prices: dict[tuple[str, str], str] = {}
        self.hidden: set[str] = set()
        self.away_after: int | None = None
        self.asked = 0
        self.shelves: dict[str, dict[str, str]] = {}
        # What is there by the time somebody looks once more.
        self.later: dict[str, str] = {}

    def book(self, ours: Order, **given: Any) -> None:
        self.held.append(
            msgspec.structs.replace(
                ListedDocument(
                    ours=ours.id,
                    foreign_id=str(len(self.held) + 1),
                    name=f"S{len(self.held) + 1:05}",
                    state="confirmed",
                    gross=ours.gross,
                    currency=ours.currency,
                    made_at=ours.placed_at.replace(microsecond=0),
                ),
                **given,
            )
        )

    async def orders(self, call: Call, *, since: datetime, cursor: str | None, limit: int) -> Page[ListedDocument]:
        self.asked += 1
        if self.away_after is not None and self.asked > self.away_after:
            raise Unavailable("the back office is away")
        start = int(cursor or 0)
        items = tuple(self.held[start : start + limit])
        return Page(items=items, cursor=str(start + len(items)), more=start + limit < len(self.held))

    async def find(self, call: Call, order_id: str, placed_at: datetime) -> object | None:
        return order_id if order_id in self.arrived else None

    async def unit_prices(
        self, call: Call, *, price_list: str, variants: Sequence[str], at: datetime
    ) -> Mapping[str, Decimal]:
        if price_list in self.hidden:
            self.asked += 1
            raise Forbidden("a list of another company", remedy="let the hub's user see it")
        found = {variant: self.prices.get((price_list, variant)) for variant in variants}
        return {variant: Decimal(amount) for variant, amount in found.items() if amount is not None}

    async def sweep(self, call: Call, *, warehouse: str, cursor: str | None, limit: int) -> Page[StockLevel]:
        held = self.shelves[warehouse]
        return Page(items=tuple(_level(warehouse, sku, amount) for sku, amount in held.items()), more=False)

    async def levels(self, call: Call, *, warehouses: Iterable[str], skus: Iterable[str]) -> tuple[StockLevel, ...]:
        (warehouse,), (sku,) = warehouses, skus
        amount = self.later.get(sku, self.shelves[warehouse].get(sku, "0"))
        return (_level(warehouse, sku, amount),)


def _level(warehouse: str, sku: str, amount: str) -> StockLevel:
    return StockLevel(warehouse=warehouse, sku=sku, quantity=Decimal(amount))


class Sender:
    """Sends again as the process would; `refusal` is what the far side says."""

    def __init__(self, office: BackOffice) -> None:
        self.office = office
        self.sent: list[str] = []
        self.refusal: str | None = None

    async def order(self, run: Run, order_id: str) -> str | None:
        self.sent.append(order_id)
        return self.refusal

    async def sale(self, run: Run, sale_id: str) -> str | None:
        raise AssertionError("unreachable: orders only")


class World:
    """`Domains` of one connection with two shops."""

    def __init__(self, db: Database) -> None:
        self.db = db
        self.office = BackOffice()
        self.sender = Sender(self.office)
        self.read_again: list[tuple[str, str]] = []
        self.given: dict[str, Any] = {}
        self.lists: tuple[str, ...] = ("list",)

    def policies(self) -> Sequence[tuple[str, str, Policy]]:
        return [("orders", "odoo", self.policy("orders", "odoo"))]

    def policy(self, domain: str, connection: str) -> Policy:
        if connection != "odoo":
            raise Misconfigured("not declared", remedy="declare it")
        return msgspec.structs.replace(
            Policy(
                owner="sales-it",
                tolerance=Decimal(0),
                cut_off=timedelta(minutes=15),
                window=timedelta(days=7),
                every=None,
                fix="none",
                sample=50,
            ),
            **self.given,
        )

    def domain(self, run: Run) -> Domain:
        office: Any = self.office
        place = Place(
            shops=("shop-1", "shop-2") if run.shop is None else (run.shop,),
            offices=(
                Office(**dict.fromkeys(Office.__dataclass_fields__, office) | {"connection": "odoo", "company": "1"}),
            ),
            shop_of_till={"till-1": "shop-1"},
            lists=self.lists,
            list_prices=frozenset({"list"}),
        )
        if run.domain == "stock":
            (there,) = place.offices
            warehouses = tuple(
                Warehouse(number=number, place=f"odoo/{number}", shop=None, office=there)
                for number in self.office.shelves
            )
            return Stock(self.db, msgspec.structs.replace(place, warehouses=warehouses), self._reread)
        if run.domain == "prices":
            return Prices(self.db, place, 50, self._reread)
        return Documents(self.db, "orders", place, self.sender)

    async def _reread(self, connection: str, domain: str) -> None:
        self.read_again.append((connection, domain))

    @property
    def reconciler(self) -> Reconciler:
        return Reconciler(self.db, NODE, self)

    async def place(
        self, *, shop: str = "shop-1", ago: float = 3600, status: str = "accepted", cost: str = "2"
    ) -> Order:
        """An order that was taken in a while ago, as far as it got."""
        made = msgspec.structs.replace(
            order(line(1, "A", cost)),
            id=str(ids.new()),
            shop=shop,
            placed_at=clock.now() - timedelta(seconds=ago),
        )
        async with self.db.transaction() as tx:
            orders.accept(tx, made, Cause(correlation="test"))
        async with self.db.transaction() as tx:
            tx.stage(orders.settle(made.id, status))
        return made

    async def both(self, **given: Any) -> Order:
        """One that is on both sides."""
        made = await self.place(**given)
        self.office.book(made)
        return made

    async def queue(self, domain: str = "orders", **given: Any) -> str:
        wish = Wish(domain=domain, connection="odoo", asked_by="tester", reason="a test", correlation="test")
        async with self.db.transaction() as tx:
            return str(await runs.queue(tx, msgspec.structs.replace(wish, **given)))

    async def compare(self, domain: str = "orders", **given: Any) -> Run:
        """One whole comparison."""
        key = await self.queue(domain, **given)
        assert await self.reconciler.once()
        return await runs.get(self.db, key)

    async def breaks(self, **given: Any) -> tuple[Break, ...]:
        return await breaks.page(self.db, Choice(**given), breaks.SHOWN_MAX)

    async def told(self) -> list[tuple[str, str, str]]:
        """What the journal tells of breaks: event, key, and the type or how it ended."""
        await sequenced(self.db)
        page = await read(self.db, 0)
        return [
            (each.type, each.data["key"], each.data.get("ending") or each.data["type"])
            for each in page.events
            if each.type.startswith("break.")
        ]
