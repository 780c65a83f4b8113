"""The operations: one file per OpenAPI document, binding each `operationId` to the rooms below."""

from __future__ import annotations

from tillway import contracts
from tillway.apis import (
    access,
    auditing,
    deciding,
    devices,
    erasure,
    events,
    exceptions,
    migrating,
    operations,
    orders,
    parked,
    pos,
    prices,
    products,
    quarantined,
    revealing,
    subscribing,
    tending,
)
from tillway.apis.following import Following
from tillway.gateway import Handler, Leaving
from tillway.journal import Tail
from tillway.postgres import Database
from tillway.records import Shelf

__all__ = ["bindings"]


def bindings(*, db: Database, tail: Tail, shelf: Shelf, leaving: Leaving) -> dict[str, Handler]:
    """Every operation's handler, by its id. `leaving` is the one the door is built with."""
    following = Following(db, tail, leaving)
    return {
        **products.bind(db, shelf),
        **prices.bind(shelf),
        **orders.bind(db, shelf),
        **pos.bind(db, contracts.load().document("pos")),
        **events.bind(following),
        **subscribing.bind(db),
        **operations.bind(db, tail, following, leaving),
        **parked.bind(db),
        **exceptions.bind(db),
        **tending.bind(db, tail),
        **quarantined.bind(db, contracts.load().document("pos")),
        **access.bind(db),
        **devices.bind(db),
        **auditing.bind(db),
        **erasure.bind(db),
        **revealing.bind(db),
        **deciding.bind(),
        **migrating.bind(db),
    }
