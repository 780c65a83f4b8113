"""Counts and transfers of stock: `stock.v1`, told by who counts and who sends."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

import msgspec

from tillway import ids
from tillway.apis.causing import cause
from tillway.apis.stock import known, known_products, seen_shop, wrong
from tillway.apis.stocked import Places
from tillway.errors import NotFound
from tillway.gateway import Answer, Ask, Handler
from tillway.postgres import Database
from tillway.records import Shelf, notices
from tillway.retail import StockAdjustment, StockTransfer, TransferLine


def bind(db: Database, shelf: Shelf) -> dict[str, Handler]:
    """The handlers."""
    told = _Told(db, shelf)
    return {
        "adjustStock": told.adjust,
        "getAdjustment": told.adjustment,
        "noticeTransfer": told.transfer,
        "getTransfer": told.transferred,
    }


class _Told:
    """Each kept in one transaction with its event; a process brings it to the back office."""

    def __init__(self, db: Database, shelf: Shelf) -> None:
        self._db = db
        self._shelf = shelf
        self._places = Places()

    async def adjust(self, ask: Ask) -> Answer:
        shop = seen_shop(ask.body.get("location"), ask.grant, ask.landscape, pointer="/location")
        await known_products(self._shelf, (ask.body["sku"],))
        adjustment = StockAdjustment(
            id=str(ids.new()),
            sku=ask.body["sku"],
            location=shop,
            counted=Decimal(ask.body["counted"]),
            expected=await self._expected(ask, shop),
            reason=ask.body.get("reason") or "",
            reference=ask.body.get("reference"),
            state="recorded",
            counted_at=_moment(ask),
        )
        answer = Answer(201, adjustment, (("Location", f"/stock/v1/adjustments/{adjustment.id}"),))
        async with ask.transaction(self._db) as tx:
            notices.adjust(tx, adjustment, consumer=ask.grant.consumer, cause=cause(ask))
            ask.settle(tx, answer)
        return answer

    async def adjustment(self, ask: Ask) -> Answer:
        kept = await notices.get_adjustment(self._db, ask.path["id"])
        if not ask.grant.sees_shop(kept.adjustment.location):
            raise NotFound("no adjustment has this id")
        return Answer(200, kept.adjustment)

    async def transfer(self, ask: Ask) -> Answer:
        origin = seen_shop(ask.body.get("origin"), ask.grant, ask.landscape, pointer="/origin")
        destination = ask.body["destination"]
        if destination not in ask.landscape.shops:
            raise wrong("/destination", "there is no such shop", "shop")
        places = [self._places.spot(ask.landscape, shop, ask.grant.consumer).place for shop in (origin, destination)]
        if places[0] == places[1]:
            raise wrong("/destination", "both shops sell from one warehouse: nothing moves", "transfer-moves")
        await known_products(self._shelf, [line["sku"] for line in ask.body["lines"]])
        notice = StockTransfer(
            id=str(ids.new()),
            origin=origin,
            destination=destination,
            lines=_lines(ask),
            reference=ask.body.get("reference"),
            state="recorded",
            noticed_at=ask.now,
        )
        answer = Answer(201, notice, (("Location", f"/stock/v1/transfers/{notice.id}"),))
        async with ask.transaction(self._db) as tx:
            notices.transfer(tx, notice, consumer=ask.grant.consumer, cause=cause(ask))
            ask.settle(tx, answer)
        return answer

    async def transferred(self, ask: Ask) -> Answer:
        kept = await notices.get_transfer(self._db, ask.path["id"])
        if not ask.grant.sees_shop(kept.transfer.origin) and not ask.grant.sees_shop(kept.transfer.destination):
            raise NotFound("no transfer has this id")
        return Answer(200, kept.transfer)

    async def _expected(self, ask: Ask, shop: str) -> Decimal:
        """What the back office held when it was counted: as told, else as the last snapshot says."""
        if ask.body.get("expected") is not None:
            return Decimal(ask.body["expected"])
        spot = self._places.spot(ask.landscape, shop, ask.grant.consumer)
        return (await known(self._db, ask, spot, ask.body["sku"])).quantity


def _lines(ask: Ask) -> tuple[TransferLine, ...]:
    lines = tuple(TransferLine(sku=line["sku"], quantity=Decimal(line["quantity"])) for line in ask.body["lines"])
    for index, line in enumerate(lines):
        if not line.quantity:
            raise wrong(f"/lines/{index}/quantity", "must be more than zero", "quantity-positive")
    return lines


def _moment(ask: Ask) -> datetime:
    text = ask.body.get("counted_at")
    return ask.now if text is None else msgspec.convert(text, datetime)
