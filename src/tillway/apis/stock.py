"""Stock that can be promised: `stock.v1`."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal
from typing import Any, Final

from tillway import ids
from tillway.apis.causing import cause
from tillway.apis.stocked import Places
from tillway.errors import Conflict, Forbidden, Invalid, NotFound, Unavailable, Violation
from tillway.gateway import Answer, Ask, Handler
from tillway.identity import Grant
from tillway.landscape import Landscape
from tillway.postgres import Database
from tillway.records import Levels, Shelf, promises, stock
from tillway.records.stock import Known, Spot
from tillway.retail import Availability, StockPromise

# How long a promise is kept when its asker does not say: somebody pays within that, or has left.
PROMISE_SECONDS: Final = 15 * 60

# Seconds after which to ask again for a place that was not read yet.
_UNREAD_SECONDS: Final = 5.0


def bind(db: Database, shelf: Shelf) -> dict[str, Handler]:
    """The handlers of this document, but for counts and transfers."""
    asked = _Asked(db, shelf)
    promised = _Promised(db, shelf)
    return {
        "getAvailability": asked.one,
        "listAvailability": asked.many,
        "promiseStock": promised.make,
        "getPromise": promised.get,
        "releasePromise": promised.release,
    }


class _Asked:
    """What is available."""

    def __init__(self, db: Database, shelf: Shelf) -> None:
        self._db = db
        self._levels = Levels(db)
        self._shelf = shelf
        self._places = Places()

    async def one(self, ask: Ask) -> Answer:
        sku, shop = ask.query["sku"], seen_shop(ask.query.get("location"), ask.grant, ask.landscape)
        await known_products(self._shelf, (sku,))
        spot = self._places.spot(ask.landscape, shop, ask.grant.consumer)
        found = await self._levels.known(spot, sku, at=ask.now)
        return Answer(200, stock.availability(spot, sku, _read(spot, found), at=ask.now))

    async def many(self, ask: Ask) -> Answer:
        skus = list(dict.fromkeys(ask.body["skus"]))
        await known_products(self._shelf, skus)
        shops = seen_shops(ask.body, ask.grant, ask.landscape)
        spots = [self._places.spot(ask.landscape, shop, ask.grant.consumer) for shop in shops]
        found = await stock.held(self._db, spots, skus, at=ask.now)
        listed = [
            (spot.place, stock.availability(spot, sku, found[spot.place, sku], at=ask.now))
            for spot in spots
            for sku in skus
            if (spot.place, sku) in found
        ]
        read = {place for place, _ in found}
        return Answer(
            200,
            {
                "availability": [entry for _, entry in listed],
                "totals": [{"sku": sku, "available": total} for sku, total in totals(skus, listed).items()],
                "unread": [spot.shop for spot in spots if spot.place not in read],
            },
        )


class _Promised:
    """Promises: made, looked at, given back."""

    def __init__(self, db: Database, shelf: Shelf) -> None:
        self._db = db
        self._shelf = shelf
        self._places = Places()

    async def make(self, ask: Ask) -> Answer:
        promise = wanted(ask)
        await known_products(self._shelf, (promise.sku,))
        spot = self._places.spot(ask.landscape, promise.location, ask.grant.consumer)
        answer = Answer(201, promise, (("Location", f"/stock/v1/promises/{promise.id}"),))
        if await self._made(ask, promise, spot, answer):
            return answer
        left = await self._left(ask, promise, spot)
        if left >= promise.quantity:
            # What nobody came for still stood in the way; without it there may be enough.
            await promises.sweep_here(self._db, spot.place, promise.sku, at=ask.now)
            if await self._made(ask, promise, spot, answer):
                return answer
            left = await self._left(ask, promise, spot)
        raise Conflict(
            f"{stock.plain(left)} can be promised, and {stock.plain(promise.quantity)} was asked for",
            remedy="ask for less, at another shop, or later",
        )

    async def get(self, ask: Ask) -> Answer:
        return Answer(200, (await self._seen(ask)).promise)

    async def release(self, ask: Ask) -> Answer:
        kept = await self._seen(ask)
        if kept.consumer != ask.grant.consumer:
            raise Forbidden("this promise was made to somebody else", remedy="let them release it, or let it expire")
        if kept.promise.state == "converted":
            raise Conflict("an order took this promise", remedy="cancel the order instead")
        async with ask.transaction(self._db) as tx:
            done = await promises.release(tx, kept.promise.id, cause(ask), at=ask.now)
        if not done and (await promises.get(self._db, kept.promise.id, at=ask.now)).promise.state == "converted":
            raise Conflict("an order took this promise meanwhile", remedy="cancel the order instead")
        return Answer(204)

    async def _made(self, ask: Ask, promise: StockPromise, spot: Spot, answer: Answer) -> bool:
        try:
            async with ask.transaction(self._db) as tx:
                promises.make(tx, promise, spot, consumer=ask.grant.consumer, cause=cause(ask))
                ask.settle(tx, answer)
        except Exception as error:
            if promises.short(error):
                return False
            raise
        return True

    async def _left(self, ask: Ask, promise: StockPromise, spot: Spot) -> Decimal:
        held = await known(self._db, ask, spot, promise.sku)
        return stock.availability(spot, promise.sku, held, at=ask.now).available

    async def _seen(self, ask: Ask) -> promises.Kept:
        kept = await promises.get(self._db, ask.path["id"], at=ask.now)
        own = kept.consumer == ask.grant.consumer and ask.device is None
        if not own and not ask.grant.sees_shop(kept.promise.location):
            raise NotFound("no promise has this id")
        return kept


def wanted(ask: Ask) -> StockPromise:
    """The promise asked for. Pure but for its id."""
    shop = seen_shop(ask.body.get("location"), ask.grant, ask.landscape, pointer="/location")
    quantity = Decimal(ask.body["quantity"])
    if not quantity:
        raise wrong("/quantity", "must be more than zero", "quantity-positive")
    seconds = ask.body.get("seconds") or PROMISE_SECONDS
    return StockPromise(
        id=str(ids.new()),
        sku=ask.body["sku"],
        location=shop,
        quantity=quantity,
        reference=ask.body.get("reference"),
        state="open",
        promised_at=ask.now,
        expires_at=ask.now + timedelta(seconds=seconds),
    )


def seen_shop(named: str | None, grant: Grant, landscape: Landscape, *, pointer: str = "/query/location") -> str:
    """The shop spoken of, or the asker's own. NotFound for one that is not there or not the asker's to see. Pure."""
    shop = named or grant.shop
    if shop is None:
        raise wrong(pointer, "is required: your entry in the landscape names no shop", "required")
    if shop not in landscape.shops or not grant.sees_shop(shop):
        raise NotFound("there is no such shop, or it is none of yours")
    return shop


def seen_shops(body: Mapping[str, Any], grant: Grant, landscape: Landscape) -> list[str]:
    """The shops asked about, as far as the asker may see them; by region only those in it. Pure."""
    named = body.get("locations")
    if named:
        shops = [seen_shop(each, grant, landscape) for each in dict.fromkeys(named)]
    else:
        shops = [shop for shop in landscape.shops if grant.sees_shop(shop)]
    region = body.get("region")
    return shops if region is None else [shop for shop in shops if landscape.shops[shop].region == region]


def totals(skus: list[str], listed: list[tuple[str, Availability]]) -> dict[str, Decimal]:
    """What can be promised of each SKU over entries that stand beside their places; a place counts once. Pure."""
    best: dict[tuple[str, str], Decimal] = {}
    for place, entry in listed:
        key = entry.sku, place
        best[key] = max(best.get(key, Decimal(0)), entry.available)
    found = dict.fromkeys(skus, Decimal(0))
    for (sku, _), available in best.items():
        found[sku] += available
    return found


async def known(db: Database, ask: Ask, spot: Spot, sku: str) -> Known:
    """What counts at a place. Unavailable until it was read once."""
    return _read(spot, (await stock.held(db, (spot,), (sku,), at=ask.now)).get((spot.place, sku)))


def _read(spot: Spot, found: Known | None) -> Known:
    if found is None:
        raise Unavailable(f"the stock of {spot.shop} was not read yet", retry_after=_UNREAD_SECONDS)
    return found


async def known_products(shelf: Shelf, skus: tuple[str, ...] | list[str]) -> None:
    """NotFound for a SKU that no product has."""
    found = await shelf.products(skus)
    if any(sku not in found for sku in skus):
        raise NotFound("no product with this SKU is known")


def wrong(pointer: str, detail: str, rule: str) -> Invalid:
    """One thing that is wrong with a request."""
    return Invalid(violations=(Violation(pointer=pointer, detail=detail, rule=rule),))
