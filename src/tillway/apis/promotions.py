"""Promotions: `promotions.v1`."""

from __future__ import annotations

from datetime import datetime

import msgspec

from tillway import clock
from tillway.apis.carded import connection_of, connections_of
from tillway.errors import NotFound
from tillway.gateway import Answer, Ask, Handler
from tillway.postgres import Database
from tillway.records import promotions
from tillway.retail import offered


def bind(db: Database) -> dict[str, Handler]:
    """The handlers of this document."""

    async def list_promotions(ask: Ask) -> Answer:
        shop = ask.query.get("shop")
        names = sorted(connections_of(ask)) if shop is None else [connection_of(ask, shop)]
        known = [each.promotion for name in names for each in await promotions.of(db, name)]
        at = msgspec.convert(ask.query["at"], datetime) if "at" in ask.query else ask.now
        found = offered(known, channel=ask.query.get("channel"), at=at, zone=ask.landscape.organisation.timezone)
        return Answer(200, {"promotions": found, "at": clock.iso(at)})

    async def get_promotion(ask: Ask) -> Answer:
        found, connection = await promotions.get(db, ask.path["id"])
        if connection not in connections_of(ask):
            raise NotFound("no promotion has this id")
        return Answer(200, found)

    return {"listPromotions": list_promotions, "getPromotion": get_promotion}
