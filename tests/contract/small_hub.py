"""A whole door over real rooms and a real Postgres, with a retailer shaped like the demo's and no Odoo behind it.

Its names are those of the documents' examples, so that every example works here as it does in the demo.
"""

from __future__ import annotations

import asyncio
import copy
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from decimal import Decimal

import msgspec
import yaml
from tests.pure.gateway.front_door import REALM, RING, SECRETS, Front, token

from tillway import apis, ids
from tillway.app.evidence import audited
from tillway.audit import HELD_MAX
from tillway.contracts import load
from tillway.errors import Unavailable
from tillway.gateway import Leaving, build
from tillway.identity import Overlay, SigningKeys, attest, attested
from tillway.journal import Sequencer, Tail
from tillway.landscape import Active
from tillway.landscape import build as build_landscape
from tillway.postgres import Database
from tillway.records import Cause, Refresher, Shelf, Source, StockPlace, loyalty
from tillway.records.refreshing.promotions import PromotionsReading
from tillway.retail import (
    BackOfficeCard,
    CataloguePage,
    Office,
    Offices,
    Page,
    PriceList,
    PriceRule,
    Product,
    Promotion,
    Reward,
    StockLevel,
    Tax,
)

SCOPES = tuple(sorted({operation.scope for _, operation in load().operations() if not operation.public}))

YAML = """
organisation: {name: Larkfield, currency: EUR, timezone: Europe/Brussels}
connections: {main: {url: "https://erp.example.com", database: larkfield, key: {env: KEY}}}
price_lists:
  list: {connection: main, odoo: list, name: List price}
  store-prices: {connection: main, odoo: 1, name: Store prices}
  unread: {connection: main, odoo: 9, name: Not read yet}
customers: {walk-in: {connection: main, partner: 4}}
shops:
  harbour: {name: Harbour, connection: main, company: 1, warehouse: 1, price_list: store-prices,
            tender_methods: {cash: 1}, tills: {harbour-till: {pos_config: 1}}}
  station: {name: Station, connection: main, company: 1, warehouse: 3, price_list: store-prices,
            tender_methods: {cash: 1}, tills: {station-till: {pos_config: 3}}}
outbound: {allow_networks: [127.0.0.0/8]}
"""
CONTENT = yaml.safe_load(YAML)
APIS = (
    "customers",
    "devices",
    "events",
    "loyalty",
    "operations",
    "orders",
    "payments",
    "pos",
    "prices",
    "products",
    "promotions",
    "returns",
    "stock",
    "subscriptions",
)
EVENTS = tuple(name for name, _ in load().events if "." in name)

STANDARD = Tax(id="1", name="20%", rate=Decimal(20), included=False)
PRODUCTS = tuple(
    Product(
        sku=sku,
        name=name,
        gtin=gtin,
        list_price=Decimal(price),
        currency="EUR",
        taxes=(STANDARD,),
        category="1/2/",
        template=str(number),
        variant=str(number),
        attributes={"Number": str(number)},
        active=active,
    )
    for number, (sku, name, gtin, price, active) in enumerate(
        (
            ("TEE-CREW-S", "Crew neck T-shirt (S)", "5901234000017", "19.95", True),
            ("MUG-STON", "Stoneware mug", None, "9.90", True),
            ("A/B ü", "A name to trip over", None, "1.00", True),
            ("OLD-1", "Not sold any more", None, "5.00", False),
        ),
        start=1,
    )
)
STORE_PRICES = PriceList(
    id="1",
    name="Store prices",
    currency="EUR",
    rules=(
        PriceRule(id="1", scope="template", target="2", min_quantity=Decimal(4), kind="fixed", fixed=Decimal("8.50")),
    ),
)


def landscape(*, versions: dict | None = None, **consumers: dict):
    """The landscape; further consumers are given by what they differ in, and the versions of interfaces by name."""
    return build_landscape(texts(versions=versions, **consumers))


