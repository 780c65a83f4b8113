"""Shipments: `shipments.v1`."""

from __future__ import annotations

import base64
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import msgspec

from tillway.errors import Forbidden, Invalid, NotFound, Violation
from tillway.gateway import Answer, Ask, Handler
from tillway.postgres import Database
from tillway.records import shipments
from tillway.records.shipments import NEVER, Place

# Shipments on a page when the request does not say.
PAGE: Final = 100

# What is being committed may become visible this much later (a transaction is cut after 1 s), with an earlier time:
# whoever asks for changes since the last time asks from so long before.
SETTLING: Final = timedelta(seconds=2)


def bind(db: Database) -> dict[str, Handler]:
    """The handlers of this document."""

    async def get_shipment(ask: Ask) -> Answer:
        found = await shipments.get(db, ask.path["id"])
        if not ask.grant.sees_shop(found.shop):
            raise NotFound("no shipment has this id")
        return Answer(200, found)

    async def list_shipments(ask: Ask) -> Answer:
        shop, limit = ask.query.get("shop"), ask.query.get("limit", PAGE)
        if shop is not None and not ask.grant.sees_shop(shop):
            raise Forbidden(
                "shipments of this shop are not yours to see", remedy="ask who declares your shops in the landscape"
            )
        order = ask.query.get("order")
        page = await shipments.changed(
            db,
            shops=ask.grant.shops,
            order=None if order is None else UUID(order),
            shop=shop,
            since=datetime.fromisoformat(ask.query["changed_since"]) if "changed_since" in ask.query else NEVER,
            after=_place(ask.query.get("after", "")),
            limit=limit,
        )
        following = _cursor(page.last) if page.full else None
        as_of = ask.now - SETTLING
        return Answer(200, {"shipments": page.shipments, "next": following, "as_of": as_of})

    return {"getShipment": get_shipment, "listShipments": list_shipments}


def _cursor(place: Place) -> str:
    return base64.urlsafe_b64encode(msgspec.json.encode(place)).decode()


def _place(cursor: str) -> Place | None:
    """The place that a page ended with; none for the first page."""
    if not cursor:
        return None
    try:
        return msgspec.json.decode(base64.b64decode(cursor.encode(), altchars=b"-_", validate=True), type=Place)
    except (ValueError, msgspec.DecodeError):
        detail = "not a cursor that this hub gave out"
        raise Invalid(violations=(Violation(pointer="/query/after", detail=detail, rule="cursor"),)) from None