def texts(*, more: dict | None = None, versions: dict | None = None, **consumers: dict) -> dict[str, str]:
    """The texts of the landscape; `more` are further sections."""
    content = copy.deepcopy(CONTENT)
    about = {"layer": "system", "owner": "integration", "criticality": "high", "data_class": "personal"}
    content["apis"] = {name: about | {"versions": (versions or {}).get(name, {"v1": {}})} for name in APIS}
    content["events"] = {name: {"owner": "integration", "data_class": "personal"} for name in EVENTS}
    common = {"owner": "it", "contact": "it@example.com", "purpose": "tests", "kind": "machine", "review": "2027-06-30"}
    everything = {
        "shop": "harbour",
        "price_list": "store-prices",
        "customer": "walk-in",
        "shops": "*",
        "event_types": "*",
        "data_classes": ["personal", "payment"],
    }
    known = {
        "integrator": everything,
        "harbour-tills": {
            "kind": "device",
            "shop": "harbour",
            "scopes": ["pos:read", "pos:write", "prices:read", "subscriptions:write"],
            "event_types": ["price.changed"],
        },
        "station-till": {"shop": "station", "event_types": ["price.changed", "sale.recorded"]},
    }
    content["consumers"] = {
        name: {**common, "secret": {"env": "SECRET"}, "scopes": list(SCOPES), **more}
        for name, more in {**known, **consumers}.items()
    }
    # As JSON: PyYAML would write what stands twice as an alias, which a landscape refuses.
    return {"landscape.yaml": msgspec.json.encode(content | (more or {})).decode()}


def signed(given=texts) -> apis.Releases:
    """What releases are made with here: these texts, and the keys of these tests."""
    return apis.Releases(given, lambda payload: attest(payload, RING.signing), lambda token: attested(token, RING.keys))


def card(number: int, kind: str, code: str, points: str, **more) -> BackOfficeCard:
    """A card of the ERP's; programmes are 1 the club, 2 gift cards, 3 coupons."""
    programme = {"loyalty": "1", "gift-card": "2", "coupon": "3"}[kind]
    return BackOfficeCard(
        foreign_id=str(number), programme=programme, kind=kind, code=code, points=Decimal(points), **more
    )


CARDS = (
    card(1, "loyalty", "CLUB-1001", "1000000", customer="4"),
    card(2, "gift-card", "GIFT-1001", "1000000"),
    card(3, "coupon", "COUPON-1001", "1"),
)
PROMOTIONS = tuple(
    Promotion(
        id=str(number),
        name=name,
        kind=kind,
        channels=("pos", "web"),
        currency="EUR",
        rewards=(Reward(id=str(number), points=Decimal(1), kind="discount", percent=Decimal(10)),),
    )
    for number, (name, kind) in enumerate((("Club", "loyalty"), ("Gift cards", "gift-card"), ("10 %", "coupons")), 1)
)


class Programmes:
    """Stands in for the ERP's programmes."""

    async def programmes(self, _call):
        return PROMOTIONS


# On the shelves of each shop, of each product.
HELD, RESERVED = 1_000, 2


class Assortment:
    """Stands in for the ERP's catalogue and price lists."""

    async def products(self, _call, *, cursor, limit):  # noqa: ARG002 - the protocol's
        return CataloguePage(items=() if cursor else PRODUCTS, cursor="end", more=False)

    async def coded(self, _call, foreign_ids):
        return frozenset(foreign_ids)

    async def related_versions(self, _call):
        return "1"

    async def price_list(self, _call, _list_id):
        return STORE_PRICES

    async def versions(self, _call):
        return "1"

    async def taxes(self, _call):
        return PRODUCTS[0].taxes


class Shelves:
    """Stands in for the ERP's stock: a thousand of each product in every warehouse."""

    async def changed(self, _call, *, warehouses, cursor, limit):  # noqa: ARG002 - the protocol's
        return Page(items=(), cursor="now", more=False)

    async def levels(self, _call, *, warehouses, skus):
        return tuple(
            StockLevel(warehouse=warehouse, sku=sku, quantity=Decimal(0)) for warehouse in warehouses for sku in skus
        )

    async def sweep(self, _call, *, warehouse, cursor, limit):  # noqa: ARG002 - the protocol's
        held = tuple(
            StockLevel(warehouse=warehouse, sku=product.sku, quantity=Decimal(HELD), reserved=Decimal(RESERVED))
            for product in PRODUCTS
        )
        return Page(items=held, cursor=None, more=False)


# The same in every test, so that none waits for the lease of the one before.
NODE = ids.named("node", "contract tests")


@dataclass
class Hub(Front):
    """A front with the rooms behind it."""

    db: Database = None  # type: ignore[assignment]
    tail: Tail = None  # type: ignore[assignment]

    async def get(self, path, *, by="integrator", **more):
        return await self.ask("GET", path, token=token(by, scopes=SCOPES), **more)

    async def post(self, path, json, *, by="integrator", **more):
        return await self.ask("POST", path, json=json, token=token(by, scopes=SCOPES), **more)

    async def settled(self, count):
        """Wait until the journal holds so many events."""
        async with asyncio.timeout(20):
            while self.tail.head < count:
                await asyncio.sleep(0.005)


class Away:
    """The back offices of a hub whose Odoo cannot be reached."""

    def at(self, shop: str) -> Office:
        raise Unavailable(f"the back office of {shop} is away")

    def of(self, connection: str) -> Office:
        raise Unavailable(f"{connection} is away")


async def fill(dsn: str) -> None:
    """Load the assortment as a first refresh does; it tells nothing."""
    source = Source(
        connection="main",
        company="1",
        catalogue=Assortment(),
        price_lists=Assortment(),
        taxes=Assortment(),
        lists={"store-prices": "1"},
        poll_seconds=60,
        stock=Shelves(),
        places=tuple(
            StockPlace(warehouse=warehouse, company="1", shops=(shop,))
            for warehouse, shop in (("1", "harbour"), ("3", "station"))
        ),
    )
    async with Database(dsn, "refresh") as db:
        await Refresher(db, source).once()
        await PromotionsReading(db, source, Programmes()).once()
        await learn(db, CARDS)


async def learn(db: Database, cards: tuple[BackOfficeCard, ...]) -> None:
    """Cards that were shown here before; the ERP that they are from is away since."""
    asked_at = await loyalty.now(db)
    for card in cards:
        async with db.transaction() as tx:
            await loyalty.see(tx, "main", "1", card, asked_at=asked_at, cause=Cause(correlation="fill"))


@asynccontextmanager
async def opened(
    dsn: str,
    *,
    check_answers: bool = True,
    releases: apis.Releases | None = None,
    held_max: int = HELD_MAX,
    offices: Offices | None = None,
) -> AsyncIterator[Hub]:
    """The hub's door with tail and sequencer running; it holds `held_max` entries of the audit at most."""
    releases = releases or signed()
    async with Database(dsn, "door") as db, audited(db, held_max=held_max) as auditor:
        tail, leaving, active = Tail(db), Leaving(), Active(build_landscape(releases.texts()))
        await tail.start()
        overlay = Overlay(db, tail)
        await overlay.load()
        door = build(
            documents=load(),
            bindings=apis.bindings(
                db=db, tail=tail, shelf=Shelf(db, tail), leaving=leaving, releases=releases, offices=offices or Away()
            ),
            keys=SigningKeys(db, RING, REALM),
            active=active,
            database=db,
            secrets=lambda: SECRETS,
            restricted=overlay,
            ready=lambda: asyncio.sleep(0, ()),
            leaving=leaving,
            auditor=auditor,
            check_answers=check_answers,
        )
        running = [asyncio.create_task(work) for work in (Sequencer(db, NODE).run(), tail.run(), overlay.run())]
        try:
            yield Hub(door, active, db=db, tail=tail)
        finally:
            await end(running)


async def end(running: list[asyncio.Task]) -> None:
    """Stop these works; a cancellation that one of them lost is repeated."""
    left = set(running)
    while left:
        for task in left:
            task.cancel()
        _, left = await asyncio.wait(left, timeout=0.05)
    for task in running:
        assert task.cancelled() or task.exception() is None, f"a part of the hub died: {task.exception()!r}"
